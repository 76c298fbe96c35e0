"""Report: what a result says, as a page, in the terminal, and for machines."""
