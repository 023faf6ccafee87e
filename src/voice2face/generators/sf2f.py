"""SF2F's generator: from the fused embedding of a recording to a coarse face and a fine one.

The attention over the segments of a recording is part of the voice encoder
(``voice_encoders.adapted``), which is trained together with it.

Source:
    Bai et al. 2022, "Speech Fusion to Face: bridging the gap between human's vocal characteristics
    and facial imaging".
"""

from typing import Annotated

import msgspec
import numpy as np

from voice2face.arrays import Float32s
from voice2face.generators.deconvolutional import unit
from voice2face.onnx_files import Network
from voice2face.parts import GeneratorPart, PartSource

FILE = "sf2f.onnx"
INPUT, OUTPUT = "embedding", "face"


class Sf2fPart(GeneratorPart, frozen=True, kw_only=True, tag="sf2f"):
    """SF2F's generator in a model folder.

    Attributes:
        px: Side of the faces.
        embedding_dim: Numbers of an embedding.
        noise: On each number of an embedding in training.
    """

    px: Annotated[int, msgspec.Meta(ge=16, le=1024)]
    embedding_dim: Annotated[int, msgspec.Meta(ge=1, le=65_536)]
    noise: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0

    def open(self, source: PartSource) -> "Sf2f":
        """The generator.

        Raises:
            ModelError: Its file is missing or damaged, or another network.
        """
        return Sf2f(self, Network(source.path(FILE), source.threads))

    @property
    def face_px(self) -> int:
        """Side of its faces."""
        return self.px

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        return {"generator": f"SF2F, from {self.px // 2} to {self.px} pixels"}


class Sf2f:
    """The generator at work (a ``generators.protocol.FaceGenerator``).

    Args:
        part: What is known of it.
        network: Its graph.

    Raises:
        ModelError: It is another network.
    """

    def __init__(self, part: Sf2fPart, network: Network) -> None:
        self._part, self._network = part, network
        network.check(INPUT, [None, part.embedding_dim], OUTPUT)

    @property
    def px(self) -> int:
        """Side of the faces."""
        return self._part.px

    def faces(self, embeddings: Float32s, rng: np.random.Generator | None = None) -> Float32s:
        """One face for each embedding, in [-1, 1].

        Args:
            embeddings: Shape (n, dim).
            rng: Draws noise as embeddings got it in training: the paper draws nothing. None: the
                face of the embedding itself.

        Returns:
            Shape (n, 3, px, px).

        Raises:
            ModelError: The network is damaged, or the embeddings are another encoder's.
        """
        given = unit(embeddings.astype(np.float32, copy=False))
        if rng is not None:
            chance = rng.standard_normal(given.shape, np.float32)
            given = unit(given + np.float32(self._part.noise) * chance)
        # One at a time: a face is the same to the bit, alone or among others.
        shape = (1, 3, self.px, self.px)
        rows = [self._network.floats(OUTPUT, {INPUT: row[None]}, shape) for row in given]
        faces = np.concatenate([np.empty((0, *shape[1:]), np.float32), *rows])
        return np.asarray(np.clip(faces, -1, 1), np.float32)
