"""Generators of others, trained by their own class."""
