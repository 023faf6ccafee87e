"""What a corpus holds: numbers, and a page that shows and plays a sample of it."""

from voice2face.corpus.inspect.index import Index
from voice2face.corpus.inspect.numbers import Inspection, inspect_corpus
from voice2face.corpus.inspect.page import Sampling, write_page

__all__ = ["Index", "Inspection", "Sampling", "inspect_corpus", "write_page"]
