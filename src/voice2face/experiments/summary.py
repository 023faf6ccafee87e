"""What an experiment has found so far: rows of tables, and lines of figures read off them."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.matching import Scored
from voice2face.evaluation.results import Claim, Grid, Row, Series, Verdict
from voice2face.evaluation.statistics.intervals import (
    DIFFERENCE,
    SHARE,
    Estimate,
    difference,
    estimate,
    person_means,
    with_seeds,
)
from voice2face.evaluation.trials.trials import Items, TrialList, make_trials, write_trials
from voice2face.experiments.comparing import (
    LEAST_PEOPLE,
    MEAN_FACE,
    REAL,
    Distances,
    independent_difference,
)
from voice2face.experiments.context import BASELINE, Context
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.systems import mean_over_seeds
from voice2face.files import write_bytes

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
        name: Name of the experiment, with which its files begin.
        rows: Rows of the tables.
        series: Numbers behind figures.
        grids: Pictures of faces.
        claims: What the rows say.
        trials: Checksum of each list of trials, by name.
        sources: Checksums of what the context does not name.
        unfit: Why models are not worth judging.
    """

    context: Context
    name: str = ""
    rows: list[Row] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    trials: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    unfit: list[str] = field(default_factory=list)

    @property
    def main(self) -> str:
        """The model that figures show and claims are about."""
        return self.context.main

    def fix(
        self, label: str, probes: Items, gallery: Items, *, lacking: Sequence[Cell] = (), **how: Any
    ) -> TrialList | None:
        """Fix trials, and write them beside the result.

        Args:
            label: Their name among the experiment's.
            probes: What is asked about.
            gallery: Faces among which it is looked for.
            lacking: Where a row says why nobody can be asked.
            how: See :func:`make_trials`; "1:2" unless it says something else.

        Returns:
            None: nobody can be asked.

        Raises:
            OutputError: They could not be written.
        """
        asked: dict[str, Any] = {"protocol": "1:2", "seed": self.context.seed} | how
        try:
            trials = make_trials(probes, gallery, **asked)
        except CorpusError as error:
            why = f"could not be asked: {error.found}; {error.wanted} wanted"
            for cell in lacking:
                self.add(cell, REAL, None, note=why)
            return None
        slug = re.sub(r"[\W_]+", "-", label).strip("-")
        write_trials(self.context.out / f"{self.name}.{slug}.trials.json", trials)
        self.trials[label] = trials.sha256
        return trials

    def asked_about(self, recordings: Recordings) -> None:
        """Write down which recordings are asked about, where there are no trials.

        Raises:
            OutputError: It could not be written.
        """
        both = zip(recordings.clip.tolist(), recordings.identity.tolist(), strict=True)
        data = msgspec.json.encode({"recordings": [list(pair) for pair in both]}) + b"\n"
        write_bytes(self.context.out / f"{self.name}.recordings.json", data)
        self.trials["recordings"] = hashlib.sha256(data).hexdigest()

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
        ends: tuple[float, float] | None = None,
    ) -> None:
        """A measure that is no mean over recordings: the mean over seeds of values and ends."""
        self.add(cell, system, mean_estimate(of_seeds, ends), n, note=note)

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

    def found(
        self, measure: str, stratum: str | None = "", against: str = "", *, system: str = ""
    ) -> list[Row]:
        """Rows that were measured, by each judge.

        Args:
            measure: Name of the measure.
            stratum: Name of the stratum; None: any.
            against: With what it is compared.
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

    def curves(
        self,
        panel: str,
        points: Mapping[str, float | str] | Sequence[str],
        lines: Sequence[tuple[str, str, str]],
        *,
        embedders: Sequence[str] | None = None,
        x_label: str = "",
        y_label: str = "share of trials right",
        chance: float | None = 0.5,
    ) -> None:
        """Lines read off the rows, a panel an embedder; those of which nothing is known left out.

        Args:
            panel: Its title, with ``{}`` for the embedder.
            points: Strata that stand in a row, with their positions where these are numbers.
            lines: Name in the legend, system and measure of each line.
            embedders: Whose rows they are; None: all of the context's.
            x_label: Label of the x axis, with its unit.
            y_label: Label of the y axis, with its unit.
            chance: What a blind guess reaches.
        """
        known = {
            (r.embedder, r.system, r.measure, r.stratum): r for r in self.rows if not r.against
        }
        x: list[float | str] = list(points.values() if isinstance(points, Mapping) else points)
        for embedder in self.context.embedders if embedders is None else embedders:
            for name, system, measure in lines:
                own = [known.get((embedder, system, measure, stratum)) for stratum in points]
                if any(own):
                    y, low, high = (
                        [getattr(row, part) if row else None for row in own]
                        for part in ("value", "low", "high")
                    )
                    self.series.append(
                        Series(name, x, y, low, high, x_label, y_label, chance,
                               panel.format(embedder))
                    )  # fmt: skip


def counted(values: Floats, people: Texts) -> tuple[int, int]:
    """People of whom something was asked, and how many values there are."""
    asked = ~np.isnan(values)
    return len(np.unique(people[asked])), int(asked.sum())


def person_mean_of_seeds(seeds: Sequence[Floats], people: Texts) -> list[float]:
    """Mean over people, of each seed."""
    return [float(person_means(one, people)[0].mean()) for one in seeds]


def mean_estimate(
    of_seeds: Sequence[Estimate], ends: tuple[float, float] | None = None
) -> Estimate:
    """Estimate of a measure that is no mean over recordings: means over seeds of value and ends.

    Its ends are rather too far apart than too near, and the seeds' own spread comes to them.

    Args:
        of_seeds: That of each seed.
        ends: Least and largest value that there can be.
    """
    values = np.array([(one.value, one.low, one.high) for one in of_seeds])
    mean = Estimate(*map(float, values.mean(axis=0)))
    return with_seeds(mean, values[:, 0].tolist(), ends=ends)
