"""Training a pretrained network on: the module, its sound, its training, its files."""
