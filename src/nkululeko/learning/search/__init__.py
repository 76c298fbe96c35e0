"""The search for hyperparameters, inside the training set only."""
