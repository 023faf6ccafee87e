"""Questions of ``rivals``: matching, retrieval, verification, gender and age, of every system."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from benchmarks.rivals_measuring import Measured, filled
from voice2face.arrays import Bools, Float64s, Floats, Int64s, Texts, Vectors
from voice2face.errors import CorpusError
from voice2face.evaluation.comparison import RANKS, SEVERAL
from voice2face.evaluation.metrics.face_verification import verify_faces
from voice2face.evaluation.metrics.matching import Scored, match
from voice2face.evaluation.metrics.retrieval import retrieve
from voice2face.evaluation.pairs import Pairs
from voice2face.evaluation.results import Row
from voice2face.evaluation.statistics.intervals import (
    SHARE,
    Estimate,
    estimate,
    person_means,
    with_seeds,
)
from voice2face.evaluation.trials.trial_list import Protocol
from voice2face.evaluation.trials.trials import Items, TrialList, make_trials
from voice2face.experiments.summary import mean_estimate

STRATA = ("gender", "age", "ethnicity")
REAL = "real faces"
BANDS = {"20-39": 0, "40-59": 1, ">=60": 2}  # of age, as the table of VoxCeleb people has them


@dataclass(frozen=True, eq=False)
class Direct:
    """A matcher: voices and real faces in one space, (n, k) each."""

    voices: Vectors
    faces: Vectors


@dataclass(frozen=True, eq=False)
class Asking:
    """Everybody on the same trials.

    Attributes:
        pairs: The people.
        target: Real faces.
        systems: By name, of each seed what judges see in its faces.
        direct: Matchers by name, of each seed.
        references: Names of those with which every other is compared.
        judge: The embedder by which retrieval and verification are asked.
    """

    pairs: Pairs
    target: Measured
    systems: Mapping[str, Sequence[Measured]]
    direct: Mapping[str, Sequence[Direct]]
    references: Sequence[str]
    judge: str

    def rows(self) -> Iterator[Row]:
        """All numbers."""
        names = [name for name in STRATA if name in self.pairs.cells]
        for n in range(len(names) + 1):
            for embedder in self.target.vectors:
                yield from self._matching(tuple(names[:n]), embedder)
        yield from self._several()
        yield from self._retrieval()
        yield from self._verification()

    def attributes(self) -> Iterator[Row]:
        """Gender and age that a network sees in the faces, against the labels of the table."""
        cells, people = self.pairs.cells, self.pairs.identity
        for name, seeds in {**self.systems, REAL: [self.target]}.items():
            if "gender" in cells:
                male = np.char.lower(np.array(cells["gender"])) == "male"
                right = [
                    np.where(np.isnan(seen.male), 0.5, (seen.male > 0.5) == male) for seen in seeds
                ]
                found = over_people(right, people)
                yield _with(Row(name, "gender", n_people=len(np.unique(people)), chance=0.5), found)
            if "age" in cells:
                band = np.array([BANDS.get(cell, np.nan) for cell in cells["age"]])
                known = ~np.isnan(band)
                of_seeds = [
                    correlation(seen.age, band, people, known & ~np.isnan(seen.age))
                    for seen in seeds
                ]
                yield _with(Row(name, "age, r"), mean_estimate(of_seeds, (-1.0, 1.0)))

    def _items(self) -> tuple[Items, Items, Bools]:
        """Probes, gallery, and rows of the table that are in the gallery."""
        cells = self.pairs.cells
        groups = {k: np.char.lower(np.array(cells[k], str)) for k in STRATA if k in cells}
        names = np.array(cells["voice"], str)
        there = ~np.isnan(self.target.age)
        kept = {k: column[there] for k, column in groups.items()}
        gallery = Items(names[there], self.pairs.identity[there], kept)
        return Items(names, self.pairs.identity, groups), gallery, there

    def _trials(
        self, protocol: Protocol, strata: tuple[str, ...] = (), n_way: int = 2
    ) -> tuple[TrialList, Bools]:
        probes, gallery, there = self._items()
        return make_trials(probes, gallery, protocol=protocol, strata=strata, n_way=n_way), there

    def _sides(
        self, embedder: str, there: Bools
    ) -> Iterator[tuple[str, str, list[tuple[Vectors, Vectors]]]]:
        """Name and embedder of every system; of each seed, what is made and what is real."""
        real = self.target.vectors[embedder][there]
        for name, seeds in self.systems.items():
            yield name, embedder, [(filled(one.vectors[embedder]), real) for one in seeds]
        for name, matchers in self.direct.items():
            yield name, self.judge, [(one.voices, one.faces[there]) for one in matchers]

    def _matching(self, strata: tuple[str, ...], embedder: str) -> Iterator[Row]:
        try:
            trials, there = self._trials("1:2", strata)
        except CorpusError:
            return
        scored, judged_by = {}, {}
        for name, by, seeds in self._sides(embedder, there):
            parts = [match(*pair, trials, centre=True) for pair in seeds]
            scored[name], judged_by[name] = Scored.mean(parts), by
        for name, one in scored.items():
            if name in self.direct and embedder != self.judge:
                continue
            yield _with(_row(name, "1:2 matching", trials, judged_by[name], one), one.estimate())
        for other in self.references:
            for name, one in scored.items():
                if name != other and not (name in self.direct and embedder != self.judge):
                    row = _row(name, "1:2 matching", trials, embedder, one, other)
                    yield _with(row, one.above(scored[other]))
        yield from self._real(trials, there, embedder)

    def _real(self, trials: TrialList, there: Bools, embedder: str) -> Iterator[Row]:
        """Other pictures of the person in the place of made faces: what the embedder can tell."""
        real = self.target.vectors[embedder][there]
        try:
            own = make_trials(
                trials.gallery, trials.gallery, protocol="1:2", strata=trials.strata,
                others_only=True,
            )  # fmt: skip
            scored = match(real, real, own, centre=True)
        except CorpusError:  # nobody has two pictures
            return
        yield _with(_row(REAL, "1:2 matching", own, embedder, scored), scored.estimate())

    def _several(self) -> Iterator[Row]:
        trials, there = self._trials("1:N", n_way=SEVERAL)
        for name, by, seeds in self._sides(self.judge, there):
            one = Scored.mean([match(*pair, trials, centre=True) for pair in seeds])
            row = _row(name, f"1:{SEVERAL} matching", trials, by, one)
            yield _with(row, one.estimate())

    def _retrieval(self) -> Iterator[Row]:
        trials, there = self._trials("retrieval")
        for name, by, seeds in self._sides(self.judge, there):
            ranks = [retrieve(*pair, trials, centre=True) for pair in seeds]
            n, people = ranks[0].n_gallery, ranks[0].people
            for k in (k for k in RANKS if k < n):
                row = Row(name, f"R@{k} of {n}", "", by, chance=ranks[0].chance(k))
                yield _with(row, over_people([one.found(k) for one in ranks], people))

    def _verification(self) -> Iterator[Row]:
        for strata in ((), *([("gender",)] if "gender" in self.pairs.cells else [])):
            trials, there = self._trials("verification", strata)
            for name, by, seeds in self._sides(self.judge, there):
                found = [verify_faces(*pair, trials, centre=True) for pair in seeds]
                for measure, of_seeds in (
                    ("AUC", [one.auc for one in found]), ("EER", [one.eer for one in found])
                ):  # fmt: skip
                    row = Row(name, f"verification {measure}", ", ".join(strata), by, chance=0.5)
                    yield _with(row, mean_estimate(of_seeds, SHARE))


def over_people(of_seeds: Sequence[Float64s], people: Texts) -> Estimate:
    """Mean over people and seeds of shares of recordings, with its interval over both."""
    found = estimate(np.mean(of_seeds, axis=0), people, ends=SHARE)
    means = [float(person_means(one, people)[0].mean()) for one in of_seeds]
    return with_seeds(found, means, ends=SHARE)


def correlation(
    a: Floats,
    b: Floats,
    people: Texts,
    there: Bools,
    n_resamples: int = 1000,
) -> Estimate:
    """Pearson's r over recordings, with its interval over people."""
    a, b, people = a[there], b[there], people[there]
    names, owner = np.unique(people, return_inverse=True)
    rows = [np.flatnonzero(owner == i) for i in range(len(names))]
    rng = np.random.default_rng(0)

    def r(chosen: Int64s) -> float:
        x, y = a[chosen], b[chosen]
        if x.std() < 1e-6 or y.std() < 1e-6:
            return 0.0  # one face for everybody tells nothing
        return float(np.corrcoef(x, y)[0, 1])

    drawn = [
        r(np.concatenate([rows[i] for i in rng.integers(len(names), size=len(names))]))
        for _ in range(n_resamples)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Estimate(r(np.arange(len(a))), float(low), float(high))


def _row(
    name: str, measure: str, trials: TrialList, embedder: str, scored: Scored, against: str = ""
) -> Row:
    return Row(
        name, measure, ", ".join(trials.strata), embedder, n_people=scored.n_people,
        n_trials=scored.n_trials, chance=None if against else scored.chance, against=against,
    )  # fmt: skip


def _with(row: Row, found: Estimate) -> Row:
    return msgspec.structs.replace(row, value=found.value, low=found.low, high=found.high)
