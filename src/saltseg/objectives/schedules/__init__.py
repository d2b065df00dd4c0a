"""Schedules of the learning rate, one file each: `train.schedule` names a file with `make`."""
