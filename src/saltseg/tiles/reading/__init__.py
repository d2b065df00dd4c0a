"""Reading the Kaggle download: zips, pictures, tables, run lengths."""
