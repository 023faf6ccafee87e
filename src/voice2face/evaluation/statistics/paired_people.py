"""Answers by person asked about and impostor, and intervals that resample both.

A trial has two people, the one asked about and the impostor, and both are a sample. An interval
that resamples only the first takes the impostors for fixed. It is too short if people who are easy
to recognise are also easy to refuse: with four men to a woman, a system that knows the gender alone
is right more often about women, and refuses women more often. So a drawn person appears in both
roles, but is no impostor of themselves if drawn twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from voice2face.arrays import Float32s, Float64s, Int64s
from voice2face.evaluation.statistics.intervals import (
    DIFFERENCE,
    N_RESAMPLES,
    SHARE,
    Estimate,
    check_people,
    draws,
    interval_of,
    never_without_length,
    times_drawn,
)
from voice2face.evaluation.trials.trial_list import TrialList

MOST_PEOPLE = 4000  # with more, the tables take too long, and intervals are short anyway


@dataclass(frozen=True, eq=False)
class PeoplePairs:
    """Sums of trials with one impostor each, by the two people.

    Attributes:
        right: Shares of right trials, summed over the recordings of each person asked about (row)
            against each impostor (column), shape (p, p + q). The first p impostors are those
            asked about, in the same order; the other q are impostors only.
        asked: The same of all trials; each row sums to the number of the person's recordings.
    """

    right: Float32s
    asked: Float32s
    _drawn: dict[tuple[int, int], Float64s] = field(default_factory=dict, init=False, repr=False)

    @property
    def means(self) -> Float64s:
        """Share right of each person asked about, shape (p,)."""
        return np.asarray(self.right.sum(axis=1, dtype=np.float64) / self._recordings)

    @property
    def _recordings(self) -> Float64s:
        return np.asarray(self.asked.sum(axis=1, dtype=np.float64))

    def estimate(self, *, seed: int = 0, n_resamples: int = N_RESAMPLES) -> Estimate:
        """Mean over people, with its interval over people in both roles.

        Raises:
            CorpusError: One person alone is asked about.
        """
        return self._combined([(1, self)], SHARE, seed, n_resamples)

    def above(
        self, other: "PeoplePairs", *, seed: int = 0, n_resamples: int = N_RESAMPLES
    ) -> Estimate:
        """By how much it is above another on the same trials, on the same drawn people.

        Raises:
            CorpusError: One person alone is asked about.
        """
        return self._combined([(1, self), (-1, other)], DIFFERENCE, seed, n_resamples)

    def gap_above(
        self,
        other: "PeoplePairs",
        hard: tuple["PeoplePairs", "PeoplePairs"],
        *,
        seed: int = 0,
        n_resamples: int = N_RESAMPLES,
    ) -> Estimate:
        """By how much more it loses than another on harder trials of the same people.

        Args:
            other: The other, on the trials of this one.
            hard: Both on the harder trials.
            seed: Seed of the draws.
            n_resamples: Number of resamples.

        Raises:
            CorpusError: One person alone is asked about.
        """
        terms = [(1, self), (-1, other), (-1, hard[0]), (1, hard[1])]
        return self._combined(terms, None, seed, n_resamples)

    def _combined(
        self,
        terms: Sequence[tuple[int, "PeoplePairs"]],
        ends: tuple[float, float] | None,
        seed: int,
        n_resamples: int,
    ) -> Estimate:
        """Sum of means with their signs, on the same drawn people."""
        check_people(len(self.right))
        value = sum(sign * float(pairs.means.mean()) for sign, pairs in terms)
        drawn = [sign * pairs._resampled(seed, n_resamples) for sign, pairs in terms]
        found = Estimate(value, *interval_of(np.sum(drawn, axis=0)))
        return found if ends is None else never_without_length(found, len(self.right), ends)

    @classmethod
    def mean(cls, some: Sequence["PeoplePairs"]) -> "PeoplePairs":
        """Mean of several systems on the same trials."""
        right = np.mean([pairs.right for pairs in some], axis=0, dtype=np.float64)
        return cls(np.asarray(right, np.float32), some[0].asked)

    def _resampled(self, seed: int, n_resamples: int) -> Float64s:
        """Mean over drawn people, (n_resamples,); NaN if nobody drawn has an impostor.

        It is kept, since a system is compared with several others.
        """
        if (seed, n_resamples) not in self._drawn:
            self._drawn[seed, n_resamples] = self._resample(seed, n_resamples)
        return self._drawn[seed, n_resamples]

    def _resample(self, seed: int, n_resamples: int) -> Float64s:
        n_asked, n_people = self.right.shape
        others = np.random.default_rng([seed, 1])
        values = []
        for picks in draws(n_asked, seed, n_resamples):
            times = times_drawn(picks, n_asked)
            if n_people > n_asked:
                n_others = n_people - n_asked
                drawn = others.integers(n_others, size=(len(picks), n_others))
                times = np.hstack([times, times_drawn(drawn, n_others)])
            right, asked = times @ self.right.T, times @ self.asked.T  # (resamples, n_asked)
            weights = np.where(asked > 0, times[:, :n_asked], 0)
            right *= weights / np.where(asked > 0, asked, 1)
            with np.errstate(invalid="ignore"):
                values.append(right.sum(axis=1, dtype=np.float64) / weights.sum(axis=1))
        return np.concatenate(values)


@dataclass(frozen=True, eq=False)
class Tally:
    """Trials counted so far.

    Attributes:
        person: Number of the person of each probe, shape (probes,).
        in_gallery: Number of that person in the gallery; -1 if they are not there.
        asked: Number of trials of each probe, shape (probes,).
        total: Weighted number of trials.
        right: Weighted number of right ones.
        right_of: Shares of right trials by person asked about and person of the gallery, summed
            over recordings; None if they are not kept.
        asked_of: The same of all trials.
    """

    person: Int64s
    in_gallery: Int64s
    asked: Int64s
    total: Float64s
    right: Float64s
    right_of: Float64s | None
    asked_of: Float64s | None

    @classmethod
    def of(cls, trials: TrialList) -> "Tally":
        """An empty tally."""
        people, person = np.unique(trials.probes.identity, return_inverse=True)
        number = {name: i for i, name in enumerate(trials.gallery_people.tolist())}
        known = np.array([number.get(name, -1) for name in people.tolist()], np.int64)
        n, shape = len(person), (len(people), len(number))
        kept = trials.n_way == 2 and max(shape) <= MOST_PEOPLE
        tables = (np.zeros(shape), np.zeros(shape)) if kept else (None, None)
        return cls(person, known[person], np.zeros(n, np.int64), np.zeros(n), np.zeros(n), *tables)

    def add(self, person: int, impostors: Int64s, right: np.ndarray, asked: np.ndarray) -> None:
        """Add trials of recordings of one person against some people, as shares of all trials.

        Args:
            person: Number of the person asked about.
            impostors: Numbers of the impostors in the gallery, each once, shape (people,).
            right: Shares of right trials against each, shape (people,).
            asked: Shares of trials, shape (people,).
        """
        if self.right_of is not None and self.asked_of is not None:
            self.right_of[person, impostors] += right
            self.asked_of[person, impostors] += asked

    def add_sets(self, trials: TrialList, earned: Float64s) -> None:
        """Add the scores of drawn sets, shape (trials,)."""
        probe, sets = trials.asked, trials.sets
        assert probe is not None and sets is not None
        n = len(self.person)
        self.right[:] = np.bincount(probe, earned, minlength=n)
        self.asked[:] = self.total[:] = np.bincount(probe, minlength=n)
        if self.right_of is not None and self.asked_of is not None:
            of_face = np.unique(trials.gallery.identity, return_inverse=True)[1]
            where = self.person[probe], of_face[sets[:, 1]]
            np.add.at(self.right_of, where, earned / self.asked[probe])
            np.add.at(self.asked_of, where, 1 / self.asked[probe])

    def pairs(self) -> PeoplePairs | None:
        """The tables, with those asked about first; None if they were not kept."""
        if self.right_of is None or self.asked_of is None:
            return None
        rows = np.flatnonzero(self.asked_of.any(axis=1))
        known = np.full(len(self.right_of), -1, np.int64)
        known[self.person] = self.in_gallery
        others = np.setdiff1d(np.arange(self.right_of.shape[1]), known[rows])
        columns = np.concatenate([known[rows], others])
        tables = (
            t[np.ix_(rows, columns)].astype(np.float32) for t in (self.right_of, self.asked_of)
        )
        return PeoplePairs(*tables)
