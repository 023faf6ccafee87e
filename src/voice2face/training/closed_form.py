"""Training of generators at once: from arrays of embeddings and faces, without the shared loop."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from voice2face.corpus import Corpus
from voice2face.corpus.stream import read_pixels, read_shapes
from voice2face.errors import TrainingError
from voice2face.release.writing import NewPart, Provenance, check_replaceable, write_release
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.pairing import Pairing
from voice2face.training.distributed import Team
from voice2face.training.everyone import Everyone, read_everyone
from voice2face.training.frozen import FrozenEncoder, open_frozen
from voice2face.training.loop import check_unused
from voice2face.training.people import facts_of
from voice2face.voice_encoders.protocol import FrameEncoder

Frames = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class VoicesAndFaces:
    """Voices and faces of the people, or groups, that have both.

    Attributes:
        embeddings: Of the recordings, by the frozen voice encoder, float32, (recordings, dim).
        voice_labels: Person or group of each, a number in ``labels``, (recordings,).
        pixels: RGB, uint8, (faces, px, px, 3).
        face_labels: Person or group of each, (faces,).
        labels: Names of the people or groups.
        geometry: How all faces lie, a name of ``faces.GEOMETRIES``; None: nobody knows.
        read_frames: Reads :attr:`frames`.
        encoder: The voice encoder.
        read_shapes: Reads :attr:`shapes`; None where faces are not normalised.
        read_everyone: Reads :attr:`everyone`; None where there is nobody else.
    """

    embeddings: npt.NDArray[np.float32]
    voice_labels: npt.NDArray[np.int64]
    pixels: npt.NDArray[np.uint8]
    face_labels: npt.NDArray[np.int64]
    labels: list[str]
    geometry: str | None = None
    read_frames: Callable[[], list[Frames]] = list
    encoder: FrozenEncoder | None = None
    read_shapes: Callable[[], npt.NDArray[np.float32]] | None = None
    read_everyone: Callable[[], Everyone] | None = None

    @cached_property
    def frames(self) -> list[Frames]:
        """What the embedding of each recording is pooled from, each (frames, frame_dim).

        Log-mel bands, or the embeddings of windows; read when asked for. Empty where nobody knows.
        """
        return self.read_frames()

    @cached_property
    def shapes(self) -> npt.NDArray[np.float32] | None:
        """Shapes of normalised faces, as ``corpus.arrays.Faces.shapes``; None of any others."""
        return None if self.read_shapes is None else self.read_shapes()

    @cached_property
    def everyone(self) -> Everyone:
        """All voices and faces, those without a partner too, and what is said of them."""
        if self.read_everyone is not None:
            return self.read_everyone()
        labels = np.array(self.labels, np.str_)
        speakers, seen = labels[self.voice_labels], labels[self.face_labels]
        return Everyone(self.embeddings, speakers, {}, self.pixels, self.shapes, seen, {})


@dataclass(frozen=True)
class Trained:
    """What a method gives that has more to give than a generator.

    Attributes:
        generator: As a part.
        voice_encoder: As a part, in place of the frozen one and what is read off that.
        facts: About the training, for the card.
        remarks: Markdown for the card.
    """

    generator: NewPart
    voice_encoder: NewPart | None = None
    facts: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    remarks: str = ""


class Fit(Protocol):
    """A method of training: from voices and faces to a generator that can be released."""

    @property
    def name(self) -> str:
        """In the card."""

    def __call__(self, data: VoicesAndFaces, seed: int) -> NewPart | Trained:
        """The generator, alone or with what is to be said of it.

        Raises:
            Voice2FaceError: The data don't serve.
        """


@runtime_checkable
class Particular(Protocol):
    """A method that not every corpus serves."""

    def check(self, corpus: Corpus) -> None:
        """Refuse a corpus that doesn't serve, before anything of it is read.

        Raises:
            TrainingError: It doesn't.
        """


def train_closed_form(
    corpus_folder: Path,
    out: Path,
    fit: Fit,
    *,
    voice_encoder: str | Path | None = None,
    pair_by: str = "identity",
    set_aside: float = 0.0,
    seed: int = 0,
    team: Team | None = None,
) -> Path:
    """Fit a generator to a corpus; write the released model to ``out/model``.

    Args:
        corpus_folder: A prepared corpus; its ``train`` split is used.
        out: Folder of the run.
        fit: The method.
        voice_encoder: As ``training.frozen.open_frozen`` takes it.
        pair_by: ``identity``, or an attribute that voices and faces have in common.
        set_aside: Share of the recordings that is not trained on.
        seed: Seed of what the method draws.
        team: Processes that were started together: the leader alone does the work.

    Returns:
        The model's folder, which the leader writes.

    Raises:
        CorpusError: The corpus can't be read.
        ModelError: The voice encoder can't be read.
        TrainingError: The corpus doesn't serve, or another run is in ``out``.
    """
    if team is not None and not team.is_leader:
        team.barrier()
        return out / "model"
    check_replaceable(out / "model")
    check_unused(out, resume=False)
    corpus = Corpus.open(corpus_folder, verify=True)
    if isinstance(fit, Particular):
        fit.check(corpus)
    encoder = open_frozen(voice_encoder)
    data = read_pairs(corpus, encoder, pair_by, set_aside)
    made = fit(data, seed)
    trained = made if isinstance(made, Trained) else Trained(made)
    facts: Provenance = {
        **facts_of(corpus, "train face"),
        "paired by": pair_by,
        "classes": len(data.labels),
        "recordings": len(data.embeddings),
        "recordings set aside": set_aside,
        "faces": len(data.pixels),
        "variant": fit.name,
        "seed": seed,
        **trained.facts,
        **({"geometry": corpus.info.geometry} if corpus.info.geometry else {}),
        **encoder.facts,
    }
    own = trained.voice_encoder
    voice = encoder.new_parts(unit=True) if own is None else [own]
    parts = (*voice, trained.generator)
    write_release(out / "model", out.resolve().name, parts, facts, remarks=trained.remarks)
    if team is not None:
        team.barrier()
    return out / "model"


def read_pairs(
    corpus: Corpus, encoder: FrozenEncoder, pair_by: str, set_aside: float = 0.0
) -> VoicesAndFaces:
    """Embeddings and faces of a corpus' ``train`` split, all of them in memory.

    Raises:
        CorpusError: A shard is missing or damaged.
        TrainingError: Nothing has both a voice and a face.
    """
    frames = CorpusFrames(corpus, encoder.frames)
    pairing = Pairing.of(frames, pair_by, "train", set_aside)
    vectors, voice_labels = _heard(frames, encoder.frames, pairing)
    pixels, face_labels = _seen(corpus, pairing)
    if not len(vectors):
        raise TrainingError(corpus.path, "no recording", "at least one", "add voices")
    return VoicesAndFaces(
        vectors, voice_labels, pixels, face_labels, pairing.labels, corpus.info.geometry,
        lambda: list(_recordings(frames, pairing)), encoder,
        (lambda: _shapes(corpus, pairing)) if corpus.info.keeps_shapes else None,
        lambda: read_everyone(corpus, frames, encoder.frames, set_aside),
    )  # fmt: skip


def _recordings(frames: CorpusFrames, pairing: Pairing) -> Iterator[Frames]:
    """Frames of each recording that has a partner."""
    for part, of_rows in zip(pairing.voices.parts, pairing.voices.labels, strict=True):
        recordings = frames.read(part)
        for row in np.flatnonzero(of_rows >= 0):
            yield np.asarray(recordings[row], np.float32)


def _heard(
    frames: CorpusFrames, encoder: FrameEncoder, pairing: Pairing
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Embedding and label of each recording that has a partner."""
    pooled = [encoder.pooled(one) for one in _recordings(frames, pairing)]
    vectors = np.array(pooled, np.float32).reshape(len(pooled), encoder.dim)
    labels = [of_rows[of_rows >= 0] for of_rows in pairing.voices.labels]
    return vectors, np.concatenate([np.empty(0, np.int64), *labels])


def _seen(corpus: Corpus, pairing: Pairing) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Pixels and label of each face that has a partner."""
    pixels, labels = [], []
    for part, of_rows in zip(pairing.faces.parts, pairing.faces.labels, strict=True):
        rows = np.flatnonzero(of_rows >= 0)
        pixels.append(read_pixels(corpus, part)[rows])
        labels.append(of_rows[rows])
    return np.concatenate(pixels), np.concatenate(labels)


def _shapes(corpus: Corpus, pairing: Pairing) -> npt.NDArray[np.float32]:
    """Shape of each face that has a partner."""
    found = [
        read_shapes(corpus, part)[of_rows >= 0]
        for part, of_rows in zip(pairing.faces.parts, pairing.faces.labels, strict=True)
    ]
    return np.concatenate(found)
