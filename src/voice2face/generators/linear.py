"""The simplest generator: from an embedding to the weights of eigenfaces by a linear map (numpy).

Fitted in closed form by ``training.linear``. Its mean is the face that the voice tells, its draws
add what the map leaves over, with the covariance that was measured.
"""

from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.errors import ModelError
from voice2face.generators.rows import times
from voice2face.parts import GeneratorPart, PartSource, read_arrays

Float32Array = npt.NDArray[np.float32]
FILE = "linear.npz"
ARRAYS = {
    "centre": "float32 dim",
    "weights": "float32 dim k",
    "mean": "float32 values",
    "components": "float16 k values",
    "spread": "float32 k k",
}


class LinearPart(GeneratorPart, frozen=True, kw_only=True, tag="linear"):
    """A linear map from embeddings to eigenfaces.

    Attributes:
        px: Side of the faces.
        embedding_dim: Numbers of an embedding.
        n_components: Eigenfaces.
    """

    px: Annotated[int, msgspec.Meta(ge=4, le=1024)]
    embedding_dim: Annotated[int, msgspec.Meta(ge=1, le=65_536)]
    n_components: Annotated[int, msgspec.Meta(ge=1, le=10_000)]

    def open(self, source: PartSource) -> "Linear":
        """The generator.

        Raises:
            ModelError: Its file is missing or damaged, or its shapes are not those of the part.
        """
        sizes = {"dim": self.embedding_dim, "k": self.n_components, "values": 3 * self.px**2}
        arrays = read_arrays(source.path(FILE), ARRAYS, sizes=sizes, what="arrays of a map")
        return Linear(self.px, Map(**arrays))

    @property
    def face_px(self) -> int:
        """Side of its faces."""
        return self.px

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        return {"generator": f"linear, {self.n_components} eigenfaces of {self.px} pixels"}


class Map(msgspec.Struct, frozen=True):
    """What the map consists of; k eigenfaces, embeddings of d numbers, n = 3·px·px pixel values.

    Attributes:
        centre: Mean embedding, (d,).
        weights: From an embedding less the centre to eigenface weights, (d, k).
        mean: Mean face, (n,), in [-1, 1].
        components: Eigenfaces, (k, n), float16.
        spread: Square root of the covariance of what the map leaves over, (k, k).
    """

    centre: Float32Array
    weights: Float32Array
    mean: Float32Array
    components: npt.NDArray[np.float16]
    spread: Float32Array


class Linear:
    """The map at work (a ``generators.protocol.FaceGenerator``).

    Args:
        px: Side of the faces.
        arrays: The map.

    Attributes:
        px: Side of the faces.
    """

    def __init__(self, px: int, arrays: Map) -> None:
        self.px, self._arrays = px, arrays
        self._components = arrays.components.astype(np.float32)

    def faces(
        self, embeddings: Float32Array, rng: np.random.Generator | None = None
    ) -> Float32Array:
        """One face for each embedding, in [-1, 1].

        Args:
            embeddings: Shape (n, dim).
            rng: Draws what a voice does not tell; None: the mean face for the voice.

        Returns:
            Shape (n, 3, px, px).

        Raises:
            ModelError: The embeddings are another encoder's.
        """
        a = self._arrays
        if embeddings.ndim != 2 or embeddings.shape[1] != len(a.centre):
            raise ModelError(
                "generator", f"embeddings of shape {embeddings.shape}", f"(n, {len(a.centre)})",
                "use the voice encoder that it was fitted with",
            )  # fmt: skip
        told = times(embeddings.astype(np.float32, copy=False) - a.centre, a.weights)  # (n, k)
        if rng is not None:
            told = told + times(rng.standard_normal(told.shape, np.float32), a.spread)
        pixels = a.mean + times(told, self._components)
        cut: Float32Array = np.clip(pixels, -1, 1, dtype=np.float32)
        return cut.reshape(-1, 3, self.px, self.px)
