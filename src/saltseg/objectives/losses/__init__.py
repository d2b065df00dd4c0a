"""Losses, one file each: `train.loss` is the name of a file, whose `make` returns the loss."""
