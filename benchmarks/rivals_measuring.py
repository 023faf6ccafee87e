"""Faces of every system of ``rivals``, embedded; what was embedded once is not embedded again."""

import hashlib
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s, Floats, Int64s, Pictures
from voice2face.audio.speech import read_speech
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet, LeftOut, detector
from voice2face.evaluation.embedders.fitted import Embedder
from voice2face.evaluation.pairs import Pairs
from voice2face.experiments.systems import to_pixels
from voice2face.faces import GEOMETRIES
from voice2face.files import write_bytes
from voice2face.release.inference import Model

Rival = Callable[[np.ndarray], Pictures]


@dataclass(frozen=True, eq=False)
class Found:
    """Faces that are looked at, and which of them each recording has.

    Attributes:
        faces: Different ones.
        left_out: Pictures among the different ones in which no face was found.
        rows: Number of the picture of each recording, (n,).
        seconds_a_face: Of drawing; NaN for what was not drawn.
    """

    faces: FaceSet
    left_out: list[LeftOut]
    rows: Int64s
    seconds_a_face: float = float("nan")

    @classmethod
    def in_files(cls, files: Sequence[Path]) -> "Found":
        """Of picture files."""
        return cls(*FaceSet.of_files(files, detector()), np.arange(len(files)))

    @classmethod
    def among(
        cls, pixels: Pictures, geometry: str, seconds_a_face: float = float("nan")
    ) -> "Found":
        """In pictures: where a known geometry says, or else where a detector finds them."""
        flat = np.ascontiguousarray(pixels).reshape(len(pixels), -1)
        _, first, rows = np.unique(flat, axis=0, return_index=True, return_inverse=True)
        different = pixels[first]
        if geometry in GEOMETRIES:
            found: tuple[FaceSet, list[LeftOut]] = FaceSet.of_crops(different, geometry), []
        else:
            found = FaceSet.of_pictures(different, detector())
        return cls(*found, rows.ravel(), seconds_a_face)


@dataclass(frozen=True, eq=False)
class Measured:
    """What judges see in the faces of one system, a row a recording.

    Attributes:
        vectors: By embedder, (n, dim); NaN where no face was found.
        age: In years, (n,); NaN likewise.
        male: Probability, (n,); NaN likewise.
        seconds_a_face: Of drawing, on one core; NaN for pictures.
    """

    vectors: Mapping[str, Float32s]
    age: Floats
    male: Floats
    seconds_a_face: float

    @property
    def found(self) -> float:
        """Share of the rows in which a face was found."""
        return float(1 - np.isnan(self.age).mean())


@dataclass(frozen=True, eq=False)
class Judges:
    """Everybody who looks at faces, and where what they saw is kept.

    Attributes:
        embedders: With a name that says what they are, down to what they were fitted on.
        folder: Of what was seen.
    """

    embedders: Mapping[str, Embedder]
    folder: Path

    def look(self, key: Sequence[str], faces: Callable[[], Found]) -> Measured:
        """What they see; from the folder if they have seen it.

        Args:
            key: Names all that the faces depend on.
            faces: Makes them.
        """
        name = hashlib.sha256("\n".join([*key, *self.embedders]).encode()).hexdigest()[:32]
        path = self.folder / f"{name}.npz"
        if not path.is_file():
            self._keep(path, faces())
        with np.load(path, allow_pickle=False) as kept:
            vectors = {e.name: kept[f"vectors {i}"] for i, e in enumerate(self.embedders.values())}
            return Measured(vectors, kept["age"], kept["male"], float(kept["seconds"]))

    def _keep(self, path: Path, found: Found) -> None:
        n = len(found.faces) + len(found.left_out)
        there = np.setdiff1d(np.arange(n), [one.row for one in found.left_out])
        told: dict[str, npt.NDArray[Any]] = {
            f"vectors {i}": e.embed(found.faces) for i, e in enumerate(self.embedders.values())
        }
        told["age"], told["male"] = AgeGender().judge(found.faces)
        arrays: dict[str, npt.NDArray[Any]] = {"seconds": np.array(found.seconds_a_face)}
        for name, values in told.items():
            every = np.full((n, *values.shape[1:]), np.nan, values.dtype)
            every[there] = values
            arrays[name] = every[found.rows]
        stream = io.BytesIO()
        np.savez(stream, allow_pickle=False, **arrays)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, stream.getvalue())


@dataclass(frozen=True, eq=False)
class Table:
    """People who are asked about.

    Attributes:
        pairs: Their recordings and pictures.
        heard: What voice encoders hear, by their checksum; filled when it is asked for.
        folder: Where that is kept.
    """

    pairs: Pairs
    heard: dict[str, Float32s]
    folder: Path

    def embeddings(self, model: Model) -> Float32s:
        """What a model's voice encoder hears, (n, dim)."""
        sha256 = model.config.voice_encoder.sha256
        path = self.folder / f"heard-{self.pairs.sha256[:16]}-{sha256[:16]}.npy"
        if sha256 not in self.heard:
            if not path.is_file():
                files = [self.pairs.root / cell for cell in self.pairs.cells["voice"]]
                heard = np.array([model.voice_encoder.embed(read_speech(f)) for f in files])
                path.parent.mkdir(parents=True, exist_ok=True)
                np.save(path, heard)
            self.heard[sha256] = np.load(path, allow_pickle=False)
        return self.heard[sha256]

    def pictures(self, judges: Judges, column: str) -> Measured:
        """Faces of a column of files."""
        files = [self.pairs.root / cell for cell in self.pairs.cells[column]]
        key = ("column", column, self.pairs.sha256, str(self.pairs.root))
        return judges.look(key, lambda: Found.in_files(files))

    def faces_of(self, judges: Judges, folder: Path) -> Measured:
        """Faces of a released model."""
        model = Model(folder)
        embeddings = self.embeddings(model)

        def made() -> Found:
            model.faces(embeddings[:1])  # opens it
            started = time.perf_counter()
            pixels = to_pixels(model.faces(embeddings))
            took = (time.perf_counter() - started) / len(pixels)
            return Found.among(pixels, said(model), took)

        return judges.look(("model", model.sha256, self.pairs.sha256), made)

    def faces_by(
        self, judges: Judges, key: Sequence[str], model: Model, rival: Rival, geometry: str
    ) -> Measured:
        """Faces of a baseline, from what a model's voice encoder hears."""
        heard = self.embeddings(model)
        return judges.look(
            ("baseline", *key, model.config.voice_encoder.sha256, self.pairs.sha256),
            lambda: Found.among(rival(heard), geometry),
        )


def said(model: Model) -> str:
    """How a model's faces lie, as it says itself."""
    return str(model.config.provenance.get("geometry", ""))


def filled(vectors: Float32s) -> Float32s:
    """Vectors in which a face that was not found is the mean of the others: it tells nothing."""
    lost = np.asarray(np.isnan(vectors).any(axis=1))
    if lost.all():
        return np.zeros_like(vectors)
    return np.where(lost[:, None], vectors[~lost].mean(axis=0), vectors)
