"""Rows of the tables of an experiment, with their intervals over people and seeds."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from voice2face.arrays import Float64s, Texts
from voice2face.evaluation.metrics.matching import Scored
from voice2face.evaluation.results import Row
from voice2face.evaluation.statistics.intervals import (
    DIFFERENCE,
    SHARE,
    Estimate,
    estimate,
    person_means,
    with_seeds,
)
from voice2face.experiments.comparing import LEAST_PEOPLE, MEAN_FACE, Distances
from voice2face.experiments.context import BASELINE, Context

WITHIN, BETWEEN = "distance within a speaker", "distance between speakers"
TOO_FEW = "too few people"

Values = Mapping[str, Sequence[Float64s]]  # by system, one array (n,) for each seed
# Estimate, or None if there are too few people; numbers of people and of values.
Found = tuple[Estimate | None, tuple[int, int]]


@dataclass(frozen=True)
class Cell:
    """Place of numbers in the tables of a result.

    Attributes:
        measure: Name of the measure.
        stratum: What trials have in common.
        embedder: Name of the embedder that compares the faces.
        chance: Value of a blind guess; None if that means nothing.
        note: Note for the reader.
    """

    measure: str
    stratum: str = ""
    embedder: str = ""
    chance: float | None = None
    note: str = ""


@dataclass(eq=False)
class Rows:
    """Rows of tables.

    Attributes:
        context: Systems, recordings and embedders.
        rows: The rows so far.
    """

    context: Context
    rows: list[Row] = field(default_factory=list, kw_only=True)

    @property
    def main(self) -> str:
        """The model that figures show and claims are about."""
        return self.context.main

    def add(
        self,
        cell: Cell,
        system: str,
        found: Estimate | None,
        n: tuple[int, int] = (0, 0),
        *,
        against: str = "",
        note: str = "",
    ) -> None:
        """Add a row.

        Args:
            cell: Its place.
            system: Name of the system.
            found: The estimate; None if there are too few people.
            n: Numbers of people, and of questions, pairs or faces.
            against: Other system, if it is a difference of two; then chance is left out.
            note: Note; "": that of the cell.
        """
        value, low, high = (found.value, found.low, found.high) if found else (None, None, None)
        n_people, n_trials = n if found else (0, 0)
        chance = cell.chance if found and not against else None
        note = note or cell.note or ("" if found else TOO_FEW)
        self.rows.append(
            Row(system, cell.measure, cell.stratum, cell.embedder, value, low, high, n_people,
                n_trials, chance, against, note)
        )  # fmt: skip

    def means(
        self,
        cell: Cell,
        values: Values,
        people: Texts,
        *,
        against: Sequence[str] = (),
        notes: Mapping[str, str] | None = None,
        share: bool = True,
    ) -> None:
        """Add means over people: a row for each system, then differences of models to others.

        Args:
            cell: Their place.
            values: A value for each recording, NaN if nothing was asked of it.
            people: Person of each, (n,).
            against: Systems that each model is compared with, on the same recordings.
            notes: Notes by system.
            share: Whether they are shares, from 0 to 1.
        """
        of_one, of_two = (SHARE, DIFFERENCE) if share else (None, None)
        self._each(
            cell, values, against, notes,
            lambda one: self.mean(values[one], people, ends=of_one),
            lambda one, other: self.difference(values[one], values[other], people, ends=of_two),
        )  # fmt: skip

    def mean(
        self, seeds: Sequence[Float64s], people: Texts, *, ends: tuple[float, float] | None = SHARE
    ) -> Found:
        """Mean over people, with its interval over people and seeds."""
        return self._over_people([seeds], people, ends)

    def difference(
        self,
        a: Sequence[Float64s],
        b: Sequence[Float64s],
        people: Texts,
        *,
        ends: tuple[float, float] | None = DIFFERENCE,
    ) -> Found:
        """By how much the first is above the second, paired on recordings."""
        return self._over_people([a, b], people, ends)

    def _over_people(
        self, systems: Sequence[Sequence[Float64s]], people: Texts, ends: tuple[float, float] | None
    ) -> Found:
        """Mean over people of a system's values, or of the first's less the second's."""
        # A probe that one seed could not be asked about is NaN.
        of_system = [np.mean(np.stack(seeds), axis=0) for seeds in systems]
        values = of_system[0] if len(systems) == 1 else of_system[0] - of_system[1]
        asked = ~np.isnan(values)
        n = len(np.unique(people[asked])), int(asked.sum())
        if n[0] < LEAST_PEOPLE:
            return None, n
        found = estimate(values, people, ends=ends, **self.context.draws)
        of_seeds = [
            [float(person_means(one, people)[0].mean()) for one in seeds] for seeds in systems
        ]
        return with_seeds(found, *of_seeds, ends=ends), n

    def scored(
        self,
        cell: Cell,
        scored: Mapping[str, Scored],
        *,
        against: Sequence[str] = (MEAN_FACE, BASELINE),
        notes: Mapping[str, str] | None = None,
    ) -> None:
        """Add accuracies in one list of trials, as :meth:`means` adds means."""
        if not scored:
            return
        cell = replace(cell, chance=next(iter(scored.values())).chance)

        def found(one: Scored, estimated: Callable[..., Estimate]) -> Found:
            n = one.n_people, one.n_trials
            return (estimated(**self.context.draws) if n[0] >= LEAST_PEOPLE else None), n

        self._each(
            cell, scored, against, notes,
            lambda one: found(scored[one], scored[one].estimate),
            lambda one, other: found(scored[one], partial(scored[one].above, scored[other])),
        )  # fmt: skip

    def _each(
        self,
        cell: Cell,
        systems: Collection[str],
        against: Sequence[str],
        notes: Mapping[str, str] | None,
        value: Callable[[str], Found],
        above: Callable[[str, str], Found],
    ) -> None:
        """Add a row for each system, then differences of models to others."""
        for system in systems:
            self.add(cell, system, *value(system), note=(notes or {}).get(system, ""))
        for system in (name for name in self.context.models if name in systems):
            for other in (o for o in against if o in systems and o != system):
                self.add(cell, system, *above(system, other), against=other)

    def number(self, cell: Cell, system: str, value: float, n_trials: int = 0) -> None:
        """Add a number without an interval, such as what theory allows."""
        self.rows.append(
            Row(system, cell.measure, cell.stratum, cell.embedder, value, n_trials=n_trials,
                chance=cell.chance, note=cell.note)
        )  # fmt: skip

    def distances(
        self, cell: Cell, system: str, of_seeds: Sequence[Distances], people: Texts
    ) -> None:
        """Add mean distances within and between people, if there are enough people."""
        for measure, seeds in (
            (WITHIN, [one.within for one in of_seeds]),
            (BETWEEN, [one.between for one in of_seeds]),
        ):
            found, n = self.mean(seeds, people, ends=(0.0, 2.0))
            if found is not None:
                self.add(Cell(measure, cell.stratum, cell.embedder), system, found, n)

    def found(
        self, measure: str, stratum: str | None = "", against: str = "", *, system: str = ""
    ) -> list[Row]:
        """Rows that were measured, of all embedders.

        Args:
            measure: Name of the measure.
            stratum: Name of the stratum; None: any.
            against: Other system of a difference; "": no differences.
            system: Name of the system; "": the main model.
        """
        wanted = system or self.main, measure, against
        return [
            row
            for row in self.rows
            if (row.system, row.measure, row.against) == wanted
            and stratum in (None, row.stratum)
            and row.value is not None
        ]


def mean_estimate(
    of_seeds: Sequence[Estimate], ends: tuple[float, float] | None = None
) -> Estimate:
    """Mean over seeds of estimates that are no means over recordings: of values and of ends.

    The interval is rather too wide than too narrow, and covers the spread of the seeds too.

    Args:
        of_seeds: Estimate of each seed.
        ends: Least and largest value that there can be.
    """
    values = np.array([(one.value, one.low, one.high) for one in of_seeds])
    mean = Estimate(*map(float, values.mean(axis=0)))
    return with_seeds(mean, values[:, 0].tolist(), ends=ends)
