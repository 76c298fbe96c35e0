"""Filters of samples: one file each, found by its name."""
