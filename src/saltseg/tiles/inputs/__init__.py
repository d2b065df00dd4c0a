"""From the survey to the input of a network: channels, resizing, the arrays."""
