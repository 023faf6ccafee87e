"""A few people of a corpus, drawn by a seed, with what is stored of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.corpus.inspect.columns import read_rows
from voice2face.corpus.inspect.index import Index
from voice2face.corpus.read import Corpus
from voice2face.corpus.schema import FIGURES, KINDS, SPLITS, Kind, Shard, Split
from voice2face.settings import FaceFilters

# Of each figure: the threshold that cuts it, and the sign that makes a low value the worst.
LIMITS: dict[str, tuple[str, int]] = {
    "score": ("min_score", 1),
    "eyes_px": ("min_eyes_px", 1),
    "yaw_deg": ("max_yaw_deg", -1),
    "sharpness": ("min_sharpness", 1),
    "brightness": ("min_brightness", 1),
    "outside": ("max_outside", -1),
}


Row = dict[str, Any]  # a stored voice or face: all its columns, the payload as an array


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
    rng = np.random.default_rng(seed)
    split = np.full(len(index.identities), -1)
    has = {}
    for kind, rows in index.rows.items():
        split[rows.identity] = rows.split
        has[kind] = np.bincount(rows.identity, minlength=len(split)) > 0
    groups = [
        has["voice"] & has["face"],
        has["voice"] & ~has["face"],
        ~has["voice"] & has["face"],
    ]
    queues = []
    for number in range(len(SPLITS)):
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
    most: dict[Kind, int] = {"voice": clips, "face": faces}
    numbers: dict[Kind, list[npt.NDArray[np.int64]]] = {kind: [] for kind in KINDS}
    for person in chosen:
        for kind in KINDS:
            numbers[kind].append(np.flatnonzero(index.rows[kind].identity == person))
    drawn: dict[Kind, list[list[int]]] = {
        kind: [sorted(rng.permutation(rows)[: most[kind]].tolist()) for rows in numbers[kind]]
        for kind in KINDS
    }
    stored = {kind: _read(corpus, index, kind, chain.from_iterable(drawn[kind])) for kind in KINDS}
    return [
        Person(
            identity=index.identities[person],
            split=_split_of(index, numbers["voice"][i], numbers["face"][i]),
            n_clips=len(numbers["voice"][i]),
            n_faces=len(numbers["face"][i]),
            clips=tuple(stored["voice"][row] for row in drawn["voice"][i]),
            faces=tuple(stored["face"][row] for row in drawn["face"][i]),
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
        values = index.rows["face"].columns[name]
        badness = sign * (np.abs(values) if name == "yaw_deg" else values)
        order = np.argsort(badness, kind="stable")[:n_faces]  # NaN comes last
        rows[name] = [int(row) for row in order if not np.isnan(values[row])]
    stored = _read(corpus, index, "face", {row for chosen in rows.values() for row in chosen})
    filters: FaceFilters = corpus.info.face_crop.filters
    return [
        Worst(
            figure=name,
            threshold=float(getattr(filters, LIMITS[name][0])),
            at_least=LIMITS[name][1] > 0,
            faces=tuple(stored[row] for row in chosen),
        )
        for name, chosen in rows.items()
        if chosen
    ]


def attributes_of(rows: Sequence[Row], names: Iterable[str]) -> dict[str, str]:
    """Attributes that have one value in all rows that have any; the others are not there."""
    found = {name: {row[name] for row in rows if row.get(name) is not None} for name in names}
    return {name: str(next(iter(values))) for name, values in found.items() if len(values) == 1}


def measured(face: Row) -> dict[str, float]:
    """The figures of a face that are known."""
    return {name: float(face[name]) for name in FIGURES if face[name] is not None}


def _read(corpus: Corpus, index: Index, kind: Kind, rows: Iterable[int]) -> dict[int, Row]:
    """Rows with their payload, one shard at a time."""
    by_shard: dict[str, tuple[Shard, dict[int, int]]] = {}
    for row in sorted(rows):
        shard, place = index.rows[kind].place(row)
        by_shard.setdefault(shard.name, (shard, {}))[1][place] = row
    found: dict[int, Row] = {}
    for shard, places in by_shard.values():
        found.update(zip(places.values(), read_rows(corpus, shard, list(places)), strict=True))
    return found


def _split_of(index: Index, voices: npt.NDArray[Any], faces: npt.NDArray[Any]) -> Split:
    kind: Kind = "voice" if len(voices) else "face"
    row = voices[0] if len(voices) else faces[0]
    return SPLITS[int(index.rows[kind].split[row])]


def _turns(queues: Sequence[Any]) -> list[Any]:
    """The first of each queue, then the second of each, and so on."""
    longest = max((len(queue) for queue in queues), default=0)
    return [queue[i] for i in range(longest) for queue in queues if i < len(queue)]
