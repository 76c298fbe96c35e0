"""Balancing methods: one file each, found by its name (``FEATS.balancing``)."""
