"""dlib's face embedder, for benchmarks alone: it taught nothing and is no part of the program.

``pip install dlib-bin`` and the file dlib_face_recognition_resnet_model_v1.dat (public domain, as
in the package face_recognition_models).
"""

from pathlib import Path

import numpy as np

from voice2face.evaluation.embedders.face_set import FaceSet

PX = 150
# About where its own landmarks put eyes, nose and corners of the mouth in the crop that it takes.
GEOMETRY = np.array([(0.32, 0.33), (0.68, 0.33), (0.5, 0.55), (0.36, 0.76), (0.64, 0.76)])


class DlibEmbedder:
    """A residual network of 29 layers, trained on three million faces (King 2017).

    Args:
        path: The .dat file.
    """

    name, dim = "dlib_resnet_v1", 128

    def __init__(self, path: Path) -> None:
        import dlib

        self._network = dlib.face_recognition_model_v1(str(path))

    def embed(self, faces: FaceSet) -> np.ndarray:
        """Embeddings, float32, shape (n, 128)."""
        found = [
            np.array(self._network.compute_face_descriptor(np.ascontiguousarray(crop)))
            for block in faces.blocks()
            for crop in block.aligned(GEOMETRY, PX)
        ]
        return np.array(found, np.float32).reshape(len(found), self.dim)
