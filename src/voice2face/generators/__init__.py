"""What draws faces from voice embeddings: one file a kind, each with its settings and its class."""
