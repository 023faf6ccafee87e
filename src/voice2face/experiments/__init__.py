"""The report's tests and figures: each a question as data, and how it is answered."""
