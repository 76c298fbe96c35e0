"""The experiment file: read (ini), declared (schema), checked and resolved (load), described (reference)."""
