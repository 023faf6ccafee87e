"""A recogniser as files that any ONNX runtime reads: the network, and how to feed it."""

from pathlib import Path

import torch
from torch import Tensor, nn

from voice2face.json_files import write_json
from voice2face.release.exported import export
from voice2face.training.recogniser.network import Recogniser

INPUT, EMBEDDING, LOGITS = "faces", "embedding", "logits"
MIDDLE = 127.5  # between 0 and 255; also half the range


def export_recogniser(recogniser: Recogniser, labels: list[str], geometry: str, path: Path) -> None:
    """Write ``faces`` (batch, 3, px, px) → ``embedding`` (batch, dim), ``logits`` (batch, people).

    Beside ``NAME.onnx`` goes ``NAME.json``: how a face is fed, and whose the logits are.

    Args:
        recogniser: On the processor.
        labels: Names of the people, in the order of the logits.
        geometry: Where the points of a face lie in the crops: a name of ``faces.GEOMETRIES``.
        path: The ``.onnx`` file; an older pair is replaced.

    Raises:
        MissingExtraError: The exporter is not installed.
        OutputError: They could not be written.
    """
    px = recogniser.face_px
    some = torch.rand(2, 3, px, px, generator=torch.Generator().manual_seed(0)) * 2 - 1
    export(_InUse(recogniser).eval(), {INPUT: some}, path, [EMBEDDING, LOGITS])
    told = {  # a face of the corpus enters as it is
        "size": px,
        "align": geometry,
        "channels": "rgb",
        "mean": [MIDDLE] * 3,
        "std": [MIDDLE] * 3,
        "input": INPUT,
        "output": EMBEDDING,
        "labels": labels,
    }
    write_json(path.with_suffix(".json"), told)


class _InUse(nn.Module):
    """What is computed of a face: its vector, and the scaled cosines to the known people."""

    def __init__(self, recogniser: Recogniser) -> None:
        super().__init__()
        self.recogniser = recogniser

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        vectors = self.recogniser.embed(faces)
        return vectors, self.recogniser.scale * self.recogniser.cosines(vectors)
