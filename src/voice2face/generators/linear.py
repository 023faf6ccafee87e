"""The simplest generator: from an embedding to the weights of eigenfaces by a linear map (numpy).

Fitted in closed form by ``training.linear``. Its mean is the face that the voice tells, its draws
add what the map leaves over, with the covariance that was measured.
"""

from typing import Annotated

import msgspec
import numpy as np

from voice2face.arrays import Float32s
from voice2face.generators.eigenfaces import Eigenfaces
from voice2face.generators.rows import checked, times
from voice2face.parts import Arrays, GeneratorPart, PartSource, read_arrays

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
        return Linear(self.px, arrays)

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        return {"generator": f"linear, {self.n_components} eigenfaces of {self.px} pixels"}


class Linear:
    """The map at work (a ``generators.protocol.FaceGenerator``).

    Args:
        px: Side of the faces.
        arrays: Those of ``ARRAYS``: the mean embedding; the map from an embedding less that to the
            weights of k eigenfaces; the mean face and the eigenfaces, RGB in [-1, 1], the colours
            first; the square root of the covariance of what the map leaves over.

    Attributes:
        px: Side of the faces.
    """

    def __init__(self, px: int, arrays: Arrays) -> None:
        self.px, self._arrays = px, arrays
        self._draw = Eigenfaces(px, arrays["mean"], arrays["components"])

    def faces(self, embeddings: Float32s, rng: np.random.Generator | None = None) -> Float32s:
        """One face for each embedding; see :meth:`.protocol.FaceGenerator.faces`.

        Raises:
            ModelError: The embeddings are another encoder's.
        """
        a = self._arrays
        told = times(checked(embeddings, len(a["centre"])) - a["centre"], a["weights"])  # (n, k)
        if rng is not None:
            told = told + times(rng.standard_normal(told.shape, np.float32), a["spread"])
        return self._draw(told)
