"""From sources of recordings and pictures to a corpus: read, checked, written, resumed."""

from voice2face.corpus.prepare.run import PrepareReport, prepare

__all__ = ["PrepareReport", "prepare"]
