"""The processed download of Wen et al. 2019: log-mel spectrograms and aligned faces.

``fbank/idNNNNN/VIDEO/NNNNN.npy`` (joined by ``vox1_meta.csv``) or ``fbank/NAME/…``, and
``VGG_ALL_FRONTAL/NAME/*.jpg``. Source: github.com/cmu-mlsp/reconstructing_faces_from_voices.
"""

from pathlib import Path

from voice2face.corpus.sources.found import ALIGNED, LOG_MELS, Tree
from voice2face.corpus.sources.joined import Plan, fits, read_joined

_PLAN = Plan(
    layout="processed",
    folders={"voice": ("fbank",), "face": ("VGG_ALL_FRONTAL",)},
    readers={"voice": LOG_MELS, "face": ALIGNED},
    meta=False,
    aligned=True,
)


def is_processed(root: Path) -> bool:
    """Has a folder the folders of this layout?"""
    return fits(root, _PLAN)


def read_processed(root: Path) -> Tree:
    """List the people who have spectrograms and faces.

    Raises:
        CorpusError: A folder is missing, or ``vox1_meta.csv`` is and is needed, or nobody has both.
    """
    return read_joined(root, _PLAN)
