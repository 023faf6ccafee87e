"""Parts of lists of trials that are drawn: sets of faces, galleries of people, pairs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Bools, Int64s
from voice2face.evaluation.trials.trial_list import Items, TrialList, refused, stratum_of

MOST_PAIRS = 4_000_000  # most pairs that are all looked at; of more, some are drawn
MOST_ROUNDS = 50  # rounds of drawing


@dataclass(frozen=True, eq=False)
class Cells:
    """Real faces in order of stratum and person; a cell is one person's faces in one stratum.

    Attributes:
        rows: Rows of the gallery, in that order; faces of unknown stratum are left out.
        start: Place in ``rows`` where each cell begins, shape (cells,).
        count: Number of faces of each cell.
        person: Person of each cell, numbered as in ``gallery_people``.
        stratum: Stratum of each cell, rising.
    """

    rows: Int64s
    start: Int64s
    count: Int64s
    person: Int64s
    stratum: Int64s

    @classmethod
    def of(cls, trials: TrialList) -> "Cells":
        """Cells of the gallery of a list."""
        person = np.unique(trials.gallery.identity, return_inverse=True)[1].astype(np.int64)
        rows = np.lexsort((person, trials.stratum))
        rows = rows[trials.stratum[rows] >= 0]
        keys = np.stack([trials.stratum[rows], person[rows]])
        new = np.ones(len(rows), bool)
        new[1:] = (np.diff(keys) != 0).any(axis=0)
        start = np.flatnonzero(new)
        count = np.diff(np.append(start, len(rows)))
        return cls(rows, start, count, keys[1, start], keys[0, start])

    def of_person(self, person: int) -> Int64s:
        """Numbers of the cells of a person."""
        return np.flatnonzero(self.person == person)

    def columns(self, first: int, end: int | None = None) -> slice:
        """Slice of ``rows`` with the faces of a cell, or of the cells up to ``end``."""
        last = first if end is None else end - 1
        return slice(int(self.start[first]), int(self.start[last] + self.count[last]))

    def alike(self, cell: int) -> tuple[int, int]:
        """First cell of the stratum of a cell, and the one after its last."""
        first, end = np.searchsorted(self.stratum, [self.stratum[cell], self.stratum[cell] + 1])
        return int(first), int(end)


def check_possible(trials: TrialList) -> None:
    """Refuse a list in which nobody can be asked about.

    Raises:
        CorpusError: Somebody or something is missing.
    """
    thing, people = f"{trials.protocol} trials", trials.gallery_people
    for items, name in ((trials.probes, "probes"), (trials.gallery, "real faces")):
        if not len(items):
            raise refused(thing, f"no {name}", "some of two people or more", "give some")
    if len(people) < 2:
        found = f"real faces of one identity only ('{people[0]}')"
        raise refused(thing, found, "two or more", "give faces of more people")
    if not np.isin(trials.probes.identity, people).any():
        found, remedy = "nobody has both a probe and a real face", "name people alike on both sides"
        raise refused(thing, found, "people with both", remedy)
    if trials.protocol == "retrieval" and trials.strata:
        raise refused(thing, "strata", "none", "give the real faces of one stratum")
    if trials.protocol in ("1:2", "1:N"):
        _check_impostors(trials, thing)


def _check_impostors(trials: TrialList, thing: str) -> None:
    """Refuse sets if nobody has enough impostors."""
    cells, asked = Cells.of(trials), set(trials.probes.identity.tolist())
    enough = np.bincount(cells.stratum, minlength=1)[cells.stratum] >= trials.n_way
    if not any(trials.gallery_people[i] in asked for i in cells.person[enough]):
        alike = f" of the same {' and '.join(trials.strata)}" if trials.strata else ""
        wanted = f"faces of {trials.n_way - 1} other people{alike} for somebody"
        raise refused(thing, f"nobody with an impostor{alike}", wanted, "give faces of more people")


def own_faces(trials: TrialList) -> list[Int64s]:
    """Rows of the true faces of each probe."""
    people, numbers = np.unique(trials.gallery.identity, return_inverse=True)
    order = np.argsort(numbers, kind="stable")
    split = np.split(order, np.cumsum(np.bincount(numbers))[:-1])
    rows = {
        name: of_one[trials.stratum[of_one] >= 0]
        for name, of_one in zip(people, split, strict=True)
    }
    nobody = np.zeros(0, np.int64)
    own = [rows.get(identity, nobody) for identity in trials.probes.identity]
    if not trials.others_only:
        return own
    named = zip(own, trials.probes.name, strict=True)
    return [of_one[trials.gallery.name[of_one] != name] for of_one, name in named]


def sets_of_faces(
    trials: TrialList, n_each: int, rng: np.random.Generator
) -> tuple[Int64s, Int64s]:
    """Sets for each probe: a true face, and one face each of other people of the stratum.

    A probe whose person has too few impostors is not asked about.

    Args:
        trials: The list without sets.
        n_each: Number of sets of each probe.
        rng: Source of randomness.

    Returns:
        Probes, shape (trials,), and rows of the gallery, shape (trials, n_way).

    Raises:
        CorpusError: No probe has any.
    """
    cells = Cells.of(trials)
    cell_of = np.full(len(trials.gallery), -1, np.int64)
    cell_of[cells.rows] = np.repeat(np.arange(len(cells.start)), cells.count)
    asked, sets = [], []
    for probe, own in enumerate(own_faces(trials)):
        bounds = {c: cells.alike(c) for c in np.unique(cell_of[own]).tolist()}
        fit = [c for c, (first, end) in bounds.items() if end - first >= trials.n_way]
        own = own[np.isin(cell_of[own], fit)]
        if not len(own):
            continue
        true = np.sort(rng.choice(own, n_each))
        for cell in np.unique(cell_of[true]).tolist():
            some = true[cell_of[true] == cell]
            others = _others(cells, cell, bounds[cell], (len(some), trials.n_way - 1), rng)
            sets.append(np.column_stack([some, others]))
            asked.append(np.full(len(some), probe))
    if not sets:
        wanted = "somebody with another face and impostors"
        raise refused("trials", "no probe that can be asked about", wanted, "give more faces")
    return np.concatenate(asked), np.concatenate(sets)


def _others(
    cells: Cells,
    own: int,
    bounds: tuple[int, int],
    shape: tuple[int, int],
    rng: np.random.Generator,
) -> Int64s:
    """Rows of faces of different people of a stratum, none of cell ``own``: (sets, each)."""
    first, end = bounds
    keys = rng.random((shape[0], end - first - 1))
    if shape[1] < keys.shape[1]:
        chosen = first + keys.argpartition(shape[1], axis=1)[:, : shape[1]]
    else:
        chosen = first + keys.argsort(axis=1)
    chosen += chosen >= own  # leaves out the own cell
    which = (rng.random(shape) * cells.count[chosen]).astype(np.int64)
    return np.asarray(cells.rows[cells.start[chosen] + which])


def galleries(trials: TrialList, n: int, rng: np.random.Generator) -> Int64s:
    """People of ``n`` galleries, shape (n, n_way); disjoint if there are enough people.

    Raises:
        CorpusError: There are fewer people than a gallery needs, or none who is asked about.
    """
    people, n_way = trials.gallery_people, trials.n_way
    if len(people) < n_way:
        found, remedy = f"{len(people)} people", "ask for smaller ones, or for the whole"
        raise refused("galleries", found, f"{n_way} for each", remedy)
    if n * n_way <= len(people):
        sets = rng.permutation(len(people))[: n * n_way].reshape(n, n_way)
    else:
        sets = np.stack([rng.permutation(len(people))[:n_way] for _ in range(n)])
    if not np.isin(trials.probes.identity, people[sets]).any():
        found = "nobody who is asked about"
        raise refused("galleries", found, "people with probes", "give faces of those people alone")
    return np.sort(sets, axis=1)


def pairs(trials: TrialList, n: int, rng: np.random.Generator) -> tuple[Int64s, Int64s]:
    """At most ``n`` pairs of one person and ``n`` of two people of the same stratum.

    Returns:
        Probes, shape (trials,), and rows of the gallery, shape (trials, 1).

    Raises:
        CorpusError: There is no pair of one person, or none of two.
    """
    probe_stratum, face_stratum = _joint_strata(trials)
    n_faces = len(trials.gallery)
    same = np.concatenate(
        [
            probe * n_faces + own[face_stratum[own] == probe_stratum[probe]]
            for probe, own in enumerate(own_faces(trials))
        ]
    )
    everybody = np.unique([*trials.probes.identity, *trials.gallery_people], return_inverse=True)[1]
    of_probe = everybody[: len(trials.probes)]
    people = np.unique(trials.gallery.identity, return_inverse=True)[1]
    of_face = everybody[len(trials.probes) :][people]

    def differ(flat: Int64s) -> Bools:
        probe, face = np.divmod(flat, n_faces)
        alike = (probe_stratum[probe] == face_stratum[face]) & (face_stratum[face] >= 0)
        return np.asarray(alike & (of_probe[probe] != of_face[face]), np.bool_)

    different = _drawn(differ, len(trials.probes) * n_faces, n, rng)
    for kind, name in ((same, "one person"), (different, "two people")):
        if not len(kind):
            alike = f" alike in {', '.join(trials.strata)}" if trials.strata else ""
            found = f"no pair of {name}{alike}"
            raise refused("verification trials", found, "some", "give faces of more people")
    same = same if len(same) <= n else rng.choice(same, n, replace=False)
    asked, face = np.divmod(np.sort(np.concatenate([same, different])), n_faces)
    return asked, face[:, None]


def _drawn(
    wanted: Callable[[Int64s], Bools], n_all: int, n: int, rng: np.random.Generator
) -> Int64s:
    """At most ``n`` different numbers below ``n_all`` for which ``wanted`` is true."""
    if n_all <= MOST_PAIRS:
        every = np.arange(n_all)
        every = every[wanted(every)]
        return every if len(every) <= n else rng.choice(every, n, replace=False)
    found = np.zeros(0, np.int64)
    for _ in range(MOST_ROUNDS):
        some = rng.integers(n_all, size=2 * n)
        found = np.unique(np.concatenate([found, some[wanted(some)]]))
        if len(found) >= n:
            return rng.choice(found, n, replace=False)
    return found


def _joint_strata(trials: TrialList) -> tuple[Int64s, Int64s]:
    """Strata of probes and of faces, with the same numbers; -1 if unknown."""
    for name in trials.strata:
        if name not in trials.probes.groups:
            found = "no such column of the probes"
            raise refused(f"stratum '{name}'", found, "the column", "add it to the table")
    both = Items(
        np.concatenate([trials.probes.name, trials.gallery.name]),
        np.concatenate([trials.probes.identity, trials.gallery.identity]),
        {
            k: np.concatenate([trials.probes.groups[k], trials.gallery.groups[k]])
            for k in trials.strata
        },
    )
    numbers = stratum_of(both, trials.strata)
    return numbers[: len(trials.probes)], numbers[len(trials.probes) :]
