"""The report's tests and figures, one question a file."""
