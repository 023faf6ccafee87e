"""What the monitors hold of a corpus: few voices and faces, the same for a whole training."""

import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from voice2face.corpus import Corpus, Faces
from voice2face.training.data.frames import CorpusFrames, HeardVoices
from voice2face.training.data.in_memory import VoiceBank, faces_of
from voice2face.training.data.source import values_of

HEARD, UNHEARD = 16, 32  # voices of training people and of others: what a snapshot makes faces of
VOICES_EACH, FACES_EACH = 4, 6  # at most, of one held-out person
HELD_OUT_FACES = 512
BANK_FACES = 100_000  # training faces among which the nearest is looked for; 77 MB
FULL_FACES = 2000  # training faces kept whole
SMALL_PX = 8  # of a face in the bank
EMBEDDER_PX = 32  # of a face that is embedded; eigenfaces hold no more detail


@dataclass
class Taken:
    """Rows taken from a corpus: what they are, and whose."""

    items: list[np.ndarray] = field(default_factory=list)
    identity: list[str] = field(default_factory=list)
    label: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.items)

    def add(self, item: np.ndarray, person: str, label: str) -> None:
        """One row more."""
        self.items.append(item)
        self.identity.append(person)
        self.label.append(label)

    def faces(self) -> Tensor:
        """Pictures as faces in [-1, 1], (n, 3, px, px)."""
        return faces_of(np.stack(self.items))

    def voices(self, frames: CorpusFrames) -> VoiceBank:
        """Frames as a bank, unlabelled."""
        return VoiceBank.of(self.items, np.zeros(len(self), np.int64), frames.encoder.prepared)


def shrunk(faces: Tensor, px: int) -> Tensor:
    """Faces averaged down to at most ``px`` pixels a side: (n, 3, px, px)."""
    return F.adaptive_avg_pool2d(faces, min(px, faces.shape[-1]))


def heard_voices(frames: CorpusFrames, pair_by: str) -> Taken:
    """One recording of each of some training people."""
    return _round_robin(frames.shards("train"), pair_by, HEARD, 1)


def unheard_voices(frames: CorpusFrames, pair_by: str) -> Taken:
    """Recordings of validation people, of as many as can be; none whose label is unknown."""
    return _round_robin(frames.shards("validation"), pair_by, UNHEARD, VOICES_EACH)


def held_out_faces(corpus: Corpus, pair_by: str, labels: set[str]) -> Taken:
    """Faces of validation people with these labels; of any where there are none."""
    for wanted in (labels, None):
        faces = corpus.iter_faces("validation")
        taken = _round_robin(faces, pair_by, HELD_OUT_FACES, FACES_EACH, wanted)
        if len(taken):
            break
    return taken


def training_faces(corpus: Corpus, pair_by: str, seed: int) -> tuple[Tensor, Taken]:
    """Training faces made small, and all faces of some of the people, shard by shard.

    Returns:
        Shape (at most about BANK_FACES, 3, SMALL_PX, SMALL_PX); and whole ones, about FULL_FACES.
    """
    rng = np.random.default_rng(seed)
    n_faces = max(corpus.info.counts["train"].faces, 1)
    bank: list[Tensor] = [torch.zeros(0, 3, SMALL_PX, SMALL_PX)]
    whole = Taken()
    for part in corpus.iter_faces("train"):
        chosen = np.flatnonzero(rng.random(len(part)) < BANK_FACES / n_faces)
        some = np.array_split(chosen, len(chosen) // 1000 + 1)  # floats of all would not fit
        bank += [shrunk(faces_of(part.pixels[rows]), SMALL_PX) for rows in some]
        labels = values_of(part, pair_by)
        for i, person in enumerate(part.identity):
            chance = zlib.crc32(f"{seed} {person}".encode()) / 2**32  # the same in all shards
            if chance < FULL_FACES / n_faces:
                whole.add(part.pixels[i], str(person), labels[i])
    return torch.cat(bank), whole


def _round_robin(
    parts: Iterable[HeardVoices | Faces],
    pair_by: str,
    most: int,
    each: int,
    labels: set[str] | None = None,
) -> Taken:
    """The first row of each person, then the second ...: at most ``most`` rows in all.

    Shards are read only until that many people are there.
    """
    found: dict[str, list[tuple[np.ndarray, str]]] = defaultdict(list)
    for part in parts:
        items = part.pixels if isinstance(part, Faces) else part.frames
        of_rows = zip(items, part.identity, values_of(part, pair_by), strict=True)
        for item, person, label in of_rows:
            wanted = label if labels is None else label in labels
            is_known = person in found or len(found) < most
            if wanted and is_known and len(found[str(person)]) < each:
                found[str(person)].append((np.array(item), label))
        if len(found) >= most:
            break
    taken = Taken()
    for turn in range(each):
        for person, rows in found.items():
            if turn < len(rows) and len(taken) < most:
                taken.add(rows[turn][0], person, rows[turn][1])
    return taken
