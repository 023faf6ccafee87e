"""The rows of a result: one way from what was measured to a line of a table, or of a figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from voice2face.evaluation.metrics.matching import Scored
from voice2face.evaluation.results import Claim, Grid, Result, Row, Series, Verdict
from voice2face.evaluation.statistics.intervals import (
    DIFFERENCE,
    SHARE,
    Estimate,
    difference,
    estimate,
    person_means,
    with_seeds,
)
from voice2face.experiments.comparing import (
    LEAST_PEOPLE,
    MEAN_FACE,
    Distances,
    independent_difference,
)
from voice2face.experiments.context import BASELINE, Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.systems import mean_over_seeds

WITHIN, BETWEEN = "distance within a speaker", "distance between speakers"
TOO_FEW = "too few people"
TOO_LITTLE: Verdict = "too little training to tell"

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]
Values = Mapping[str, Sequence[Floats]]  # of each system, of each of its seeds, (n,)


@dataclass(frozen=True)
class Cell:
    """Where numbers stand in the tables of a result.

    Attributes:
        measure: What was measured.
        stratum: What trials have in common.
        embedder: Name of the embedder that compares the faces.
        chance: What a blind guess reaches; None where that means nothing.
        note: What one must know to read them.
    """

    measure: str
    stratum: str = ""
    embedder: str = ""
    chance: float | None = None
    note: str = ""


@dataclass(eq=False)
class Summary:
    """What was found so far.

    Attributes:
        context: The systems, and how intervals are drawn.
        rows: Rows of the tables.
        trials: Checksum of each list of trials, by name.
    """

    context: Context
    rows: list[Row] = field(default_factory=list)
    trials: dict[str, str] = field(default_factory=dict)

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
        """One row.

        Args:
            cell: Where it stands.
            system: Name of the system.
            found: The number; None: there were too few people.
            n: People, and questions, pairs or faces.
            against: With what it is compared; differences have no chance.
            note: Instead of the cell's.
        """
        note = note or cell.note
        if found is None:
            note = note or TOO_FEW
        row = Row(system, cell.measure, cell.stratum, cell.embedder, against=against, note=note)
        if found is not None:
            row = replace(
                row, value=found.value, low=found.low, high=found.high, n_people=n[0],
                n_trials=n[1], chance=None if against else cell.chance,
            )  # fmt: skip
        self.rows.append(row)

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
        """Means over people: a row a system, then each model against others.

        Args:
            cell: Where they stand.
            values: Of each recording, NaN where nothing was asked.
            people: Person of each, (n,).
            against: Systems with which each model is compared, on the same recordings.
            notes: By system.
            share: They are shares, from 0 to 1.
        """
        for system, seeds in values.items():
            found, n = self.mean(seeds, people, ends=SHARE if share else None)
            self.add(cell, system, found, n, note=(notes or {}).get(system, ""))
        for system in (name for name in self.context.models if name in values):
            for other in (o for o in against if o in values and o != system):
                pair = values[system], values[other]
                found, n = self.difference(*pair, people, ends=DIFFERENCE if share else None)
                self.add(cell, system, found, n, against=other)

    def mean(
        self, seeds: Sequence[Floats], people: Texts, *, ends: tuple[float, float] | None = SHARE
    ) -> tuple[Estimate | None, tuple[int, int]]:
        """Mean over people, with its interval over people and seeds; people and values."""
        per_probe = mean_over_seeds(seeds)
        n = counted(per_probe, people)
        if n[0] < LEAST_PEOPLE:
            return None, n
        found = estimate(per_probe, people, ends=ends, **self.context.draws)
        return with_seeds(found, person_mean_of_seeds(seeds, people), ends=ends), n

    def difference(
        self,
        a: Sequence[Floats],
        b: Sequence[Floats],
        people: Texts,
        *,
        ends: tuple[float, float] | None = DIFFERENCE,
    ) -> tuple[Estimate | None, tuple[int, int]]:
        """By how much the first is above the second, paired on recordings; people and values."""
        one, other = mean_over_seeds(a), mean_over_seeds(b)
        n = counted(one - other, people)
        if n[0] < LEAST_PEOPLE:
            return None, n
        found = difference(one, other, people, ends=ends, **self.context.draws)
        of_seeds = (person_mean_of_seeds(x, people) for x in (a, b))
        return with_seeds(found, *of_seeds, ends=ends), n

    def scored(
        self,
        cell: Cell,
        scored: Mapping[str, Scored],
        *,
        against: Sequence[str] = (MEAN_FACE, BASELINE),
        notes: Mapping[str, str] | None = None,
    ) -> None:
        """Answers to one list of trials: a row a system, then each model against others."""
        for system, one in scored.items():
            found = one.estimate(**self.context.draws) if one.n_people >= LEAST_PEOPLE else None
            n = one.n_people, one.n_trials
            own = Cell(cell.measure, cell.stratum, cell.embedder, one.chance, cell.note)
            self.add(own, system, found, n, note=(notes or {}).get(system, ""))
        for system in (name for name in self.context.models if name in scored):
            for other in (o for o in against if o in scored and o != system):
                one, found = scored[system], None
                if one.n_people >= LEAST_PEOPLE:
                    found = one.above(scored[other], **self.context.draws)
                n = one.n_people, one.n_trials
                self.add(cell, system, found, n, against=other)

    def whole(
        self,
        cell: Cell,
        system: str,
        of_seeds: Sequence[Estimate],
        n: tuple[int, int],
        note: str = "",
    ) -> None:
        """A measure that is no mean over recordings: the mean over seeds of values and ends."""
        self.add(cell, system, mean_estimate(of_seeds), n, note=note)

    def number(self, cell: Cell, system: str, value: float, n_trials: int = 0) -> None:
        """A number without an interval, such as what theory allows."""
        self.rows.append(
            Row(system, cell.measure, cell.stratum, cell.embedder, value, n_trials=n_trials,
                chance=cell.chance, note=cell.note)
        )  # fmt: skip

    def apart(self, cell: Cell, system: str, one: Estimate, other: Estimate, n: tuple[int, int],
              against: str) -> None:  # fmt: skip
        """How much one is above another of different people, from both intervals."""
        self.add(cell, system, independent_difference(one, other), n, against=against)

    def distances(
        self, cell: Cell, system: str, of_seeds: Sequence[Distances], people: Texts
    ) -> None:
        """Mean distances within and between people, where there are people enough."""
        for measure, seeds in (
            (WITHIN, [one.within for one in of_seeds]),
            (BETWEEN, [one.between for one in of_seeds]),
        ):
            found, n = self.mean(seeds, people, ends=(0.0, 2.0))
            if found is not None:
                self.add(Cell(measure, cell.stratum, cell.embedder), system, found, n)

    def result(
        self,
        experiment: Experiment,
        *,
        series: Sequence[Series] = (),
        grids: Sequence[Grid] = (),
        claims: Sequence[Claim] = (),
        seeds: Sequence[str] = ("resampling",),
        sources: Mapping[str, str] | None = None,
    ) -> Result:
        """All of it as a result.

        Args:
            experiment: The experiment.
            series: Numbers behind figures.
            grids: Pictures of faces.
            claims: What the rows say.
            seeds: What is drawn by the context's seed.
            sources: Others than the context's, by name.
        """
        context, unfit = self.context, []
        if any(claim.verdict == TOO_LITTLE for claim in claims):
            unfit = context.fitness(context.main).said
        return experiment.result(
            rows=self.rows, series=list(series), grids=list(grids), claims=list(claims),
            trials_sha256=self.trials, seeds=dict.fromkeys(seeds, context.seed),
            sources=context.sources() | dict(sources or {}), made_by=context.made_by,
            unfit=unfit, warnings=list(context.notes),
        )  # fmt: skip


def counted(values: Floats, people: Texts) -> tuple[int, int]:
    """People of whom something was asked, and how many values there are."""
    asked = ~np.isnan(values)
    return len(np.unique(people[asked])), int(asked.sum())


def person_mean_of_seeds(seeds: Sequence[Floats], people: Texts) -> list[float]:
    """Mean over people, of each seed."""
    return [float(person_means(one, people)[0].mean()) for one in seeds]


def mean_estimate(of_seeds: Sequence[Estimate]) -> Estimate:
    """Estimate of a measure that is no mean over recordings: means over seeds of value and ends.

    The ends are rather too far apart than too near, and the seeds' own spread comes to them.
    """
    values = np.array([(one.value, one.low, one.high) for one in of_seeds])
    return with_seeds(Estimate(*map(float, values.mean(axis=0))), values[:, 0].tolist())


def lines(
    rows: Sequence[Row],
    x: Sequence[tuple[float | str, str]],
    wanted: Sequence[tuple[str, str, str]],
    embedder: str,
    panel: str,
    *,
    x_label: str = "",
    y_label: str = "share of trials right",
    chance: float | None = 0.5,
) -> list[Series]:
    """Lines of one panel, read off rows; those of which nothing was measured are left out.

    Args:
        rows: Rows of a result.
        x: Position or name, and the stratum that stands there.
        wanted: Name in the legend, system and measure of each line.
        embedder: Name of the embedder that compares the faces.
        panel: Its title.
        x_label: Label of the x axis, with its unit.
        y_label: Label of the y axis, with its unit.
        chance: What a blind guess reaches.
    """
    known = {
        (r.system, r.measure, r.stratum): r
        for r in rows
        if not r.against and r.embedder == embedder
    }
    found = []
    for name, system, measure in wanted:
        own = [known.get((system, measure, stratum)) for _, stratum in x]
        if any(own):
            found.append(
                Series(
                    name, [at for at, _ in x], [row.value if row else None for row in own],
                    [row.low if row else None for row in own],
                    [row.high if row else None for row in own],
                    x_label=x_label, y_label=y_label, chance=chance, panel=panel,
                )
            )  # fmt: skip
    return found
