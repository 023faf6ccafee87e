"""Direct matching: how well a voice and a real face go together, without a face being made.

The task of SVHF (Nagrani et al. 2018) and DIMNet (Wen et al. 2019). Whoever makes a face from a
voice and compares it with real ones has no more of the voice than this.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from voice2face.audio.speech import read_speech
from voice2face.errors import AudioError, ModelError
from voice2face.evaluation.comparison import Direct
from voice2face.evaluation.embedders.face_set import LeftOut
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.evaluation.embedders.onnx_embedder import OnnxEmbedder
from voice2face.evaluation.pairs import Column, Pairs
from voice2face.matchers.heads import HeadsPart
from voice2face.release.inference import Model

VOICE = "voice"


def embedder_of(model: Model, given: Sequence[OnnxEmbedder]) -> OnnxEmbedder:
    """The network whose embeddings of faces a matcher takes.

    Args:
        model: With a matcher.
        given: Networks that are open already.

    Raises:
        ModelError: The model has no matcher, or its network is not to be had.
    """
    part = model.config.part("matcher")
    if not isinstance(part, HeadsPart):
        raise ModelError(model.folder, "no matcher", "a model with one", "train matching")
    for one in given:
        if one.sha256 == part.embedder_sha256:
            return one
    try:
        found = open_embedder(part.embedder)
    except ModelError:
        found = None
    if found is None or found.sha256 != part.embedder_sha256:
        raise ModelError(
            model.folder, f"fitted to the face embedder {part.embedder}", "that one",
            f"add --embedder {part.embedder}.onnx",
        )  # fmt: skip
    return found


def match_directly(name: str, model: Model, pairs: Pairs, faces: np.ndarray) -> Direct:
    """Bring the voices of a table, and its real faces, into one space.

    Args:
        name: In tables.
        model: With a matcher.
        pairs: The table, with a column of recordings.
        faces: Embeddings of the real faces by the matcher's network, (rows, dim); NaN: none.

    Raises:
        ModelError: The model can't be used.
    """
    cells = pairs.cells[VOICE]
    heard: dict[str, np.ndarray | LeftOut] = {"": LeftOut(0, "empty cell", "without a file", "")}
    for cell in dict.fromkeys(cells):
        if cell:
            heard[cell] = _heard(model, pairs.root / cell, cell)
    found = [heard[cell] for cell in cells]
    nothing = np.full(model.voice_encoder.dim, np.nan)
    rows = [nothing if isinstance(one, LeftOut) else one for one in found]
    embeddings = np.array(rows, np.float32).reshape(len(rows), -1)
    part = model.config.part("matcher")
    assert isinstance(part, HeadsPart)  # embedder_of has seen to it
    vectors = {part.embedder: model.matcher.voices(embeddings)}
    reasons = [one if isinstance(one, LeftOut) else None for one in found]
    column = Column(name, cells, vectors, reasons)
    return Direct(column, model.matcher.faces(faces), part.embedder)


def _heard(model: Model, path: Path, cell: str) -> np.ndarray | LeftOut:
    """Embedding of one recording, or why there is none."""
    try:
        return model.embed(read_speech(path))
    except AudioError as error:
        return LeftOut(0, cell, "recording not usable", error.found)
