"""Pictures of an exploration: one file a kind of picture, exploration in, figures out."""
