"""Voices and real faces in one space, without a face being made."""
