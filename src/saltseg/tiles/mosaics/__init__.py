"""Which tiles lay side by side in the sections they were cut from."""
