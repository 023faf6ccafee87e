"""Measures (arrays to numbers), embedders and experiments."""
