"""Measures: arrays to numbers, each with its protocol."""
