"""Batches from a corpus: in memory, or streamed from its shards."""
