"""Folds of even salt coverage, the hold-out, and what leaks between them."""
