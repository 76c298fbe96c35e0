"""Database types: one file each, found by its name (``NAME.type``)."""
