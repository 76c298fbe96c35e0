"""Segmenters: one file each, its name is what ``SEGMENT.method`` says."""
