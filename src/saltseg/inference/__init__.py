"""Trained networks at work: from pictures and sections to probabilities and masks."""
