"""Heads that bring voices and real faces into one space."""
