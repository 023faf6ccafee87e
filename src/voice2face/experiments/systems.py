"""Systems that are compared: whatever gives a face for a recording."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from voice2face.arrays import Bools, Float32s, Pictures, Vectors
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.speech import Speech
from voice2face.corpus import Corpus
from voice2face.errors import AudioError, CorpusError, ModelError
from voice2face.evaluation.embedders.face_set import FaceSet, detector, geometry_of
from voice2face.evaluation.pairs import read_pairs
from voice2face.experiments.recordings import Recordings
from voice2face.faces import GEOMETRIES
from voice2face.release.inference import Model
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.facts import PAINTED_OVER
from voice2face.voice_encoders.protocol import VoiceEncoder
from voice2face.voice_encoders.whole import as_frame_encoder

AT_ONCE = 64  # faces
REPEATED_S = 10  # a recording that is too short for an encoder is repeated to this length
TABLE_COLUMNS = ("voice", "clip")  # columns of a table of pictures that name the recording


@dataclass(frozen=True, eq=False)
class Made:
    """Faces made from recordings, one for each.

    Attributes:
        pixels: RGB, uint8, (n, px, px, 3).
        raw: Output of the generator before it was cut to [-1, 1], (n, 3, px, px); None if there is
            no generator.
        embeddings: Embeddings of the recordings, (n, dim); None if there is no voice encoder.
    """

    pixels: Pictures
    raw: Float32s | None = None
    embeddings: Vectors | None = None


@runtime_checkable
class System(Protocol):
    """A system that makes faces from recordings."""

    @property
    def name(self) -> str:
        """Name in tables."""

    def make(self, recordings: Recordings) -> Made:
        """One face for each recording."""


@dataclass(frozen=True, eq=False)
class ModelSystem:
    """A released model."""

    name: str
    model: Model

    @classmethod
    def of(cls, name: str, folder: Path) -> "ModelSystem":
        """Open the model of a folder.

        Raises:
            ModelError: A part is missing or damaged.
        """
        return cls(name, Model(folder, threads=1))

    @property
    def hearing(self) -> "ModelSystem":
        """Itself, as the model that hears for a baseline."""
        return self

    @property
    def encoder_sha256(self) -> str:
        """Checksum of the voice encoder; models that share it have the same embeddings."""
        return self.model.config.voice_encoder.sha256

    @property
    def geometry(self) -> str:
        """How its faces lie in pictures, a name of ``faces.GEOMETRIES``."""
        known = str(self.model.config.provenance.get("geometry", ""))
        return known if known in GEOMETRIES else "released"

    @property
    def painted_over(self) -> str:
        """What was painted over in its training faces, such as ``hair``; "" for nothing."""
        return str(self.model.config.provenance.get(PAINTED_OVER, ""))

    @property
    def sha256(self) -> str:
        """Checksum of the model."""
        return self.model.sha256

    def check_hears(self, corpus: Corpus) -> None:
        """Refuse a corpus whose recordings the voice encoder can't take.

        Raises:
            CorpusError: They are spectrograms of another front end, without sound.
        """
        encoder = as_frame_encoder(self.model.voice_encoder, self.model.sha256)
        if encoder.frames_hash == CorpusFrames(corpus).encoder.frames_hash:
            return
        for shard in corpus.shards("voice", None)[:1]:
            table = corpus.table(shard, ["clip", "sound", "coding", "seconds"])
            corpus.recordings(shard, table)[0].speech()

    def embed(self, recordings: Recordings) -> Vectors:
        """Embeddings of recordings, (n, dim)."""
        encoder = as_frame_encoder(self.model.voice_encoder, self.model.sha256)
        if recordings.frames_hash in ("", encoder.frames_hash):
            heard = [encoder.pooled(np.asarray(sound, np.float32)) for sound in recordings.sounds]
        else:
            heard = [_heard(encoder, recordings, row) for row in range(len(recordings))]
        return np.array(heard, np.float32).reshape(len(recordings), encoder.dim)

    def faces(self, embeddings: Vectors, rng: np.random.Generator | None = None) -> Made:
        """Faces of embeddings (n, dim); with ``rng`` they are drawn."""
        starts = range(0, len(embeddings), AT_ONCE)
        parts = [self.model.faces(embeddings[i : i + AT_ONCE], rng) for i in starts]
        px = self.model.generator.px
        raw = np.concatenate([np.empty((0, 3, px, px), np.float32), *parts])
        return Made(to_pixels(raw), raw, embeddings)

    def make(self, recordings: Recordings) -> Made:
        """One face for each recording."""
        return self.faces(self.embed(recordings))


def _heard(encoder: VoiceEncoder, recordings: Recordings, row: int) -> Vectors:
    """Embedding of the sound of a recording.

    A recording that is too short is repeated, as the report's front end does. If the encoder finds
    no speech, as some do in noise, the embedding is zero.
    """
    name, sound = str(recordings.clip[row]), recordings.samples(row)
    for samples in (sound, np.resize(sound, max(len(sound), REPEATED_S * RATE_HZ))):
        try:
            return np.asarray(encoder.embed(Speech(samples, RATE_HZ, name)), np.float32)
        except AudioError:
            continue
    return np.zeros(encoder.dim, np.float32)


@dataclass(frozen=True, eq=False)
class BaselineSystem:
    """A trivial baseline: it takes a model's embeddings and gives faces of training people."""

    name: str
    hearing: ModelSystem
    baseline: Callable[[Float32s], Pictures]

    def faces(self, embeddings: Vectors) -> Made:
        """Faces of embeddings, (n, dim)."""
        return Made(self.baseline(embeddings), None, embeddings)

    def make(self, recordings: Recordings) -> Made:
        """One face for each recording."""
        return self.faces(self.hearing.embed(recordings))


@dataclass(frozen=True, eq=False)
class TableSystem:
    """Pictures that were made elsewhere, named in a column of a table; only of whole recordings.

    Attributes:
        name: Name in tables.
        pixels: Aligned faces by the name of the recording, each RGB, uint8, (px, px, 3).
        sha256: Checksum of the table.
    """

    name: str
    pixels: Mapping[str, Pictures]
    sha256: str

    @classmethod
    def of(cls, name: str, table: Path, column: str, geometry: str, px: int) -> "TableSystem":
        """Read the pictures of a column; of each the largest face is taken.

        Args:
            name: Name in tables.
            table: CSV or Parquet with columns ``identity``, ``voice`` (or ``clip``) and ``column``.
            column: Column of pictures.
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
        return cls(name, found, pairs.sha256)

    def has(self, recordings: Recordings) -> Bools:
        """Mask of the recordings of which there is a picture, (n,)."""
        return np.array([clip_stem(clip) in self.pixels for clip in recordings.clip], bool)

    def make(self, recordings: Recordings) -> Made:
        """One face for each recording; grey if there is none."""
        shape = next(iter(self.pixels.values())).shape
        grey = np.full(shape, 128, np.uint8)
        found = [self.pixels.get(clip_stem(clip), grey) for clip in recordings.clip]
        return Made(np.array(found, np.uint8).reshape(-1, *shape))


@dataclass(frozen=True, eq=False)
class Silent:
    """Placeholder of a system that is not trained yet."""

    name: str

    def make(self, recordings: Recordings) -> Made:
        """Refuse: it can be counted, but not asked.

        Raises:
            ModelError: Always.
        """
        raise ModelError(self.name, "not trained yet", "a model", "train it first")


def clip_stem(clip: str) -> str:
    """Name of a recording without its ending, which a table and a corpus have in common."""
    return clip.rsplit(".", 1)[0] if "." in clip.rsplit("/", 1)[-1] else clip


def to_pixels(raw: Float32s) -> Pictures:
    """(n, 3, px, px) in [-1, 1] as RGB pictures (n, px, px, 3); values beyond are cut."""
    pixels = np.rint((np.clip(raw, -1, 1) + 1) * 127.5).astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))
