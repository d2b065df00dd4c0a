"""Training one fold: batches, callbacks, runtime."""
