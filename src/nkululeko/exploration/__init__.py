"""Statistics of the data before anything is learned: what goes with the target, and how sure that is."""
