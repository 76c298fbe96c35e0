"""What can be predicted of speech that nobody labelled: one file a target."""
