"""A few people of a corpus, drawn by a seed, with what is stored of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from voice2face.corpus.inspect.index import Index, Row
from voice2face.corpus.read import Corpus
from voice2face.corpus.schema import SPLITS, Split

# Of each figure: the threshold that cuts it, and the sign that makes a low value the worst.
LIMITS: dict[str, tuple[str, int]] = {
    "score": ("min_score", 1),
    "eyes_px": ("min_eyes_px", 1),
    "yaw_deg": ("max_yaw_deg", -1),
    "sharpness": ("min_sharpness", 1),
    "brightness": ("min_brightness", 1),
    "outside": ("max_outside", -1),
}


@dataclass(frozen=True)
class Person:
    """An identity, and some of what is stored of it.

    Args:
        identity: Its name.
        split: Where it is.
        n_clips: All clips that the corpus has.
        n_faces: All faces that the corpus has.
        clips: Some of them.
        faces: Some of them.
    """

    identity: str
    split: Split
    n_clips: int
    n_faces: int
    clips: tuple[Row, ...]
    faces: tuple[Row, ...]


@dataclass(frozen=True)
class Worst:
    """The faces that came closest to being left out for one figure, the worst first."""

    figure: str
    threshold: float
    at_least: bool  # the threshold is the least that passes, not the most
    faces: tuple[Row, ...]


def draw(index: Index, n_identities: int, seed: int) -> list[int]:
    """Numbers of some identities.

    The splits take turns; within a split first one each who has voices and faces, only voices,
    only faces; then those who have both; then the others in turns.

    Args:
        index: Who is in which row.
        n_identities: How many at most.
        seed: Seed of the order.

    Returns:
        Sorted by split and name.
    """
    rng, n_people = np.random.default_rng(seed), len(index.identities)
    split = np.zeros(n_people, int)
    split[index.person] = index.split
    heard, seen = (
        np.bincount(people, minlength=n_people) > 0
        for people in np.split(index.person, [index.n_voices])
    )
    queues = []
    for number in range(len(SPLITS)):
        groups = (heard & seen, heard & ~seen, ~heard & seen)
        both, *others = [rng.permutation(np.flatnonzero((split == number) & g)) for g in groups]
        firsts = [group[0] for group in (both, *others) if len(group)]
        queues.append([*firsts, *both[1:], *_turns([group[1:] for group in others])])
    chosen = [int(number) for number in _turns(queues)[:n_identities]]
    return sorted(chosen, key=lambda number: (split[number], index.identities[number]))


def read_people(
    corpus: Corpus, index: Index, chosen: Sequence[int], *, clips: int, faces: int, seed: int
) -> list[Person]:
    """Read some clips and faces of each identity.

    Args:
        corpus: What to read.
        index: Who is in which row.
        chosen: Numbers of the identities.
        clips: Most of each.
        faces: Most of each.
        seed: Seed of the choice.

    Raises:
        CorpusError: A shard is missing or damaged.
    """
    rng = np.random.default_rng(seed)
    rows = [np.flatnonzero(index.person == person) for person in chosen]
    heard = [of_person[of_person < index.n_voices] for of_person in rows]
    seen = [of_person[of_person >= index.n_voices] for of_person in rows]
    drawn_clips = [sorted(rng.permutation(some)[:clips].tolist()) for some in heard]
    drawn_faces = [sorted(rng.permutation(some)[:faces].tolist()) for some in seen]
    stored = index.read(corpus, {row for some in drawn_clips + drawn_faces for row in some})
    return [
        Person(
            identity=index.identities[person],
            split=SPLITS[int(index.split[rows[i][0]])],
            n_clips=len(heard[i]),
            n_faces=len(seen[i]),
            clips=tuple(stored[row] for row in drawn_clips[i]),
            faces=tuple(stored[row] for row in drawn_faces[i]),
        )
        for i, person in enumerate(chosen)
    ]


def read_worst(corpus: Corpus, index: Index, n_faces: int) -> list[Worst]:
    """The worst faces by each figure that a threshold cuts.

    Raises:
        CorpusError: A shard is missing or damaged.
    """
    rows: dict[str, list[int]] = {}
    for name, (_, sign) in LIMITS.items():
        values = index.table[name].to_numpy()  # NaN for null: in all rows of voices
        badness = sign * (np.abs(values) if name == "yaw_deg" else values)
        order = np.argsort(badness, kind="stable")[:n_faces]  # NaN comes last
        rows[name] = [int(row) for row in order if not np.isnan(values[row])]
    stored = index.read(corpus, {row for chosen in rows.values() for row in chosen})
    return [
        Worst(
            figure=name,
            threshold=float(getattr(corpus.info.face_crop.filters, LIMITS[name][0])),
            at_least=LIMITS[name][1] > 0,
            faces=tuple(stored[row] for row in chosen),
        )
        for name, chosen in rows.items()
        if chosen
    ]


def _turns(queues: Sequence[Any]) -> list[Any]:
    """The first of each queue, then the second of each, and so on."""
    return [one for turn in zip_longest(*queues) for one in turn if one is not None]
