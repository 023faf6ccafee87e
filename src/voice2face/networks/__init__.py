"""Torch modules of all that is trained, and the models of the report as data."""
