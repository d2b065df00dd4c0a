"""One network against another: differences, their intervals, a verdict."""
