"""Parquet shards of voices and faces: written by ``prepare``, read by training and evaluation."""
