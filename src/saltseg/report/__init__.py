"""What is reported at the end: tables on the terminal, and a page."""
