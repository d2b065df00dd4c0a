"""Folds trained side by side: on this machine, or on many."""
