"""Voice-to-face matching (Wen et al. 2019): which of several faces belongs to the voice?

A trial is right if the true face has the highest cosine to the made one; a tie of k faces counts
1/k. In 1:2 matching over all triples, all pairs of a true face and an impostor's count. They are
not listed, since 1,000 people with 10 recordings and 10 faces have 10^9.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from voice2face.arrays import Float64s, Int64s, Texts, Vectors
from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.cosine import ROUNDING, both_sides
from voice2face.evaluation.statistics.intervals import (
    DIFFERENCE,
    N_RESAMPLES,
    SHARE,
    Estimate,
    difference,
    estimate,
    person_means,
    with_seeds,
)
from voice2face.evaluation.statistics.paired_people import PeoplePairs, Tally
from voice2face.evaluation.trials.drawn_trials import Cells
from voice2face.evaluation.trials.trial_list import Items, TrialList

ROWS_AT_ONCE = 500  # probes whose cosines are in memory: 20 MB with 10,000 faces
OWN_AT_ONCE = 127  # most true faces whose two comparisons fit into a byte


@dataclass(frozen=True, eq=False)
class Scored:
    """Answers to a list of trials.

    Attributes:
        share_right: Share of right ones among each probe's trials, shape (probes,); NaN for none.
        people: Person of each probe, shape (probes,).
        n_trials: Number of trials.
        chance: Share that a blind guess gets right.
        pairs: Answers by person asked about and impostor; None if trials have several impostors.
        of_seeds: Accuracy of each training, if it is the mean of several.
    """

    share_right: Float64s
    people: Texts
    n_trials: int
    chance: float
    pairs: PeoplePairs | None = None
    of_seeds: tuple[float, ...] = ()

    @property
    def accuracy(self) -> float:
        """Share of right trials, mean over people."""
        return float(person_means(self.share_right, self.people)[0].mean())

    @property
    def n_people(self) -> int:
        """Number of people asked about."""
        return len(np.unique(self.people[~np.isnan(self.share_right)]))

    def estimate(self, *, seed: int = 0, n_resamples: int = N_RESAMPLES) -> Estimate:
        """Accuracy, each person counting alike, with its interval over people and seeds.

        People are drawn in both roles, asked about and as impostors, since both are samples.
        If trials have several impostors, people are drawn only as those asked about.

        Raises:
            CorpusError: There is one person alone.
        """
        draws = {"seed": seed, "n_resamples": n_resamples}
        if self.pairs is None:
            found = estimate(self.share_right, self.people, ends=SHARE, **draws)
        else:
            found = self.pairs.estimate(**draws)
        return with_seeds(found, self.of_seeds, ends=SHARE)

    def above(self, other: "Scored", *, seed: int = 0, n_resamples: int = N_RESAMPLES) -> Estimate:
        """By how much it is above another system on the same trials, on the same drawn people.

        Raises:
            CorpusError: The trials differ, or there is one person alone.
        """
        self._check_same(other)
        draws = {"seed": seed, "n_resamples": n_resamples}
        if self.pairs is None or other.pairs is None:
            a, b = self.share_right, other.share_right
            found = difference(a, b, self.people, ends=DIFFERENCE, **draws)
        else:
            found = self.pairs.above(other.pairs, **draws)
        return with_seeds(found, self.of_seeds, other.of_seeds, ends=DIFFERENCE)

    @classmethod
    def mean(cls, some: Sequence["Scored"]) -> "Scored":
        """Mean over the seeds of one model, probe by probe; the accuracy of each seed is kept.

        Raises:
            CorpusError: The trials differ.
        """
        for other in some[1:]:
            some[0]._check_same(other)
        share = np.mean([scored.share_right for scored in some], axis=0)
        pairs = [scored.pairs for scored in some if scored.pairs is not None]
        return replace(
            some[0],
            share_right=share,
            pairs=PeoplePairs.mean(pairs) if pairs else None,
            of_seeds=tuple(one.accuracy for one in some) if len(some) > 1 else (),
        )

    def _check_same(self, other: "Scored") -> None:
        asked, also = (~np.isnan(scored.share_right) for scored in (self, other))
        if not np.array_equal(self.people, other.people) or not np.array_equal(asked, also):
            raise CorpusError(
                "two systems", "other trials", "one list of trials", "score both with one list"
            )


def match(
    made: np.ndarray,
    real: np.ndarray,
    trials: TrialList,
    *,
    centre: bool = False,
    by_person: bool = False,
) -> Scored:
    """Answer 1:2 or 1:N trials.

    Args:
        made: Embeddings of the faces made from the probes, shape (probes, dim).
        real: Embeddings of the gallery by the same, fixed network, shape (gallery, dim).
        trials: Trials of protocol "1:2" or "1:N".
        centre: Subtract each side's mean, since what all made faces (or all real ones) have in
            common cannot tell people apart.
        by_person: In 1:2 over all triples, whether each impostor counts alike, not each of their
            faces. One face for all voices is then right in exactly half of the trials. If each
            face counts, it is not, unless all people have equally many faces.

    Raises:
        CorpusError: Embeddings that don't fit the trials or are not finite, trials of another
            protocol, or nobody with a true face and an impostor.
    """
    if trials.protocol not in ("1:2", "1:N"):
        found = f"trials of protocol '{trials.protocol}'"
        raise CorpusError("matching", found, "'1:2' or '1:N'", "make those")
    if trials.sets is None and trials.protocol == "1:N":
        raise CorpusError("matching", "1:N without sets", "drawn sets", "use make_trials")
    probes, faces = both_sides(made, real, trials, centre=centre)
    tally = Tally.of(trials)
    if trials.sets is None:
        _all_triples(probes, faces, trials, tally, by_person)
    else:
        tally.add_sets(trials, _drawn_sets(probes, faces, trials))
    if not tally.asked.any():
        raise CorpusError(
            "matching",
            "nobody has a made face, a real one and an impostor",
            "at least two people with both",
            "give faces of more people",
        )
    with np.errstate(invalid="ignore"):
        share = tally.right / tally.total  # 0 / 0: NaN
    people = trials.probes.identity
    return Scored(share, people, int(tally.asked.sum()), trials.chance, tally.pairs())


def _all_triples(
    probes: Vectors, faces: Vectors, trials: TrialList, tally: Tally, by_person: bool
) -> None:
    """Count, person by person, the impostors' faces that lie below each true one."""
    cells = Cells.of(trials)
    columns = np.ascontiguousarray(faces[cells.rows].T)
    order = np.argsort(tally.person, kind="stable")
    for start in range(0, len(order), ROWS_AT_ONCE):
        rows = order[start : start + ROWS_AT_ONCE]
        scores = probes[rows] @ columns
        ends = np.flatnonzero(np.diff(tally.person[rows])) + 1
        for first, end in zip([0, *ends], [*ends, len(rows)], strict=True):
            _count_person(rows[first:end], scores[first:end], cells, trials, tally, by_person)


def _count_person(
    probes: Int64s,
    scores: Vectors,
    cells: Cells,
    trials: TrialList,
    tally: Tally,
    by_person: bool,
) -> None:
    """Count trials of probes of one person, from their cosines to ``cells.rows``."""
    mine = cells.of_person(int(tally.in_gallery[probes[0]])).tolist()
    bounds = [cells.alike(cell) for cell in mine]
    true = [scores[:, cells.columns(cell)].copy() for cell in mine]
    if trials.others_only:
        for cell, own in zip(mine, true, strict=True):
            names = trials.gallery.name[cells.rows[cells.columns(cell)]]
            own[names == trials.probes.name[probes, None]] = -np.inf
    n_true = [np.isfinite(own).sum(axis=1) for own in true]
    weigh = 1 / cells.count if by_person else np.ones(len(cells.count))
    for cell, (low, high), n in zip(mine, bounds, n_true, strict=True):
        others = np.arange(low, high) != cell
        counts = cells.count[low:high][others]
        tally.asked[probes] += n * counts.sum()
        tally.total[probes] += n * (counts * weigh[low:high][others]).sum()
    shares = 1 / np.maximum(tally.total[probes], 1)
    for cell, (low, high), own, n in zip(mine, bounds, true, n_true, strict=True):
        others = np.arange(low, high) != cell
        below = _halves_below(scores[:, cells.columns(low, high)], own)
        start = cells.start[low:high] - cells.start[low]
        halves = np.add.reduceat(below, start, axis=1, dtype=np.int64)[:, others]
        right = halves * (weigh[low:high][others] / 2)
        tally.right[probes] += right.sum(axis=1)
        asked = (shares @ n) * cells.count[low:high] * weigh[low:high]
        impostors = cells.person[low:high][others]
        tally.add(tally.person[probes[0]], impostors, shares @ right, asked[others])


def _halves_below(row: Vectors, true: Vectors) -> Int64s:
    """For each face, twice the number of true faces above it, plus the number of ties.

    Args:
        row: Cosines of probes to faces, shape (probes, faces).
        true: Cosines to true faces, shape (probes, own); -inf: not asked about.
    """
    kind = np.uint8 if true.shape[1] <= OWN_AT_ONCE else np.int64
    counted = np.zeros(row.shape, kind)
    answer = np.empty(row.shape, bool)
    for k in range(true.shape[1]):
        for compare, bound in ((np.less, -ROUNDING), (np.less_equal, ROUNDING)):
            compare(row, true[:, k, None] + np.float32(bound), out=answer)
            counted += answer.view(np.uint8)  # as bytes, which are added fast
    return counted


def _drawn_sets(probes: Vectors, faces: Vectors, trials: TrialList) -> Float64s:
    """Score of each set: 1, a share for a tie, or 0; shape (trials,)."""
    asked, sets = trials.asked, trials.sets
    assert asked is not None and sets is not None
    earned = np.zeros(len(sets))
    of_faces = np.ascontiguousarray(faces.T)
    for start in range(0, len(probes), ROWS_AT_ONCE):
        here = np.flatnonzero((asked >= start) & (asked < start + ROWS_AT_ONCE))
        scores = probes[start : start + ROWS_AT_ONCE] @ of_faces
        some = scores[asked[here, None] - start, sets[here]]
        best = some >= some.max(axis=1, keepdims=True) - np.float32(ROUNDING)
        earned[here] = np.where(best[:, 0], 1 / best.sum(axis=1), 0.0)
    return earned


def match_one_of_two(
    made: np.ndarray,
    made_identity: np.ndarray,
    real: np.ndarray,
    real_identity: np.ndarray,
    *,
    group: np.ndarray | None = None,
) -> Scored:
    """Match each made face over all triples, without a list of trials: see :func:`match`.

    Args:
        made: Embeddings of made faces, shape (made, dim).
        made_identity: Person of each.
        real: Embeddings of real faces by the same, fixed network, shape (real, dim).
        real_identity: Person of each.
        group: Group of each real face; if given, impostors are of the group of the true face.

    Raises:
        CorpusError: There is no person with both, or no impostor for anybody.
    """
    groups = {} if group is None else {"group": np.asarray(group)}
    probes = Items(np.asarray(made_identity), np.asarray(made_identity))
    gallery = Items(np.asarray(real_identity), np.asarray(real_identity), groups)
    return match(made, real, TrialList("1:2", probes, gallery, tuple(groups)))
