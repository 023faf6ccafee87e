"""Training of generators without the shared loop: from arrays of embeddings and faces."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s, Float64s, Floats, Int64s, UInt8s
from voice2face.corpus import Corpus
from voice2face.corpus.stream import RowGroup, read_pixels, read_shapes
from voice2face.release.model_folder import Facts
from voice2face.release.writing import NewPart, write_release
from voice2face.setting_errors import shown
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.pairing import Pairing, Rows
from voice2face.training.distributed import Team
from voice2face.training.everyone import Everyone, read_everyone
from voice2face.training.facts import face_facts
from voice2face.training.frozen import FrozenEncoder, open_frozen
from voice2face.training.run_folder import opened_corpus

Frames = npt.NDArray[np.float32]
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, eq=False)
class VoicesAndFaces:
    """Voices and faces of the people, or groups, that have both.

    Attributes:
        embeddings: Embeddings of the recordings by the frozen voice encoder, (recordings, dim).
        voice_labels: Person or group of each, a number in ``labels``, (recordings,).
        pixels: RGB, uint8, (faces, px, px, 3).
        face_labels: Person or group of each, (faces,).
        labels: Names of the people or groups.
        geometry: How all faces lie, a name of ``faces.GEOMETRIES``; None: not known.
        read_frames: Reads :attr:`frames`.
        encoder: The voice encoder.
        read_shapes: Reads :attr:`shapes`; None where faces are not normalised.
        read_everyone: Reads :attr:`everyone`; None where there is nobody else.
    """

    embeddings: Float32s
    voice_labels: Int64s
    pixels: UInt8s
    face_labels: Int64s
    labels: list[str]
    geometry: str | None = None
    read_frames: Callable[[], list[Frames]] = list
    encoder: FrozenEncoder | None = None
    read_shapes: Callable[[], Float32s] | None = None
    read_everyone: Callable[[], Everyone] | None = None

    @cached_property
    def frames(self) -> list[Frames]:
        """What the embedding of each recording is pooled from, each (frames, frame_dim).

        Log-mel bands, or the embeddings of windows; read when asked for. Empty if not known.
        """
        return self.read_frames()

    @cached_property
    def shapes(self) -> Float32s | None:
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
    """A generator, and what else a method gives.

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
        """Name of the method in the card."""

    def __call__(self, data: VoicesAndFaces, seed: int) -> NewPart | Trained:
        """Train: the generator, alone or with facts for the card.

        Raises:
            Voice2FaceError: It can't be learned from these data.
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
    settings: Mapping[str, Any] | None = None,
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
        settings: Settings of the method that are not the default, for the card.

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
    corpus = opened_corpus(corpus_folder, out)
    if isinstance(fit, Particular):
        fit.check(corpus)
    encoder = open_frozen(voice_encoder)
    data = read_pairs(corpus, encoder, pair_by, set_aside)
    made = fit(data, seed)
    trained = made if isinstance(made, Trained) else Trained(made)
    facts: Facts = {
        **face_facts(
            corpus, pair_by, set_aside,
            classes=len(data.labels), recordings=len(data.embeddings), faces=len(data.pixels),
        ),
        "variant": fit.name,
        **{path: shown(value) for path, value in (settings or {}).items()},
        "seed": seed,
        **trained.facts,
        **encoder.facts,
    }  # fmt: skip
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
    pairing = Pairing.of(frames, pair_by, set_aside)
    voices, faces = pairing.voices, pairing.faces
    pooled = [encoder.frames.pooled(one) for one in _recordings(frames, voices)]
    return VoicesAndFaces(
        np.array(pooled, np.float32).reshape(len(pooled), encoder.frames.dim), voices.classes,
        _faces(partial(read_pixels, corpus), faces), faces.classes,
        pairing.labels, corpus.info.geometry, lambda: list(_recordings(frames, voices)), encoder,
        partial(_faces, partial(read_shapes, corpus), faces) if corpus.info.keeps_shapes else None,
        lambda: read_everyone(corpus, frames, encoder.frames, set_aside),
    )  # fmt: skip


def mean_of_each(rows: Floats, labels: Int64s, n: int) -> Float64s:
    """Mean of the rows of each label, zero where it has none: (rows, values) → (n, values)."""
    sums = np.zeros((n, rows.shape[1]))
    np.add.at(sums, labels, rows)
    return np.asarray(sums / np.maximum(np.bincount(labels, minlength=n), 1)[:, None])


def _recordings(frames: CorpusFrames, voices: Rows) -> Iterator[Frames]:
    """Frames of each recording that has a partner."""
    for part, rows in zip(voices.parts, voices.kept, strict=True):
        recordings = frames.read(part)
        yield from (np.asarray(recordings[row], np.float32) for row in rows)


def _faces(read: Callable[[RowGroup], npt.NDArray[Number]], faces: Rows) -> npt.NDArray[Number]:
    """Pixels, or shapes, of each face that has a partner."""
    both = zip(faces.parts, faces.kept, strict=True)
    return np.concatenate([read(part)[rows] for part, rows in both])
