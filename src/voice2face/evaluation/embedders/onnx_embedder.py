"""Any network as a face embedder: FILE.onnx and, beside it, FILE.json that says how to feed it.

``{"size": 128, "align": "arcface112", "channels": "bgr", "mean": [0, 0, 0], "std": [1, 1, 1],
"input": "input"}``: faces are aligned to the geometry ``arcface`` at 112 pixels, resized to 128,
and enter as (value - mean) / std with values from 0 to 255, as (1 or n, 3, 128, 128). ``align`` is
a name of ``faces.GEOMETRIES``, with a number if faces are aligned at another size than they enter
in, or five points as fractions of the side: right eye, left eye, nose, right and left corner of the
mouth ("right" is left in the picture). ``output`` may name one of several outputs.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from voice2face.arrays import UInt8s, Vectors
from voice2face.errors import CorpusError, ModelError
from voice2face.evaluation.embedders.face_set import NEEDED_FOR, FaceSet, geometry_of
from voice2face.faces.opencv import opencv
from voice2face.files import sha256_of
from voice2face.json_files import read_json
from voice2face.onnx_files import Network

BLOCK = 16  # faces at once, where a network takes several
MOST_BYTES = 1 << 26  # of the JSON file, which may name many people

Side = Annotated[int, msgspec.Meta(ge=16, le=1024)]
Triple = tuple[float, float, float]


class _About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a network is fed; see above."""

    size: Side
    align: str | tuple[tuple[float, float], ...]
    channels: Literal["rgb", "bgr"]
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)
    input: str = "input"
    output: str | None = None
    labels: tuple[str, ...] = ()  # names of the classes of a classifier's output


class OnnxEmbedder:
    """A network that turns an aligned face into numbers; on one thread.

    Args:
        path: FILE.onnx.
        about: JSON file that says how it is fed; None: FILE.json.
        output: Name of the output; None: that of FILE.json, or the first.

    Attributes:
        name: FILE.
        dim: Length of an embedding.
        sha256: Checksum of FILE.onnx.
        labels: Names of the classes of a classifier's output, as FILE.json gives them.
        geometry: Where the five points lie in what it is fed, as fractions, shape (5, 2).

    Raises:
        ModelError: A file is missing or damaged, or the network is not fed as its JSON says.
    """

    def __init__(self, path: Path, about: Path | None = None, *, output: str | None = None) -> None:
        self._network = Network(path)
        self._about_path = about or path.with_suffix(".json")
        self._about = _read_about(self._about_path)
        self.geometry, self._aligned_px = _geometry(self._about, self._about_path)
        self._mean, self._std = (
            np.array(values, np.float32)[:, None, None]
            for values in (self._about.mean, self._about.std)
        )
        self._several = self._check_input()
        self._output = self._check_output(output)
        self.name, self.labels = path.stem, self._about.labels
        self.sha256 = sha256_of(path)
        grey = np.full((1, self._about.size, self._about.size, 3), 127, np.uint8)
        self.dim = int(self._run(self._fed(grey)).shape[1])

    def embed(self, faces: FaceSet) -> Vectors:
        """Embeddings of faces, float32, shape (n, dim).

        Raises:
            ModelError: The network failed, or an output is not finite.
            MissingExtraError: OpenCV is not installed.
        """
        made = np.empty((len(faces), self.dim), np.float32)
        row = 0
        for block in faces.blocks(BLOCK):
            fed = self._fed(block.aligned(self.geometry, self._aligned_px))
            for part in [fed] if self._several else np.split(fed, len(fed)):
                answer = self._run(part)
                if answer.shape[1] != self.dim:
                    raise self._wrong(f"{answer.shape[1]} numbers after {self.dim}", "one length")
                made[row : row + len(part)] = answer
                row += len(part)
        return made

    def _fed(self, crops: UInt8s) -> Vectors:
        """Input of the network for aligned crops, shape (n, 3, size, size)."""
        size = self._about.size
        if crops.shape[1] != size:
            cv2 = opencv(NEEDED_FOR)
            way = cv2.INTER_AREA if crops.shape[1] > size else cv2.INTER_LINEAR
            crops = np.stack([cv2.resize(crop, (size, size), interpolation=way) for crop in crops])
        if self._about.channels == "bgr":
            crops = crops[..., ::-1]
        return (crops.transpose(0, 3, 1, 2).astype(np.float32) - self._mean) / self._std

    def _run(self, fed: Vectors) -> Vectors:
        (answer,) = self._network.run([self._output], {self._about.input: fed})
        if not answer.size or answer.size % len(fed):
            raise self._wrong(f"output '{self._output}' of shape {answer.shape}", "one for a face")
        return answer.reshape(len(fed), -1).astype(np.float32)

    def _check_input(self) -> bool:
        """Whether several faces can enter at once."""
        inputs, name, size = self._network.inputs, self._about.input, self._about.size
        wanted = f"input '{name}', float, (1, 3, {size}, {size}), as {self._about_path.name} says"
        if set(inputs) != {name}:
            raise self._wrong(f"inputs {', '.join(map(repr, inputs)) or 'none'}"[:200], wanted)
        kind, shape = inputs[name]
        expected = (shape[0] if len(shape) == 4 else None, 3, size, size)
        fits = len(shape) == 4 and all(
            found in (None, side) for found, side in zip(shape, expected, strict=True)
        )
        if kind != "tensor(float)" or not fits or shape[0] not in (None, 1):
            sides = ", ".join("any" if n is None else str(n) for n in shape)
            raise self._wrong(f"input '{name}' is {kind} of shape ({sides})", wanted)
        return shape[0] is None

    def _check_output(self, asked: str | None) -> str:
        names = self._network.outputs
        chosen = asked or self._about.output or names[0]
        if chosen not in names:
            found = f"outputs {', '.join(map(repr, names))}"
            raise self._wrong(found[:200], f"an output '{chosen}'")
        return chosen

    def _wrong(self, found: str, wanted: str) -> ModelError:
        return self._network.wrong(found, wanted, f"correct {self._about_path.name}")


def _read_about(path: Path) -> _About:
    """How a network is fed.

    Raises:
        ModelError: The file is missing, or not such a description.
    """
    wanted = f"a JSON object with {', '.join(_About.__struct_fields__[:6])}"
    if not path.is_file():
        raise ModelError(path, "no such file", wanted, "write it beside the network")
    about = read_json(path, _About, wanted, "correct it", most_bytes=MOST_BYTES)
    if not np.isfinite((*about.mean, *about.std)).all() or 0 in about.std:
        raise ModelError(path, "a mean or std that is 0 or not finite", wanted, "correct it")
    return about


def _geometry(about: _About, path: Path) -> tuple[Any, int]:
    """Where the points lie in a crop, shape (5, 2), and the size at which faces are aligned."""
    if not isinstance(about.align, str):
        name, px = None, about.size
    else:
        parts = re.fullmatch(r"([a-z]+)(\d{1,4})?", about.align)
        name = parts[1] if parts else about.align
        px = int(parts[2]) if parts and parts[2] else about.size
    if not 16 <= px <= 1024:
        raise ModelError(path, f"aligned at {px} pixels", "16 to 1024", 'correct "align"')
    try:
        return geometry_of(name if name is not None else np.array(about.align)), px
    except (CorpusError, ValueError) as error:
        wanted = "arcface112, released, tight, or five points as fractions"
        raise ModelError(path, f"align {about.align!r:.80}", wanted, 'correct "align"') from error
