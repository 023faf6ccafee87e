"""VoxCeleb1 recordings and VGGFace pictures, as their downloads unpack.

``voices/idNNNNN/VIDEO/NNNNN.wav`` (or VoxCeleb's own ``wav``, ``dev/wav``, ``test/wav``) and
``faces/NAME/*.jpg``, joined by ``vox1_meta.csv``.
"""

from pathlib import Path

from voice2face.corpus.sources.found import ALIGNED, PICTURES, RECORDINGS, Tree
from voice2face.corpus.sources.joined import Plan, fits, read_joined


def is_voxceleb(root: Path) -> bool:
    """Has a folder the folders of this layout?"""
    return fits(root, _plan(aligned=False))


def read_voxceleb(root: Path, *, aligned: bool) -> Tree:
    """List the people who have recordings and pictures.

    Raises:
        CorpusError: A folder or ``vox1_meta.csv`` is missing, or nobody has both.
    """
    return read_joined(root, _plan(aligned))


def _plan(aligned: bool) -> Plan:
    return Plan(
        layout="voxceleb",
        folders={"voice": ("voices", "wav", "dev/wav", "test/wav"), "face": ("faces",)},
        readers={"voice": RECORDINGS, "face": ALIGNED if aligned else PICTURES},
        meta=True,
        aligned=aligned,
    )
