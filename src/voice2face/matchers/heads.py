"""Two small heads over frozen encoders: of a voice, and of a real face (numpy).

The cosine of what they give tells how well a voice and a face go together. No face is made, so this
is what a voice tells of a face before a picture loses some of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec
import numpy as np

from voice2face.arrays import Float32s
from voice2face.generators.rows import checked, times
from voice2face.parts import FileName, Part, PartSource, Role, read_arrays, write_arrays

FILE: FileName = "matching.npz"
SIDES = ("voice", "face")

Dim = Annotated[int, msgspec.Meta(ge=1, le=65_536)]
Dims = Annotated[tuple[Dim, ...], msgspec.Meta(min_length=2, max_length=5)]


class HeadsPart(Part, frozen=True, kw_only=True, tag="matching-heads"):
    """Both heads in a model folder, in the file ``matching.npz``.

    Attributes:
        voice_dims: Numbers of a voice's embedding, of each hidden layer, and of the common space.
        face_dims: The same numbers for a face's embedding; the last is that of ``voice_dims``.
        embedder: Name of the network whose embeddings of faces the head takes.
        embedder_sha256: Checksum of its file.
    """

    role: ClassVar[Role] = "matcher"

    voice_dims: Dims
    face_dims: Dims
    embedder: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    embedder_sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]

    def __post_init__(self) -> None:
        """Refuse heads that lead to spaces of different sizes."""
        if self.voice_dims[-1] != self.face_dims[-1]:
            raise ValueError("voice_dims and face_dims: the same last number")

    def open(self, source: PartSource) -> "Matcher":
        """The heads.

        Raises:
            ModelError: Their file is missing or damaged.
        """
        return Matcher.read(self, source.path(FILE))

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        return {
            f"head of a {side}": " → ".join(map(str, dims))
            for side, dims in zip(SIDES, (self.voice_dims, self.face_dims), strict=True)
        } | {"face embedder": self.embedder}


@dataclass(frozen=True, eq=False)
class Head:
    """Layers with a rectifier between each two; what comes out has length one.

    Attributes:
        layers: Weights (inputs, outputs) and offset (outputs,) of each.
    """

    layers: Sequence[tuple[Float32s, Float32s]]

    @property
    def dims(self) -> tuple[int, ...]:
        """Numbers that go in, and that come out of each layer."""
        return (len(self.layers[0][0]), *(len(offset) for _, offset in self.layers))

    def __call__(self, embeddings: Float32s) -> Float32s:
        """(n, inputs) → (n, outputs)."""
        x = np.asarray(embeddings, np.float32)
        for number, (weights, offset) in enumerate(self.layers):
            x = times(np.maximum(x, 0) if number else x, weights) + offset
        lengths = np.linalg.norm(x, axis=1, keepdims=True)
        return np.asarray(x / np.maximum(lengths, 1e-12), np.float32)


class Matcher:
    """Both heads at work.

    Args:
        voice: Head of a voice's embedding.
        face: Head of a real face's embedding.
    """

    def __init__(self, voice: Head, face: Head) -> None:
        self._voice, self._face = voice, face

    @classmethod
    def read(cls, part: HeadsPart, path: Path) -> "Matcher":
        """The heads of a model folder.

        Raises:
            ModelError: The file is missing or damaged, or its shapes are not those of the part.
        """
        wanted: dict[str, str] = {}
        sizes: dict[str, int] = {}
        for side, dims in zip(SIDES, (part.voice_dims, part.face_dims), strict=True):
            sizes |= {f"{side}{i}": n for i, n in enumerate(dims)}
            for i in range(len(dims) - 1):
                wanted[f"{side}_weights_{i}"] = f"float32 {side}{i} {side}{i + 1}"
                wanted[f"{side}_offset_{i}"] = f"float32 {side}{i + 1}"
        found = read_arrays(path, wanted, sizes=sizes, what="two heads")
        heads = []
        for side in SIDES:
            own = [found[name] for name in wanted if name.startswith(side)]
            heads.append(Head(list(zip(own[::2], own[1::2], strict=True))))
        return cls(*heads)

    def write(self, path: Path) -> None:
        """As an ``.npz`` file, which holds no code."""
        arrays = {
            f"{side}_{name}_{i}": array
            for side, head in zip(SIDES, (self._voice, self._face), strict=True)
            for i, layer in enumerate(head.layers)
            for name, array in zip(("weights", "offset"), layer, strict=True)
        }
        write_arrays(path, arrays)

    @property
    def dims(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Sizes of the voice's head and of the face's."""
        return self._voice.dims, self._face.dims

    def voices(self, embeddings: Float32s) -> Float32s:
        """Voices in the common space, of length one: (n, dim) → (n, k).

        Raises:
            ModelError: The embeddings are another encoder's.
        """
        return self._voice(checked(embeddings, self._voice.dims[0], "matcher"))

    def faces(self, embeddings: Float32s) -> Float32s:
        """Real faces in the common space, of length one: (n, dim) → (n, k).

        Raises:
            ModelError: The embeddings are another embedder's.
        """
        given = checked(embeddings, self._face.dims[0], "matcher", "face embedder")
        return self._face(given)
