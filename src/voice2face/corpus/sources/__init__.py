"""What a corpus is made from: tables and folders, one file for each layout."""

from voice2face.corpus.sources.detect import Source, read_source
from voice2face.corpus.sources.found import File, LeftOut, Person, Tree
from voice2face.corpus.sources.table import Columns, Table, column_named

__all__ = [
    "Columns",
    "File",
    "LeftOut",
    "Person",
    "Source",
    "Table",
    "Tree",
    "column_named",
    "read_source",
]
