"""Lists of trials: who is asked about against whom, fixed before anything is scored.

A list holds names and people, but no embeddings, so the questions are the same for all systems and
embedders. Its checksum stands in each result.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import msgspec
import numpy as np

from voice2face.arrays import Int64s, Texts
from voice2face.errors import CorpusError

Protocol = Literal["1:2", "1:N", "retrieval", "verification"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)


@dataclass(frozen=True, eq=False)
class Items:
    """Recordings that faces are made from, or real faces.

    Attributes:
        name: Names, shape (n,).
        identity: Persons, shape (n,).
        groups: Columns such as gender and age, each of shape (n,); "" if unknown (None and NaN
            become "").
    """

    name: Texts
    identity: Texts
    groups: dict[str, Texts] = field(default_factory=dict)

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
    """A list of trials.

    Attributes:
        protocol: "1:2" and "1:N": which of several faces belongs to the voice; "retrieval": the
            rank of the person in a gallery; "verification": are they one person.
        probes: What is asked about.
        gallery: Real faces to compare with.
        strata: Columns of the gallery in which all faces of a trial are alike; faces with an
            unknown value are in no trial.
        n_way: Number of faces of a trial, or of people of a gallery; 1 in "verification".
        seed: Seed of what was drawn.
        asked: Row of the probe of each trial, shape (trials,); None if ``sets`` is None, and in
            "retrieval", where each gallery is for all probes.
        sets: Shape (trials, n_way); None if all combinations count. Rows of the gallery, the true
            face first ("verification": the face that is compared); in "retrieval" people,
            numbered as in ``gallery_people``.
        others_only: Whether a face with the probe's own name is no true face of it, as if real
            pictures are asked about among real pictures.
    """

    protocol: Protocol
    probes: Items
    gallery: Items
    strata: tuple[str, ...] = ()
    n_way: int = 2
    seed: int = 0
    asked: Int64s | None = None
    sets: Int64s | None = None
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

    @cached_property
    def gallery_people(self) -> Texts:
        """People of the gallery, sorted."""
        return np.unique(self.gallery.identity)

    @cached_property
    def stratum(self) -> Int64s:
        """Number of the stratum of each face of the gallery; -1 if it is unknown."""
        return stratum_of(self.gallery, self.strata)

    @property
    def chance(self) -> float:
        """Share that a blind guess gets right; in retrieval, at the first rank."""
        if self.protocol == "verification":
            return 0.5
        every = self.protocol == "retrieval" and self.sets is None
        return 1 / (len(self.gallery_people) if every else self.n_way)

    @cached_property
    def sha256(self) -> str:
        """Checksum of what is asked; file and time have no part in it."""
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


def stratum_of(items: Items, strata: Sequence[str]) -> Int64s:
    """Number of each item's combination of values, shape (n,); -1 if a value is unknown."""
    numbers = np.zeros(len(items), np.int64)
    unknown = np.zeros(len(items), bool)
    for name in strata:
        values, of_each = np.unique(items.groups[name], return_inverse=True)
        numbers = numbers * len(values) + of_each
        unknown |= items.groups[name] == ""
    return np.where(unknown, -1, numbers)


def _texts(column: np.ndarray) -> Texts:
    """Values as text; "" for None and NaN."""
    column = np.asarray(column)
    if column.dtype.kind in "US":
        return column.astype(np.str_)
    return np.array(["" if v is None or v != v else str(v) for v in column.tolist()], np.str_)


def refused(thing: str, found: str, wanted: str, remedy: str = "correct the table") -> CorpusError:
    """The error about impossible trials."""
    return CorpusError(thing, found, wanted, remedy)
