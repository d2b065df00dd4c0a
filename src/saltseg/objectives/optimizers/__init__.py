"""Optimizers, one file each: `train.optimizer` is the name of a file with a function `make`."""
