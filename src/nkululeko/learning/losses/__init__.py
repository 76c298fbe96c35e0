"""Losses of neural nets: one file each, found by its name (``MODEL.loss``)."""
