"""What holds where nothing else is asked for; the command line shows it without importing more."""

ROPE = 0.01
"""Differences up to so much do not matter (region of practical equivalence)."""
