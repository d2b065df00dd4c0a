"""What is told at the end: tables on the terminal, and a page."""
