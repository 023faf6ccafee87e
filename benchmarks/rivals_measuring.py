"""Faces of every system of ``rivals``, embedded; what was embedded once is not embedded again."""

import hashlib
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from voice2face.audio.speech import read_speech
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet, LeftOut, detector
from voice2face.evaluation.embedders.fitted import Embedder
from voice2face.evaluation.pairs import Pairs
from voice2face.experiments.systems import to_pixels
from voice2face.faces import GEOMETRIES
from voice2face.files import write_bytes
from voice2face.release.inference import Model

SOFTENED_IN = "released"  # geometry

Floats = npt.NDArray[np.floating]
Pictures = npt.NDArray[np.uint8]
Found = tuple[FaceSet, list[LeftOut]]


@dataclass(frozen=True, eq=False)
class Softened:
    """An embedder of faces at 64 pixels and without the finest detail.

    Generators leave a grid of a period of two pixels, which a network that was never shown one
    takes for more than faces differ in. All faces, made and real, are brought to the same 64 pixels
    and smoothed so that nothing of such a grid is left: exp(-2 π² σ² / 2²) < 1e-4.
    """

    inner: Embedder
    px: int = 64
    sigma: float = 1.5  # pixels

    @property
    def name(self) -> str:
        """In tables."""
        return f"{self.inner.name}, softened"

    @property
    def dim(self) -> int:
        """How many numbers a face gives."""
        return self.inner.dim

    def embed(self, faces: FaceSet) -> npt.NDArray[np.float32]:
        """Embeddings, (n, dim)."""
        soft = ImageFilter.GaussianBlur(self.sigma)
        crops = faces.aligned(GEOMETRIES[SOFTENED_IN], self.px)
        pictures = [np.asarray(Image.fromarray(crop).filter(soft)) for crop in crops]
        return self.inner.embed(FaceSet.of_crops(np.array(pictures), SOFTENED_IN))


@dataclass(frozen=True, eq=False)
class Measured:
    """What judges see in the faces of one system, a row a recording.

    Attributes:
        vectors: By embedder, (n, dim); NaN where no face was found.
        age: In years, (n,); NaN likewise.
        male: Probability, (n,); NaN likewise.
        seconds_a_face: Of drawing, on one core; NaN for pictures.
    """

    vectors: Mapping[str, npt.NDArray[np.float32]]
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

    def look(self, key: Sequence[str], faces: Callable[[], tuple[Found, float]]) -> Measured:
        """What they see; from the folder if they have seen it.

        Args:
            key: Names all that the faces depend on.
            faces: Makes them; and seconds a face.
        """
        name = hashlib.sha256("\n".join([*key, *self.embedders]).encode()).hexdigest()[:32]
        path = self.folder / f"{name}.npz"
        if not path.is_file():
            self._keep(path, *faces())
        with np.load(path, allow_pickle=False) as kept:
            vectors = {e.name: kept[f"vectors {i}"] for i, e in enumerate(self.embedders.values())}
            return Measured(vectors, kept["age"], kept["male"], float(kept["seconds"]))

    def _keep(self, path: Path, found: Found, seconds: float) -> None:
        faces, left_out = found
        n = len(faces) + len(left_out)
        there = np.setdiff1d(np.arange(n), [one.row for one in left_out])
        arrays: dict[str, npt.NDArray] = {"seconds": np.array(seconds)}
        for number, embedder in enumerate(self.embedders.values()):
            rows = np.full((n, embedder.dim), np.nan, np.float32)
            rows[there] = embedder.embed(faces)
            arrays[f"vectors {number}"] = rows
        for name, values in zip(("age", "male"), AgeGender().judge(faces), strict=True):
            arrays[name] = np.full(n, np.nan)
            arrays[name][there] = values
        stream = io.BytesIO()
        np.savez(stream, **arrays)
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
    heard: dict[str, npt.NDArray[np.float32]]
    folder: Path

    def embeddings(self, model: Model) -> npt.NDArray[np.float32]:
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
        return judges.look(key, lambda: (FaceSet.of_files(files, detector()), float("nan")))

    def faces_of(self, judges: Judges, folder: Path) -> Measured:
        """Faces of a released model."""
        model = Model(folder)
        embeddings = self.embeddings(model)

        def made() -> tuple[Found, float]:
            model.faces(embeddings[:1])  # opens it
            started = time.perf_counter()
            pixels = to_pixels(model.faces(embeddings))
            return found_in(pixels, said(model)), (time.perf_counter() - started) / len(pixels)

        return judges.look(("model", model.sha256, self.pairs.sha256), made)

    def faces_by(
        self, judges: Judges, key: Sequence[str], model: Model, rival: Callable, geometry: str
    ) -> Measured:
        """Faces of a baseline, from what a model's voice encoder hears."""
        heard = self.embeddings(model)
        return judges.look(
            ("baseline", *key, model.config.voice_encoder.sha256, self.pairs.sha256),
            lambda: (found_in(rival(heard), geometry), float("nan")),
        )


def said(model: Model) -> str:
    """How a model's faces lie, as it says itself."""
    return str(model.config.provenance.get("geometry", ""))


def found_in(pixels: Pictures, geometry: str) -> Found:
    """Faces in pictures: where a known geometry says, or else where a detector finds them."""
    if geometry in GEOMETRIES:
        return FaceSet.of_crops(pixels, geometry), []
    return FaceSet.of_pictures(pixels, detector())


def filled(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Where no face was found, the mean of the others: it tells nobody from anybody."""
    lost = np.isnan(vectors).any(axis=1)
    if lost.all():
        return np.zeros_like(vectors)
    return np.where(lost[:, None], vectors[~lost].mean(axis=0), vectors)
