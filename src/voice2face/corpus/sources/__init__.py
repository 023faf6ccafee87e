"""What a corpus is made from: tables, and folders of several layouts."""

from voice2face.corpus.sources.detect import Source, read_source
from voice2face.corpus.sources.found import Tree
from voice2face.corpus.sources.table import Columns, Table, column_named

__all__ = ["Columns", "Source", "Table", "Tree", "column_named", "read_source"]
