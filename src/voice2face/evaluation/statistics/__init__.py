"""Intervals over people, and regressions whose strength is chosen by leaving people out."""
