"""What is compared: anything that puts a face to a recording."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from voice2face.corpus import Corpus
from voice2face.errors import CorpusError, ModelError
from voice2face.evaluation.embedders.face_set import FaceSet, detector, geometry_of
from voice2face.evaluation.pairs import read_pairs
from voice2face.experiments.recordings import Recordings
from voice2face.faces import GEOMETRIES
from voice2face.release.inference import Model
from voice2face.training.data.frames import CorpusFrames
from voice2face.voice_encoders.protocol import FrameEncoder
from voice2face.voice_encoders.whole import as_frame_encoder

AT_ONCE = 64  # faces
TABLE_COLUMNS = ("voice", "clip")  # of a table of pictures, with the name of the recording

Pictures = npt.NDArray[np.uint8]
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Made:
    """Faces made from recordings, one each.

    Attributes:
        pixels: RGB, uint8, (n, px, px, 3).
        raw: Before they were cut to [-1, 1], (n, 3, px, px); None for faces that were not made by
            a generator.
        embeddings: What a voice encoder heard, (n, dim); None without one.
    """

    pixels: Pictures
    raw: npt.NDArray[np.float32] | None = None
    embeddings: Vectors | None = None


@runtime_checkable
class System(Protocol):
    """From recordings to faces."""

    @property
    def name(self) -> str:
        """In tables."""

    @property
    def sentence(self) -> str:
        """What it does, in one sentence."""

    def make(self, recordings: Recordings) -> Made:
        """One face for each recording."""


@dataclass(frozen=True, eq=False)
class ModelSystem:
    """A released model."""

    name: str
    sentence: str
    model: Model

    @classmethod
    def of(cls, name: str, folder: Path) -> "ModelSystem":
        """The model of a folder.

        Raises:
            ModelError: A part is missing or damaged.
        """
        model = Model(folder, threads=1)
        variant = str(model.config.provenance.get("variant", "a model"))
        return cls(name, f"{variant}, {folder.name}", model)

    @property
    def encoder_sha256(self) -> str:
        """Of what hears; models that share it hear the same."""
        return self.model.config.voice_encoder.sha256

    @property
    def geometry(self) -> str:
        """How its faces lie, a name of ``faces.GEOMETRIES``."""
        known = str(self.model.config.provenance.get("geometry", ""))
        return known if known in GEOMETRIES else "released"

    @property
    def sha256(self) -> str:
        """Of the model."""
        return self.model.sha256

    @property
    def _encoder(self) -> FrameEncoder:
        return as_frame_encoder(self.model.voice_encoder, self.model.sha256)

    def hears_as(self, corpus: Corpus) -> bool:
        """Whether its front end is that by which experiments hold a corpus' recordings."""
        return self._encoder.frames_hash == CorpusFrames(corpus).encoder.frames_hash

    def embed(self, recordings: Recordings) -> Vectors:
        """What the voice encoder hears, (n, dim)."""
        return self._pooled(recordings.sounds)

    def _pooled(self, frames: Sequence[npt.NDArray[Any]]) -> Vectors:
        encoder = self._encoder
        heard = [encoder.pooled(np.asarray(one, np.float32)) for one in frames]
        return np.array(heard, np.float32).reshape(len(frames), encoder.dim)

    def faces(self, embeddings: Vectors) -> Made:
        """Faces of embeddings, (n, dim)."""
        starts = range(0, len(embeddings), AT_ONCE)
        parts = [self.model.faces(embeddings[i : i + AT_ONCE]) for i in starts]
        px = self.model.generator.px
        raw = np.concatenate([np.empty((0, 3, px, px), np.float32), *parts])
        return Made(to_pixels(raw), raw, embeddings)

    def make(self, recordings: Recordings) -> Made:
        """One face for each recording."""
        return self.faces(self.embed(recordings))


@dataclass(frozen=True, eq=False)
class ModelOfOthers(ModelSystem):
    """A model with a front end of its own, which hears whole recordings of the corpus alone.

    Attributes:
        corpus: Whose sound it hears.
    """

    corpus: Corpus

    @cached_property
    def _frames(self) -> dict[str, npt.NDArray[np.float16]]:
        """What its voice encoder hears of each recording that holds speech enough, by name."""
        voices = CorpusFrames(self.corpus, self._encoder).voices(None)
        return dict(zip(voices.clip.tolist(), voices.frames, strict=True))

    def hears(self, recordings: Recordings) -> bool:
        """Whether they are whole recordings of the corpus, with speech enough for it."""
        own = recordings.corpus == self.corpus.info.data_hash
        return own and all(clip in self._frames for clip in recordings.clip.tolist())

    def embed(self, recordings: Recordings) -> Vectors:
        """What the voice encoder hears, (n, dim)."""
        return self._pooled([self._frames[clip] for clip in recordings.clip.tolist()])


@dataclass(frozen=True, eq=False)
class RivalSystem:
    """A trivial rival, which hears what a model hears and draws no face of its own."""

    name: str
    sentence: str
    hearing: ModelSystem
    rival: Callable[[npt.NDArray[np.float32]], Pictures]

    def make(self, recordings: Recordings) -> Made:
        """One face for each recording."""
        embeddings = self.hearing.embed(recordings)
        return Made(self.rival(embeddings), None, embeddings)


@dataclass(frozen=True, eq=False)
class TableSystem:
    """Pictures that were made elsewhere, named in a column of a table: of whole recordings alone.

    Attributes:
        name: In tables.
        sentence: What it does.
        pixels: Aligned faces by the recording's name, each RGB, uint8, (px, px, 3).
        sha256: Of the table.
    """

    name: str
    sentence: str
    pixels: Mapping[str, Pictures]
    sha256: str

    @classmethod
    def of(cls, name: str, table: Path, column: str, geometry: str, px: int) -> "TableSystem":
        """The pictures of a column, the largest face of each.

        Args:
            name: In tables.
            table: CSV or Parquet with columns ``identity``, ``voice`` (or ``clip``) and ``column``.
            column: Of pictures.
            geometry: How the corpus' faces lie, a name of ``faces.GEOMETRIES``.
            px: Side of the corpus' faces.

        Raises:
            CorpusError: Not such a table, or no picture in it shows a face.
        """
        pairs = read_pairs(table, [column], TABLE_COLUMNS)
        voice = next((pairs.cells[c] for c in TABLE_COLUMNS if c in pairs.cells), None)
        if voice is None:
            raise CorpusError(
                table, "no column 'voice' or 'clip'", "the recording of each picture", "add one"
            )
        files = list(dict.fromkeys(cell for cell in pairs.cells[column] if cell))
        faces, lost = FaceSet.of_files([pairs.root / cell for cell in files], detector())
        kept = [f for i, f in enumerate(files) if i not in {one.row for one in lost}]
        if not kept:
            raise CorpusError(table, f"no face in '{column}'", "pictures of faces", "look at them")
        crops = dict(zip(kept, faces.aligned(geometry_of(geometry), px), strict=True))
        found = {
            clip_stem(clip): crops[cell]
            for clip, cell in zip(voice, pairs.cells[column], strict=True)
            if cell in crops
        }
        return cls(name, f"pictures of {table.name}, column {column}", found, pairs.sha256)

    def hears(self, recordings: Recordings) -> bool:
        """Whether there is a picture of each."""
        return bool(self.has(recordings).all())

    def has(self, recordings: Recordings) -> npt.NDArray[np.bool_]:
        """Which recordings there is a picture of, (n,)."""
        return np.array([clip_stem(clip) in self.pixels for clip in recordings.clip], bool)

    def make(self, recordings: Recordings) -> Made:
        """One face for each recording, grey where there is none."""
        shape = next(iter(self.pixels.values())).shape
        grey = np.full(shape, 128, np.uint8)
        found = [self.pixels.get(clip_stem(clip), grey) for clip in recordings.clip]
        return Made(np.array(found, np.uint8).reshape(-1, *shape))


@dataclass(frozen=True, eq=False)
class Silent:
    """Stands for a system that is not there yet."""

    name: str
    sentence: str = "not trained yet"

    def make(self, recordings: Recordings) -> Made:
        """Nothing: it may be counted, not asked.

        Raises:
            ModelError: Always.
        """
        raise ModelError(self.name, "not trained yet", "a model", "train it first")


def hears(system: System, recordings: Recordings) -> bool:
    """Whether a system can make faces of recordings: most can of any."""
    asked = getattr(system, "hears", None)
    return asked is None or bool(asked(recordings))


def clip_stem(clip: str) -> str:
    """A recording's name without its ending, by which a table and a corpus name the same one."""
    return clip.rsplit(".", 1)[0] if "." in clip.rsplit("/", 1)[-1] else clip


def to_pixels(raw: npt.NDArray[np.float32]) -> Pictures:
    """(n, 3, px, px) as RGB pictures (n, px, px, 3); what is beyond [-1, 1] is cut."""
    pixels = np.rint((np.clip(raw, -1, 1) + 1) * 127.5).astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))


def mean_over_seeds(per_probe: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """One number a probe from those of a model's seeds: their mean, shape (probes,).

    A probe that some seed could not be asked is NaN, as it is the same question for all of them.
    """
    return np.asarray(np.mean(np.stack(per_probe), axis=0))
