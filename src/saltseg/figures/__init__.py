"""Every picture of the project; nothing else draws."""
