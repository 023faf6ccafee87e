"""A corpus of voices and faces as training and evaluation read it; ``prepare`` writes it."""

from voice2face.corpus.arrays import Faces, Voices
from voice2face.corpus.read import Corpus
from voice2face.corpus.schema import SCHEMA_VERSION, CorpusInfo

__all__ = ["SCHEMA_VERSION", "Corpus", "CorpusInfo", "Faces", "Voices"]
