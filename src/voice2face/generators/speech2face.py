"""Speech2Face's route: a voice tells a face recogniser's feature, the feature a face (numpy).

Fitted by ``training.speech2face``: the head learned what the recogniser sees in the speakers'
faces, the decoder learned, from faces alone, what a face with such a feature looks like.

Source:
    Oh et al. 2019, "Speech2Face: learning the face behind a voice".
"""

from typing import Annotated

import msgspec
import numpy as np

from voice2face.arrays import Float32s
from voice2face.faces.mesh import N_POINTS
from voice2face.generators.eigenfaces import Eigenfaces
from voice2face.generators.rows import checked, times
from voice2face.parts import Arrays, GeneratorPart, PartSource, read_arrays

FILE = "speech2face.npz"
HEAD = {
    "centre": "float32 dim",
    "linear": "float32 dim feature",
    "offset": "float32 feature",
    "hidden": "float32 dim hidden",
    "hidden_offset": "float32 hidden",
    "told": "float32 hidden feature",
    "spread": "float32 feature feature",
}
DECODER = {
    "decode": "float32 feature k",
    "decode_offset": "float32 k",
    "mean": "float32 values",
    "components": "float16 k values",
}
# Where faces are laid on one mean shape: landmarks, as in the paper.
SHAPE = {
    "shape_decode": "float32 feature s",
    "shape_offset": "float32 s",
    "shape_mean": "float32 coordinates",
    "shape_components": "float32 s coordinates",
}
Size = Annotated[int, msgspec.Meta(ge=1, le=65_536)]


class Speech2FacePart(GeneratorPart, frozen=True, kw_only=True, tag="speech2face"):
    """A head from embeddings to a recogniser's feature, and a decoder from features to faces.

    Attributes:
        px: Side of the faces.
        embedding_dim: Numbers of an embedding.
        feature_dim: Numbers of a feature.
        recogniser: Whose feature it is.
    """

    px: Annotated[int, msgspec.Meta(ge=4, le=1024)]
    embedding_dim: Size
    feature_dim: Size
    recogniser: Annotated[str, msgspec.Meta(max_length=200)]

    def open(self, source: PartSource) -> "Speech2Face":
        """The generator.

        Raises:
            ModelError: Its file is missing or damaged, or its shapes are not those of the part.
        """
        sizes = {
            "dim": self.embedding_dim, "feature": self.feature_dim, "values": 3 * self.px**2,
            "coordinates": 2 * N_POINTS,
        }  # fmt: skip
        path, what = source.path(FILE), "head and decoder"
        return Speech2Face(
            self.px, read_arrays(path, HEAD | DECODER, SHAPE, sizes=sizes, what=what)
        )

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        return {"generator": f"Speech2Face's route, by the feature of {self.recogniser}"}


class Speech2Face:
    """The route at work (a ``generators.protocol.FaceGenerator``).

    Args:
        px: Side of the faces.
        arrays: What ``HEAD`` and ``DECODER`` list, and ``SHAPE`` or nothing of it.

    Attributes:
        px: Side of the faces.
    """

    def __init__(self, px: int, arrays: Arrays) -> None:
        self.px, self._arrays = px, arrays
        a, shape = arrays, None
        if "shape_mean" in a:
            shape = a["shape_mean"], a["shape_components"]
        self._draw = Eigenfaces(px, a["mean"], a["components"], shape)

    def features(self, embeddings: Float32s) -> Float32s:
        """What the recogniser would see in the speakers' faces.

        Less the mean over the training people, in units of its usual length.

        Args:
            embeddings: Shape (n, dim).

        Returns:
            Shape (n, feature).

        Raises:
            ModelError: The embeddings are another encoder's.
        """
        a = self._arrays
        given = checked(embeddings, len(a["centre"])) - a["centre"]
        hidden = np.maximum(times(given, a["hidden"]) + a["hidden_offset"], 0)
        told = times(given, a["linear"]) + a["offset"] + times(hidden, a["told"])
        return np.asarray(told, np.float32)

    def decoded(self, features: Float32s) -> Float32s:
        """Faces with these features: (n, feature) → (n, 3, px, px), in [-1, 1]."""
        a = self._arrays
        along = times(features, a["decode"]) + a["decode_offset"]
        if "shape_decode" not in a:
            return self._draw(along)
        return self._draw(along, times(features, a["shape_decode"]) + a["shape_offset"])

    def faces(self, embeddings: Float32s, rng: np.random.Generator | None = None) -> Float32s:
        """One face for each embedding; see :meth:`.protocol.FaceGenerator.faces`.

        Draws differ in what a voice leaves open of the feature; the mean is the face of the feature
        that is expected.

        Raises:
            ModelError: The embeddings are another encoder's.
        """
        features = self.features(embeddings)
        if rng is not None:
            chance = rng.standard_normal(features.shape, np.float32)
            features = features + times(chance, self._arrays["spread"])
        return self.decoded(features)
