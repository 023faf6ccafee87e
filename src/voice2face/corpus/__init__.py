"""Parquet shards of voices and faces: written by ``prepare``, read by training and evaluation."""

from voice2face.corpus.arrays import Faces, Voices
from voice2face.corpus.prepare import PrepareReport, prepare
from voice2face.corpus.read import Corpus
from voice2face.corpus.schema import SCHEMA_VERSION, CorpusInfo

__all__ = [
    "SCHEMA_VERSION",
    "Corpus",
    "CorpusInfo",
    "Faces",
    "PrepareReport",
    "Voices",
    "prepare",
]
