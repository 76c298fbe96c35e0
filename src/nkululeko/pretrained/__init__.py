"""Pretrained networks: checkpoints opened safely, loaded, and fed with sound in batches."""
