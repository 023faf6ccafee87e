"""What every generator of faces can do, whatever it is made of."""

from typing import Protocol

import numpy as np

from voice2face.arrays import Float32s


class FaceGenerator(Protocol):
    """Voice embeddings in, faces out."""

    @property
    def px(self) -> int:
        """Side of the faces."""

    def faces(self, embeddings: Float32s, rng: "np.random.Generator | None" = None) -> Float32s:
        """One face for each embedding.

        Args:
            embeddings: Voice embeddings, shape (n, dim).
            rng: Draws what a voice cannot tell: each row becomes one of the people who might
                have this voice. None: the face that the voice tells, always the same.

        Returns:
            RGB in [-1, 1], float32, shape (n, 3, px, px).
        """
