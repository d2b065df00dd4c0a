"""A tile's life before the network: survey layouts, channels, array cache, folds."""
