"""The steps of an experiment: values in, values out; the doors put them in a row."""
