"""What DVC has recorded: which inputs a run had, and what it left."""
