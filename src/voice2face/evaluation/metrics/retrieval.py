"""Retrieval: the rank in a gallery of the person whose voice a face was made from.

The protocol of SF2F (Bai et al. 2022): in a gallery each person is the mean embedding of their real
faces; there are three galleries of 100 people, averaged, or one of all people. Made faces are asked
about one by one, or by their mean for each person (``per_person``), which gives other figures.
"""

from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Bools, Float64s, Int64s, Texts, Vectors
from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.cosine import ROUNDING, both_sides, mean_where
from voice2face.evaluation.statistics.intervals import (
    N_RESAMPLES,
    SHARE,
    Estimate,
    check_people,
    draws,
    estimate,
    interval_of,
    person_means,
)
from voice2face.evaluation.trials.trial_list import TrialList

GALLERIES, GALLERY_PEOPLE = 3, 100  # of SF2F's protocol
ROWS_AT_ONCE = 500


@dataclass(frozen=True, eq=False)
class Ranks:
    """Rank of the true person in each gallery.

    Attributes:
        better: Number of people with a higher cosine, shape (n, galleries), for n made faces, or
            people if averaged; NaN if the person is not in the gallery.
        tied: Number of people with the same cosine, the true one included; NaN as above.
        people: Person of each row, shape (n,).
        n_gallery: Number of people in a gallery.
    """

    better: Float64s
    tied: Float64s
    people: Texts
    n_gallery: int

    @property
    def n_people(self) -> int:
        """Number of people asked about."""
        return len(np.unique(self.people[self._asked.any(axis=1)]))

    @property
    def n_trials(self) -> int:
        """Number of questions: of made faces, or people, in the galleries that they are in."""
        return int(self._asked.sum())

    @property
    def _asked(self) -> Bools:
        return ~np.isnan(self.better)

    def chance(self, k: int) -> float:
        """Recall of a blind guess."""
        return min(k / self.n_gallery, 1.0)

    def found(self, k: int) -> Float64s:
        """Share of its galleries in which the person is among the first ``k``: (n,).

        If people tie across rank ``k``: the share of their orders in which the person is.
        """
        if k < 1:
            raise CorpusError("recall", f"rank {k}", "1 or more", "give another")
        return mean_where(np.clip((k - self.better) / self.tied, 0, 1), self._asked)

    def rank(self) -> Float64s:
        """Mean rank over the galleries, from 1; ties have their middle rank: (n,)."""
        return mean_where(self.better + (self.tied + 1) / 2, self._asked)

    def recall_at(self, k: int, *, seed: int = 0, n_resamples: int = N_RESAMPLES) -> Estimate:
        """R@k: mean over people, with its interval over people; the galleries are fixed.

        Raises:
            CorpusError: There is one person alone.
        """
        draws = {"seed": seed, "n_resamples": n_resamples}
        return estimate(self.found(k), self.people, ends=SHARE, **draws)

    def median_rank(self, *, seed: int = 0, n_resamples: int = N_RESAMPLES) -> Estimate:
        """Median over people of their mean rank, with its interval over people.

        Raises:
            CorpusError: There is one person alone.
        """
        ranks, _ = person_means(self.rank(), self.people)
        check_people(len(ranks))
        drawn = [np.median(ranks[picks], axis=1) for picks in draws(len(ranks), seed, n_resamples)]
        return Estimate(float(np.median(ranks)), *interval_of(np.concatenate(drawn)))


def retrieve(
    made: np.ndarray,
    real: np.ndarray,
    trials: TrialList,
    *,
    per_person: bool = False,
    centre: bool = False,
) -> Ranks:
    """Rank the people of galleries by their likeness to made faces.

    Args:
        made: Embeddings of the faces made from the probes, shape (probes, dim).
        real: Embeddings of the gallery's faces by the same network, shape (gallery, dim).
        trials: Trials of protocol "retrieval".
        per_person: Average the made faces of a person's recordings first.
        centre: Subtract each side's mean.

    Raises:
        CorpusError: Embeddings that don't fit the trials or are not finite, trials of another
            protocol, or no probe whose person is in a gallery.
    """
    if trials.protocol != "retrieval":
        raise CorpusError(
            "retrieval", f"trials of protocol '{trials.protocol}'", "'retrieval'", "make those"
        )
    if per_person and trials.others_only:
        wanted, remedy = "single ones, each against the others", "leave out the averaging"
        raise CorpusError("retrieval", "an average over a person's pictures", wanted, remedy)
    probes, faces = both_sides(made, real, trials, centre=centre)
    people = trials.probes.identity
    if per_person:
        people, owner = np.unique(people, return_inverse=True)
        probes = _means(probes, owner, len(people))
    owner = np.unique(trials.gallery.identity, return_inverse=True)[1]
    gallery = _means(faces, owner, len(trials.gallery_people))
    sets = trials.sets
    if sets is None:
        sets = np.arange(len(gallery))[None]
    own = _numbers(people, trials.gallery_people)
    against_own = _own_scores(probes, faces, gallery, own, trials)
    better, tied = _counted(probes, gallery, own, against_own, sets)
    if np.isnan(better).all():
        raise CorpusError(
            "retrieval",
            "nobody who is asked about is in a gallery",
            "people with both",
            "name people alike on both sides",
        )
    return Ranks(better, tied, people, sets.shape[1])


def _own_scores(
    probes: Vectors, faces: Vectors, gallery: Vectors, own: Int64s, trials: TrialList
) -> Float64s:
    """Cosine of each probe to the true person, (n,); NaN if there is none."""
    scores: Float64s = np.einsum("nd,nd->n", probes, gallery[own]).astype(np.float64)
    scores[own < 0] = np.nan
    if trials.others_only:
        for i in np.flatnonzero(own >= 0):
            of_one = trials.gallery.identity == trials.gallery_people[own[i]]
            others = faces[of_one & (trials.gallery.name != trials.probes.name[i])]
            mean = _means(others, np.zeros(len(others), int), 1)[0]
            scores[i] = probes[i] @ mean if len(others) else np.nan
    return scores


def _counted(
    probes: Vectors, gallery: Vectors, own: Int64s, against_own: Float64s, sets: Int64s
) -> tuple[Float64s, Float64s]:
    """Numbers of people with a higher and with the same cosine, each (n, galleries)."""
    better, tied = (np.full((len(probes), len(sets)), np.nan) for _ in range(2))
    columns = np.arange(len(gallery))
    for start in range(0, len(probes), ROWS_AT_ONCE):
        rows = np.arange(start, min(start + ROWS_AT_ONCE, len(probes)))
        above = probes[rows] @ gallery.T - against_own[rows, None]
        above[columns == own[rows, None]] = -np.inf
        for j, people in enumerate(sets):
            asked = np.isin(own[rows], people) & ~np.isnan(against_own[rows])
            some = above[np.ix_(np.flatnonzero(asked), people)]
            better[rows[asked], j] = (some > ROUNDING).sum(axis=1)
            tied[rows[asked], j] = 1 + (np.abs(some) <= ROUNDING).sum(axis=1)
    return better, tied


def _means(vectors: Vectors, owner: np.ndarray, n: int) -> Vectors:
    """Mean of each owner's unit vectors, at length 1: (n, dim)."""
    sums = np.zeros((n, vectors.shape[1]))
    np.add.at(sums, owner, vectors)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.maximum(lengths, ROUNDING), np.float32)


def _numbers(names: np.ndarray, known: np.ndarray) -> Int64s:
    """Place of each name among the sorted known ones; -1 if it is not there."""
    places = np.minimum(np.searchsorted(known, names), len(known) - 1)
    return np.asarray(np.where(known[places] == names, places, -1))
