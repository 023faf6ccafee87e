"""The report's generator: from an embedding up to a face by transposed convolutions (ONNX Runtime).

The network that is trained is ``networks.modules.Generator``.
"""

import numpy as np

from voice2face.arrays import Float32s
from voice2face.onnx_files import Network
from voice2face.parts import GeneratorPart, PartSource
from voice2face.settings import EmbeddingSettings, GeneratorSettings

FILE, WEIGHTS = "generator.onnx", "generator.safetensors"
INPUT, OUTPUT = "embedding", "face"
UNIT_WITHIN = 1e-5  # of length one: an embedding that is so already is not scaled again


class DeconvolutionalPart(GeneratorPart, frozen=True, kw_only=True, tag="deconvolutional"):
    """The report's generator.

    Attributes:
        network: Its shape.
        embedding: What was done to embeddings while it was trained.
    """

    network: GeneratorSettings
    embedding: EmbeddingSettings = EmbeddingSettings()

    def open(self, source: PartSource) -> "Deconvolutional":
        """The generator.

        Raises:
            ModelError: Its file is missing or damaged.
        """
        return Deconvolutional(self, Network(source.path(FILE), source.threads))

    @property
    def face_px(self) -> int:
        """Side of its faces."""
        return self.network.face_px

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        g = self.network
        extras = [
            name for name, on in (("batch normalisation", g.batch_norm), ("tanh", g.tanh),
                                  (f"dropout {g.dropout:g}", g.dropout)) if on
        ]  # fmt: skip
        kernel = f"kernel {g.kernel}×{g.kernel}"
        return {"generator": f"width {g.width:g}, {', '.join([kernel, *extras])}"}


class Deconvolutional:
    """The generator at work (a ``generators.protocol.FaceGenerator``).

    Args:
        part: What is known of it.
        network: Its graph.

    Attributes:
        px: Side of the faces.
    """

    def __init__(self, part: DeconvolutionalPart, network: Network) -> None:
        self.px: int = part.network.face_px
        self._part, self._network = part, network

    def faces(self, embeddings: Float32s, rng: "np.random.Generator | None" = None) -> Float32s:
        """One face for each embedding, nominally in [-1, 1].

        Args:
            embeddings: Shape (n, dim).
            rng: Draws noise as embeddings got it in training: each face becomes that of a
                neighbouring embedding. It has no effect on a model that was trained without
                noise (preset ``paper``).

        Returns:
            Float32, shape (n, 3, px, px).

        Raises:
            ModelError: The network is damaged, or the embeddings are another encoder's.

        Source:
            Released program: normalise(e + 0.05·N(0, I)), with e normalised (docs/method.md,
            "Training"; ``training.gan.steps.embed``).
        """
        given = embeddings.astype(np.float32, copy=False)
        if self._part.embedding.unit:
            given = unit(given)
        if rng is not None:
            given = self.neighbours(given, rng)
        shape = (len(given), 3, self.px, self.px)
        return self._network.floats(OUTPUT, {INPUT: given}, shape)

    def neighbours(self, embeddings: Float32s, rng: "np.random.Generator") -> Float32s:
        """Embeddings with the noise of the training: (n, dim), same shape."""
        settings = self._part.embedding
        noise = rng.standard_normal(embeddings.shape, np.float32)
        moved = embeddings + np.float32(settings.noise) * noise
        if settings.unit:
            moved /= np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12)
        return moved


def unit(embeddings: Float32s) -> Float32s:
    """Rows of length one; those that are so already keep each bit."""
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    lengths[np.abs(lengths - 1) < UNIT_WITHIN] = 1
    return np.asarray(embeddings / np.maximum(lengths, 1e-12), np.float32)
