"""Synthetic speech and corpora made of it, to test and to learn with."""
