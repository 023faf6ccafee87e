"""Trials: who is asked about against whom, frozen before anything is scored, in a file.

A list holds names and people, no embeddings: whatever system makes the faces and whatever network
embeds them, the questions are the same. Its checksum is of its content and stands in each result.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.errors import CorpusError

Protocol = Literal["1:2", "1:N", "retrieval", "verification"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Items:
    """Recordings that faces are made from, or real faces.

    Attributes:
        name: Of each, shape (n,).
        identity: Person of each, shape (n,).
        groups: Columns such as gender and age, each of shape (n,); "" where unknown (also given
            as None or NaN).
    """

    name: npt.NDArray[np.str_]
    identity: npt.NDArray[np.str_]
    groups: dict[str, npt.NDArray[np.str_]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        columns = {"name": self.name, "identity": self.identity, **self.groups}
        shapes = {np.shape(column) for column in columns.values()}
        if len(shapes) > 1 or len(next(iter(shapes))) != 1:
            raise refused("items of trials", "columns of different lengths", "a value for each")
        object.__setattr__(self, "name", _texts(self.name))
        object.__setattr__(self, "identity", _texts(self.identity))
        object.__setattr__(self, "groups", {k: _texts(v) for k, v in self.groups.items()})
        if (self.identity == "").any():
            raise refused("items of trials", "one without identity", "whose each is")

    def __len__(self) -> int:
        return len(self.name)


@dataclass(frozen=True, eq=False)
class TrialList:
    """What is asked.

    Attributes:
        protocol: "1:2" and "1:N": which of several faces belongs to the voice; "retrieval": the
            rank of the person in a gallery; "verification": are they one person.
        probes: What is asked about.
        gallery: Real faces to compare with.
        strata: Columns of the gallery that all faces of a trial have in common; faces of which
            one is unknown are in no trial then.
        n_way: Faces of a trial, people of a gallery; 1 in "verification".
        seed: Seed of what was drawn.
        asked: Row of the probe of each trial, shape (trials,); None where ``sets`` is, and in
            "retrieval", where each gallery is for all probes.
        sets: Shape (trials, n_way); None: all combinations count. Rows of the gallery, the true
            face first ("verification": the one that is compared); in "retrieval" people, numbered
            as in ``gallery_people``.
        others_only: Whether a face that has the probe's own name is no true face of it: for real
            pictures that are asked about among real pictures.
    """

    protocol: Protocol
    probes: Items
    gallery: Items
    strata: tuple[str, ...] = ()
    n_way: int = 2
    seed: int = 0
    asked: Ints | None = None
    sets: Ints | None = None
    others_only: bool = False

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS:
            raise refused("trials", f"protocol '{self.protocol}'", " or ".join(PROTOCOLS))
        for name in self.strata:
            if name not in self.gallery.groups:
                known = ", ".join(self.gallery.groups) or "none"
                raise refused(
                    f"stratum '{name}'", "no such column of the real faces", f"one of: {known}"
                )
        _check_sets(self)

    @cached_property
    def gallery_people(self) -> npt.NDArray[np.str_]:
        """People of the gallery, sorted."""
        return np.unique(self.gallery.identity)

    @cached_property
    def stratum(self) -> Ints:
        """Number of what each face of the gallery has in common with others; -1: unknown."""
        return stratum_of(self.gallery, self.strata)

    @property
    def chance(self) -> float:
        """Share that a blind guess gets right; of retrieval, at the first rank."""
        if self.protocol == "verification":
            return 0.5
        every = self.protocol == "retrieval" and self.sets is None
        return 1 / (len(self.gallery_people) if every else self.n_way)

    @cached_property
    def sha256(self) -> str:
        """Checksum of what is asked, wherever it lies and whenever it was made."""
        drawn = self.sets is not None
        head = (self.protocol, self.strata, self.n_way, self.seed if drawn else 0, self.others_only)
        digest = hashlib.sha256(msgspec.json.encode(head))
        for items in (self.probes, self.gallery):
            columns = [items.name.tolist(), items.identity.tolist()]
            groups = [(k, items.groups[k].tolist()) for k in sorted(items.groups)]
            digest.update(msgspec.json.encode((columns, groups)))
        for rows in (self.asked, self.sets):
            values = np.zeros(0, "<i8") if rows is None else rows.astype("<i8")
            digest.update(msgspec.json.encode(None if rows is None else rows.shape))
            digest.update(np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()


def stratum_of(items: Items, strata: Sequence[str]) -> Ints:
    """Number of each item's values of some columns together, shape (n,); -1: one is unknown."""
    numbers = np.zeros(len(items), np.int64)
    unknown = np.zeros(len(items), bool)
    for name in strata:
        values, of_each = np.unique(items.groups[name], return_inverse=True)
        numbers = numbers * len(values) + of_each
        unknown |= items.groups[name] == ""
    return np.where(unknown, -1, numbers)


def _texts(column: np.ndarray) -> npt.NDArray[np.str_]:
    """Values as texts; "" for None and NaN."""
    column = np.asarray(column)
    if column.dtype.kind in "US":
        return column.astype(np.str_)
    return np.array(["" if v is None or v != v else str(v) for v in column.tolist()], np.str_)


def refused(thing: str, found: str, wanted: str, remedy: str = "correct the table") -> CorpusError:
    """The error of trials that cannot be."""
    return CorpusError(thing, found, wanted, remedy)


def _check_sets(trials: TrialList) -> None:
    """Refuse rows that are not there, a first face of somebody else, and impostors that are not."""
    sets, asked = trials.sets, trials.asked
    if sets is None and asked is None:
        return
    by_people = trials.protocol == "retrieval"
    if sets is None or sets.ndim != 2 or sets.shape[1] != trials.n_way or not len(sets):
        raise refused("trials", "sets of another shape", f"rows of {trials.n_way}")
    n_rows = len(trials.gallery_people) if by_people else len(trials.gallery)
    if sets.min() < 0 or sets.max() >= n_rows:
        raise refused("trials", "a row beyond the gallery", f"rows 0 to {n_rows - 1}")
    if by_people:
        if (np.diff(np.sort(sets, axis=1), axis=1) == 0).any():
            raise refused("trials", "somebody twice in a gallery", "each person once")
        return
    if asked is None or asked.shape != (len(sets),):
        raise refused("trials", "sets without their probes", "a probe for each")
    if asked.min() < 0 or asked.max() >= len(trials.probes):
        raise refused("trials", "a row beyond the probes", f"rows 0 to {len(trials.probes) - 1}")
    if trials.protocol == "verification":
        return
    numbers = np.unique(trials.gallery.identity, return_inverse=True)[1]
    who = numbers[sets]
    mine = trials.gallery.identity[sets[:, 0]] == trials.probes.identity[asked]
    if not mine.all() or (np.diff(np.sort(who, axis=1), axis=1) == 0).any():
        raise refused(
            "trials", "sets with another first face, or a person twice", "the true one first"
        )
    alike = trials.stratum[sets]
    if (alike < 0).any() or (alike != alike[:, :1]).any():
        raise refused("trials", "faces of different strata in a set", "faces alike in them")
