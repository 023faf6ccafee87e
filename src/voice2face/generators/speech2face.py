"""Speech2Face's route: a voice tells a face recogniser's feature, the feature a face (numpy).

Fitted by ``training.speech2face``: the head learned what the recogniser sees in the speakers'
faces, the decoder learned, from faces alone, what a face with such a feature looks like.

Source:
    Oh et al. 2019, "Speech2Face: learning the face behind a voice".
"""

from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.errors import ModelError
from voice2face.faces.drawing import Drawing
from voice2face.faces.layout import Layout
from voice2face.faces.mesh import N_POINTS
from voice2face.generators.rows import times
from voice2face.parts import Arrays, GeneratorPart, PartSource, read_arrays

Float32Array = npt.NDArray[np.float32]
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

    @property
    def face_px(self) -> int:
        """Side of its faces."""
        return self.px

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        return {"generator": f"Speech2Face's route, by the feature of {self.recogniser}"}


class Speech2Face:
    """The route at work (a ``generators.protocol.FaceGenerator``).

    Args:
        px: Side of the faces.
        arrays: What ``HEAD`` and ``DECODER`` list, and ``SHAPE`` or nothing of it.
    """

    def __init__(self, px: int, arrays: Arrays) -> None:
        self._px, self._arrays = px, arrays
        self._components = arrays["components"].astype(np.float32)
        self._drawing = Drawing(Layout.read(), px) if "shape_mean" in arrays else None

    @property
    def px(self) -> int:
        """Side of the faces."""
        return self._px

    def features(self, embeddings: Float32Array) -> Float32Array:
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
        if embeddings.ndim != 2 or embeddings.shape[1] != len(a["centre"]):
            raise ModelError(
                "generator", f"embeddings of shape {embeddings.shape}", f"(n, {len(a['centre'])})",
                "use the voice encoder that it was trained with",
            )  # fmt: skip
        given = embeddings.astype(np.float32, copy=False) - a["centre"]
        hidden = np.maximum(times(given, a["hidden"]) + a["hidden_offset"], 0)
        told = times(given, a["linear"]) + a["offset"] + times(hidden, a["told"])
        return np.asarray(told, np.float32)

    def decoded(self, features: Float32Array) -> Float32Array:
        """Faces with these features: (n, feature) → (n, 3, px, px), in [-1, 1]."""
        a = self._arrays
        along = times(features, a["decode"]) + a["decode_offset"]
        pixels = a["mean"] + times(along, self._components)
        cut: Float32Array = np.clip(pixels, -1, 1, dtype=np.float32)
        faces = cut.reshape(-1, 3, self._px, self._px)
        return faces if self._drawing is None else self._drawn(faces, features)

    def _drawn(self, faces: Float32Array, features: Float32Array) -> Float32Array:
        """Faces of the mean shape in the shapes of these features."""
        a, drawing = self._arrays, self._drawing
        assert drawing is not None
        along = times(features, a["shape_decode"]) + a["shape_offset"]
        shapes = (a["shape_mean"] + times(along, a["shape_components"])).reshape(-1, N_POINTS, 2)
        drawn = np.empty_like(faces)
        for row, (face, shape) in enumerate(zip(faces, shapes, strict=True)):
            drawn[row] = drawing(face.transpose(1, 2, 0), shape).transpose(2, 0, 1)
        return drawn

    def faces(
        self, embeddings: Float32Array, rng: np.random.Generator | None = None
    ) -> Float32Array:
        """One face for each embedding, in [-1, 1].

        Args:
            embeddings: Shape (n, dim).
            rng: Draws what a voice leaves open of the feature; None: the face of the feature that
                is expected.

        Returns:
            Shape (n, 3, px, px).

        Raises:
            ModelError: The embeddings are another encoder's.
        """
        features = self.features(embeddings)
        if rng is not None:
            chance = rng.standard_normal(features.shape, np.float32)
            features = features + times(chance, self._arrays["spread"])
        return self.decoded(features)
