"""A generative model of faces: a flow from chance to the codes of people who have this voice.

What a voice tells is a point among the codes of faces, by a linear map; the flow draws people for
whom such a point would be told (:mod:`.velocity`). Codes are principal components of pixels and,
where faces are laid on one mean shape, of the shape. Trained by ``training.flow``.
"""

from typing import Annotated

import msgspec
import numpy as np

from voice2face.arrays import Float32s
from voice2face.errors import ModelError
from voice2face.faces.mesh import N_POINTS
from voice2face.generators import velocity
from voice2face.generators.eigenfaces import Eigenfaces
from voice2face.generators.rows import checked, times
from voice2face.generators.velocity import Velocity
from voice2face.parts import Arrays, GeneratorPart, PartSource, read_arrays

# What its file holds; ``values`` are those of a picture, colours last.
ARRAYS = velocity.ARRAYS | {
    "centre": "float32 dim",
    "told": "float32 dim code",
    "told_offset": "float32 code",
    "known": "float32 dim known",
    "known_offset": "float32 known",
    "pixel_mean": "float32 values",
    "pixel_basis": "float16 pixels values",
}
# Where faces are laid on one mean shape; their codes follow those of the pixels.
SHAPE = {"shape_mean": "float32 coordinates", "shape_basis": "float32 shape coordinates"}
FURTHEST = 4.0  # spreads: a component further out is taken back to there
FILE = "flow.npz"


class FlowPart(GeneratorPart, frozen=True, kw_only=True, tag="flow"):
    """A flow, and how faces are drawn by it.

    Attributes:
        px: Side of the faces.
        embedding_dim: Numbers of a voice embedding.
        n_steps: Steps from chance to a face, each of two looks at the network.
        guidance: How much further from all people a draw is than what the voice tells; 1: not. At
            2, draws of held-out people keep the gender that is heard seven points more often.
        chance: Spread of where draws begin; below 1 they are more usual people.
    """

    px: Annotated[int, msgspec.Meta(ge=4, le=1024)]
    embedding_dim: Annotated[int, msgspec.Meta(ge=1, le=65_536)]
    n_steps: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 8
    guidance: Annotated[float, msgspec.Meta(ge=0, le=20)] = 2.0
    chance: Annotated[float, msgspec.Meta(ge=0, le=3)] = 1.0

    def open(self, source: PartSource) -> "Flow":
        """The generator.

        Raises:
            ModelError: Its file is missing or damaged, or of another kind.
        """
        sizes = {
            "dim": self.embedding_dim, "values": 3 * self.px**2, "coordinates": 2 * N_POINTS
        }  # fmt: skip
        arrays = read_arrays(source.path(FILE), ARRAYS, SHAPE, sizes=sizes, what="a flow")
        return Flow(self, arrays)

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        return {"generator": f"flow matching, {self.n_steps} steps, faces of {self.px} pixels"}


class Flow:
    """The flow at work (a ``generators.protocol.FaceGenerator``).

    Args:
        part: Size, and how faces are drawn.
        arrays: What ``training.flow`` made.

    Attributes:
        px: Side of the faces.

    Raises:
        ModelError: Arrays that do not belong together.
    """

    def __init__(self, part: FlowPart, arrays: Arrays) -> None:
        self.px: int = part.px
        self._part, self._arrays, self._flow = part, arrays, Velocity(arrays)
        shape = (arrays["shape_mean"], arrays["shape_basis"]) if "shape_mean" in arrays else None
        mean, basis = arrays["pixel_mean"], arrays["pixel_basis"]
        self._draw = Eigenfaces(part.px, mean, basis, shape, colours_last=True)
        n_code = len(basis) + (0 if shape is None else len(shape[1]))
        if n_code != self._flow.code_dim:
            found = f"codes of {self._flow.code_dim} numbers for {n_code} components"
            raise ModelError("flow", found, "as many", "fetch the model again")

    def faces(self, embeddings: Float32s, rng: np.random.Generator | None = None) -> Float32s:
        """One face for each embedding; see :meth:`.protocol.FaceGenerator.faces`.

        The mean is the regression of the code on the voice. Draws follow the flow.

        Raises:
            ModelError: The embeddings are another encoder's.
        """
        codes = self.told(embeddings)
        if rng is not None:
            known = self._mapped(embeddings, "known")  # what the flow is told of each voice
            start = rng.standard_normal(codes.shape, np.float32) * np.float32(self._part.chance)
            codes = self._flow.drawn(
                known, start, n_steps=self._part.n_steps, guidance=self._part.guidance
            )
        codes = np.clip(codes, -FURTHEST, FURTHEST).astype(np.float32)
        n_pixels = len(self._arrays["pixel_basis"])
        return self._draw(codes[:, :n_pixels], codes[:, n_pixels:])

    def told(self, embeddings: Float32s) -> Float32s:
        """Codes that voices tell, the best guess, shape (n, code).

        Args:
            embeddings: Shape (n, dim).

        Raises:
            ModelError: The embeddings are another encoder's.
        """
        return self._mapped(embeddings, "told")

    def _mapped(self, embeddings: Float32s, name: str) -> Float32s:
        a = self._arrays
        centred = checked(embeddings, len(a["centre"])) - a["centre"]
        return np.asarray(times(centred, a[name]) + a[f"{name}_offset"], np.float32)
