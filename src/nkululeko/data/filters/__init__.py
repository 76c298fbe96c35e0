"""Filters: one file each, found by the name of its option (``limit_samples = 100``)."""
