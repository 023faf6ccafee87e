"""A model folder: its parts, how it is written, read, checked, published, and put to work."""
