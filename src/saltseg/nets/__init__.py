"""Networks: the backbone table, the U-Net, its loss and its metrics."""
