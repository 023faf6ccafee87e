"""Faces of one or two systems against real ones: matching, retrieval, verification."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.face_verification import verify_faces
from voice2face.evaluation.metrics.matching import Scored, match
from voice2face.evaluation.metrics.retrieval import retrieve
from voice2face.evaluation.pairs import Column, Pairs
from voice2face.evaluation.results import Row
from voice2face.evaluation.statistics.intervals import N_RESAMPLES, Estimate
from voice2face.evaluation.trials.trial_list import Items, Protocol, TrialList
from voice2face.evaluation.trials.trials import make_trials

RANKS = (1, 5, 10)
MATCHING = "1:2 matching"
REAL = "real faces"  # the upper reference: other pictures of the person in the place of made ones
REAL_NOTE = "people with several pictures: each against the others"

Ints = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Question:
    """What is compared, the same for all systems.

    Attributes:
        pairs: The table.
        systems: Faces made by one system or two; only rows where each has one are asked about.
        target: The real faces; each file counts once for a person.
        strata: Columns; trials are unstratified, then within the first, the first two ...
        centre: Subtract each side's mean.
        seed: Seed of resampling and of pairs that are drawn.
        n_resamples: Behind each interval.
    """

    pairs: Pairs
    systems: Sequence[Column]
    target: Column
    strata: tuple[str, ...] = ()
    centre: bool = False
    seed: int = 0
    n_resamples: int = N_RESAMPLES


@dataclass(frozen=True, eq=False)
class Answers:
    """What came of it.

    Attributes:
        rows: Rows of a result.
        trials: The lists that were answered, by name.
        unasked: What could not be asked, a line each.
    """

    rows: list[Row] = field(default_factory=list)
    trials: dict[str, TrialList] = field(default_factory=dict)
    unasked: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class _Side:
    """Rows of the table as probes or as gallery."""

    rows: Ints
    items: Items

    def of(self, column: Column, embedder: str) -> Vectors:
        return column.vectors[embedder][self.rows]


def compare(question: Question) -> Answers:
    """Ask all that the table allows.

    Raises:
        CorpusError: Not even unstratified matching can be asked: one identity alone, or nobody
            with a made face and a real one.
    """
    return _Comparison(question).answered()


class _Comparison:
    def __init__(self, question: Question) -> None:
        self.question, self.answers = question, Answers()
        # Where real pictures are asked about, none is compared with itself.
        self.others_only = any(s.cells == question.target.cells for s in question.systems)
        self.gallery = self._gallery()
        self.probes = self._probes()
        self.draws: dict[str, Any] = {"seed": question.seed, "n_resamples": question.n_resamples}

    def answered(self) -> Answers:
        strata = [self.question.strata[:n] for n in range(len(self.question.strata) + 1)]
        for alike in strata:
            self._ask("1:2", alike, self._match, required=not alike)
            if not self.others_only:
                self._ask("1:2", alike, self._match_real, real=True)
        self._ask("retrieval", (), self._retrieve)
        for alike in strata:
            self._ask("verification", alike, self._verify)
        return self.answers

    def _gallery(self) -> _Side:
        """Real faces: of each person, each file once."""
        identity, files = self.question.pairs.identity, self.question.target.cells
        first: dict[tuple[str, str], int] = {}
        for row in np.flatnonzero(self.question.target.there).tolist():
            first.setdefault((identity[row], files[row]), row)
        rows = np.array(list(first.values()), np.int64)
        return _Side(rows, self._items(rows, files))

    def _probes(self) -> _Side:
        """Rows in which each system has a face."""
        systems = self.question.systems
        rows = np.flatnonzero(np.logical_and.reduce([system.there for system in systems]))
        named = self.question.target if self.others_only else systems[0]
        return _Side(rows, self._items(rows, named.cells))

    def _items(self, rows: Ints, names: Sequence[str]) -> Items:
        pairs = self.question.pairs
        groups = {
            k: np.char.lower(np.array(pairs.cells[k], np.str_))[rows] for k in self.question.strata
        }
        return Items(np.array(names, np.str_)[rows], pairs.identity[rows], groups)

    def _ask(
        self,
        protocol: Protocol,
        strata: tuple[str, ...],
        answer: Callable[[TrialList, str], Iterator[Row]],
        *,
        real: bool = False,
        required: bool = False,
    ) -> None:
        """Make a list of trials and answer it; a line and an empty row where nobody can be asked.

        Args:
            protocol: Protocol of the list.
            strata: Strata of the list.
            answer: Gives the rows of one embedder.
            real: Real faces take the place of the made ones.
            required: Without this there is nothing to say.
        """
        name = f"{protocol}{f' of {REAL}' if real else ''}"
        name += f" within {' and '.join(strata)}" if strata else ""
        probes = self.gallery if real else self.probes
        try:
            trials = make_trials(
                probes.items,
                self.gallery.items,
                protocol=protocol,
                strata=strata,
                seed=self.question.seed,
                others_only=real or self.others_only,
            )
            rows = [row for e in self.question.target.vectors for row in answer(trials, e)]
        except CorpusError as error:
            if required:
                raise
            self.answers.unasked.append(f"{name} left out: {error.found}; {error.wanted} wanted")
            system = REAL if real else self.question.systems[0].name
            measure = MATCHING if protocol == "1:2" else protocol
            row = Row(system, measure, ", ".join(strata), note=f"left out: {error.found}")
            self.answers.rows.append(row)
            return
        self.answers.trials[name] = trials
        self.answers.rows.extend(rows)

    def _match(self, trials: TrialList, embedder: str) -> Iterator[Row]:
        systems, centre = self.question.systems, self.question.centre
        real = self.gallery.of(self.question.target, embedder)
        scored = [match(self.probes.of(s, embedder), real, trials, centre=centre) for s in systems]
        for system, one in zip(systems, scored, strict=True):
            row = _row(system.name, MATCHING, trials, embedder, one)
            yield _with(row, one.estimate(**self.draws))
        for system, one in zip(systems[1:], scored[1:], strict=True):
            row = _row(systems[0].name, MATCHING, trials, embedder, one)
            row = msgspec.structs.replace(row, against=system.name, chance=None)
            yield _with(row, scored[0].above(one, **self.draws))

    def _match_real(self, trials: TrialList, embedder: str) -> Iterator[Row]:
        """Other pictures of the person in the place of made faces: what the embedder can tell."""
        real = self.gallery.of(self.question.target, embedder)
        scored = match(real, real, trials, centre=self.question.centre)
        row = _row(REAL, MATCHING, trials, embedder, scored)
        row = msgspec.structs.replace(row, note=REAL_NOTE)
        yield _with(row, scored.estimate(**self.draws))

    def _retrieve(self, trials: TrialList, embedder: str) -> Iterator[Row]:
        real = self.gallery.of(self.question.target, embedder)
        for system in self.question.systems:
            made = self.probes.of(system, embedder)
            ranks = retrieve(made, real, trials, centre=self.question.centre)
            for k in (k for k in RANKS if k < ranks.n_gallery):
                measure = f"R@{k} of {ranks.n_gallery} people"
                row = Row(system.name, measure, "", embedder, chance=ranks.chance(k))
                row = msgspec.structs.replace(row, n_people=ranks.n_people, n_trials=ranks.n_trials)
                yield _with(row, ranks.recall_at(k, **self.draws))

    def _verify(self, trials: TrialList, embedder: str) -> Iterator[Row]:
        question = self.question
        real = self.gallery.of(question.target, embedder)
        for system in question.systems:
            made = self.probes.of(system, embedder)
            found = verify_faces(made, real, trials, centre=question.centre, seed=question.seed)
            for name, estimate in (("AUC", found.auc), ("EER", found.eer)):
                row = Row(
                    system.name,
                    f"verification {name}",
                    ", ".join(trials.strata),
                    embedder,
                    n_people=found.n_identities,
                    n_trials=found.n_same + found.n_different,
                    chance=trials.chance,
                )
                yield _with(row, estimate)


def _row(system: str, measure: str, trials: TrialList, embedder: str, scored: Scored) -> Row:
    return Row(
        system,
        measure,
        ", ".join(trials.strata),
        embedder,
        n_people=scored.n_people,
        n_trials=scored.n_trials,
        chance=scored.chance,
    )


def _with(row: Row, estimate: Estimate) -> Row:
    """A row with its numbers."""
    return msgspec.structs.replace(row, value=estimate.value, low=estimate.low, high=estimate.high)
