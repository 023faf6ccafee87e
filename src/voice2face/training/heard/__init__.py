"""Training of the read-offs of gender, age and "a voice or not" from embeddings of voices."""
