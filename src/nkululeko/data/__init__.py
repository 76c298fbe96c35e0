"""Data: databases, split strategies, target tweaks, and checks of what the data are."""
