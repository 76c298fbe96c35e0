"""Augmenters: one file each, its name is what ``AUGMENT.augment`` says."""
