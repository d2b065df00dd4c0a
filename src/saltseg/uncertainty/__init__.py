"""How unsure an ensemble is of each pixel, and whether that tells where it is wrong."""
