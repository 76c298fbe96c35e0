"""Split strategies: one file each, found by its name (``NAME.split_strategy``)."""
