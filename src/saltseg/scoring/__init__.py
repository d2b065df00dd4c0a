"""Scores from NumPy arrays: no network code here."""
