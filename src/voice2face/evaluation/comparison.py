"""Faces of one or two systems against real ones: matching, retrieval, verification."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from voice2face.arrays import Int64s, Texts, Vectors
from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.face_verification import verify_faces
from voice2face.evaluation.metrics.matching import match
from voice2face.evaluation.metrics.retrieval import GALLERIES, GALLERY_PEOPLE, retrieve
from voice2face.evaluation.pairs import Column, Pairs
from voice2face.evaluation.results import Row
from voice2face.evaluation.statistics.intervals import N_RESAMPLES, Estimate
from voice2face.evaluation.trials.trial_list import Items, Protocol, TrialList
from voice2face.evaluation.trials.trials import make_trials

RANKS = (1, 5, 10)
MATCHING = "1:2 matching"
SEVERAL = 10  # faces of a trial of 1:N matching
REAL = "real faces"  # the upper reference: other pictures of the person in the place of made ones
LANGUAGE = "language"  # column: what is spoken in a recording
REAL_NOTE = "people with several pictures: each against the others"


@dataclass(frozen=True, eq=False)
class Direct:
    """Voices and real faces in one space, without any made face.

    Attributes:
        voices: Voices in that space, as a column with vectors of ``embedder`` alone.
        faces: Real faces in that space, (rows of the table, k).
        embedder: Name of the network whose embeddings of faces were mapped into the space.
    """

    voices: Column
    faces: Vectors
    embedder: str

    @property
    def name(self) -> str:
        """Name in tables."""
        return self.voices.name


@dataclass(frozen=True, eq=False)
class Question:
    """What is compared; it is the same for all systems.

    Attributes:
        pairs: The table.
        systems: Faces of the systems. Only rows in which each has a face are asked about. The first
            system is compared with each of the others.
        target: Real faces; each file counts once for a person.
        direct: A system that makes no faces, which the first is compared with too; None: without.
        known_languages: Languages that were heard in training, in small letters. If there are any,
            verification is also asked of them and of other languages apart.
        strata: Columns; trials are made of all pairs, then within the first, the first two ...
        centre: Subtract each side's mean.
        seed: Seed of resamples and of drawn pairs.
        n_resamples: Number of resamples behind each interval.
    """

    pairs: Pairs
    systems: Sequence[Column]
    target: Column
    strata: tuple[str, ...] = ()
    centre: bool = False
    seed: int = 0
    n_resamples: int = N_RESAMPLES
    direct: Direct | None = None
    known_languages: tuple[str, ...] = ()

    @property
    def columns(self) -> list[Column]:
        """Columns of which a row must have each to be asked about."""
        return [*self.systems, *([] if self.direct is None else [self.direct.voices])]


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers to a question.

    Attributes:
        rows: Rows of a result.
        trials: Lists of trials by name.
        unasked: What could not be asked, a line each.
    """

    rows: list[Row] = field(default_factory=list)
    trials: dict[str, TrialList] = field(default_factory=dict)
    unasked: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class _Side:
    """Rows of the table as probes or as gallery."""

    rows: Int64s
    items: Items


@dataclass(frozen=True, eq=False)
class _System:
    """Embeddings of a system's faces and of the real ones, in the order of a list of trials.

    Attributes:
        again: Whether its own rows stand beside another embedder already.
        note: Note of its rows.
    """

    name: str
    embedder: str
    made: Vectors
    real: Vectors
    again: bool = False
    note: str = ""


def compare(question: Question) -> Answers:
    """Ask all that the table allows.

    Raises:
        CorpusError: Not even matching of all pairs can be asked: there is one identity alone, or
            nobody with a made face and a real one.
    """
    return _Comparison(question).answered()


class _Comparison:
    def __init__(self, question: Question) -> None:
        self.question, self.answers = question, Answers()
        self.target, self.centre = question.target, question.centre
        # If real pictures are asked about, none is compared with itself.
        self.others_only = any(s.cells == self.target.cells for s in question.systems)
        self.gallery = self._side(self._each_file_once(), self.target.cells)
        columns = question.columns
        self.named = (self.target if self.others_only else columns[0]).cells
        rows = np.flatnonzero(np.logical_and.reduce([column.there for column in columns]))
        self.probes = self._side(rows, self.named)
        self.draws: dict[str, Any] = {"seed": question.seed, "n_resamples": question.n_resamples}

    def answered(self) -> Answers:
        strata = [self.question.strata[:n] for n in range(len(self.question.strata) + 1)]
        n_people = len(np.unique(self.gallery.items.identity))
        for alike in strata:
            self._ask("1:2", self._match, alike, required=not alike)
            if not self.others_only:
                self._ask("1:2", self._match, alike, self.gallery, which=f" of {REAL}")
        if n_people >= SEVERAL:
            self._ask("1:N", self._match, n_way=SEVERAL)
        self._ask("retrieval", self._retrieve)
        if n_people >= GALLERY_PEOPLE and not self.others_only:
            self._ask("retrieval", self._retrieve, n_way=GALLERY_PEOPLE, n_sets=GALLERIES)
        for alike in strata:
            self._ask("verification", self._verify, alike)
        for name, probes in self._by_language().items():
            self._ask("verification", self._verify, (), probes, which=f", {name}")
        return self.answers

    def _each_file_once(self) -> Int64s:
        """Rows of real faces: of each person, each file once."""
        first: dict[tuple[str, str], int] = {}
        for row in np.flatnonzero(self.target.there).tolist():
            first.setdefault((self.question.pairs.identity[row], self.target.cells[row]), row)
        return np.array(list(first.values()), np.int64)

    def _side(self, rows: Int64s, names: Sequence[str]) -> _Side:
        pairs = self.question.pairs
        groups = {name: self._lowered(name)[rows] for name in self.question.strata}
        return _Side(rows, Items(np.array(names, np.str_)[rows], pairs.identity[rows], groups))

    def _lowered(self, column: str) -> Texts:
        return np.char.lower(np.array(self.question.pairs.cells[column], np.str_))

    def _by_language(self) -> dict[str, _Side]:
        """Probes in languages that were heard in training, and in others, as FAME asks them."""
        known = self.question.known_languages
        if not known or LANGUAGE not in self.question.pairs.cells:
            return {}
        rows = self.probes.rows
        spoken = self._lowered(LANGUAGE)[rows]
        heard = np.isin(spoken, known)
        masks = {"heard languages": heard, "unheard languages": ~heard & (spoken != "")}
        return {which: self._side(rows[m], self.named) for which, m in masks.items() if m.any()}

    def _systems(self, embedder: str, probes: _Side) -> list[_System]:
        """All systems, the one that makes no faces last; or real faces, if they are asked about."""
        question, real = self.question, self.target.vectors[embedder][self.gallery.rows]
        if probes is self.gallery:
            return [_System(REAL, embedder, real, real, note=REAL_NOTE)]
        every = [
            _System(system.name, embedder, system.vectors[embedder][probes.rows], real)
            for system in question.systems
        ]
        if (direct := question.direct) is not None:
            voices = direct.voices.vectors[direct.embedder][probes.rows]
            again = embedder != next(iter(self.target.vectors))
            faces = direct.faces[self.gallery.rows]
            every.append(_System(direct.name, direct.embedder, voices, faces, again))
        return every

    def _ask(
        self,
        protocol: Protocol,
        answer: Callable[[TrialList, list[_System], str], Iterator[Row]],
        strata: tuple[str, ...] = (),
        probes: _Side | None = None,
        *,
        which: str = "",
        required: bool = False,
        **how: Any,
    ) -> None:
        """Make a list of trials and answer it; if nobody can be asked, add a line and an empty row.

        Args:
            protocol: Protocol of the list.
            answer: Function that gives the rows of an embedder.
            strata: Strata of the list.
            probes: What is asked about, such as real faces; None: all faces that were made.
            which: What the probes have in common, for names and measures.
            required: Whether it is an error if nobody can be asked.
            how: More arguments of :func:`make_trials`.
        """
        name = f"{protocol}{which}" + (f" within {' and '.join(strata)}" if strata else "")
        if "n_sets" in how:
            name += f" in {how['n_sets']} galleries of {how['n_way']} people"
        asked = probes or self.probes
        real = asked is self.gallery
        try:
            trials = make_trials(
                asked.items, self.gallery.items, protocol=protocol, strata=strata,
                seed=self.question.seed, others_only=real or self.others_only, **how,
            )  # fmt: skip
            found = [self._systems(embedder, asked) for embedder in self.target.vectors]
            rows = [row for every in found for row in answer(trials, every, which)]
        except CorpusError as error:
            if required:
                raise
            self.answers.unasked.append(f"{name} left out: {error.found}; {error.wanted} wanted")
            system = REAL if real else self.question.columns[0].name
            measure = MATCHING if protocol == "1:2" else f"{protocol}{which}"
            rows = [Row(system, measure, ", ".join(strata), note=f"left out: {error.found}")]
        else:
            self.answers.trials[name] = trials
        self.answers.rows.extend(rows)

    def _match(self, trials: TrialList, every: list[_System], which: str) -> Iterator[Row]:
        measure = f"1:{trials.n_way} matching"
        first, *others = [
            (one, match(one.made, one.real, trials, centre=self.centre)) for one in every
        ]
        for system, scored in (first, *others):
            if not system.again:
                found, n = scored.estimate(**self.draws), (scored.n_people, scored.n_trials)
                yield _row(system, measure, trials, found, n, scored.chance)
        for system, scored in others:
            found, n = first[1].above(scored, **self.draws), (scored.n_people, scored.n_trials)
            yield _row(first[0], measure, trials, found, n, None, against=system.name)

    def _retrieve(self, trials: TrialList, every: list[_System], which: str) -> Iterator[Row]:
        # In drawn galleries a person is asked about by the mean of their made faces (SF2F).
        drawn = trials.sets is not None
        for one in (one for one in every if not one.again):
            ranks = retrieve(one.made, one.real, trials, per_person=drawn, centre=self.centre)
            where = f"{ranks.n_gallery} people{', SF2F: mean of each' if drawn else ''}"
            for k in (k for k in RANKS if k < ranks.n_gallery):
                found, n = ranks.recall_at(k, **self.draws), (ranks.n_people, ranks.n_trials)
                yield _row(one, f"R@{k} of {where}", trials, found, n, ranks.chance(k))

    def _verify(self, trials: TrialList, every: list[_System], which: str) -> Iterator[Row]:
        for one in (one for one in every if not one.again):
            found = verify_faces(
                one.made, one.real, trials, centre=self.centre, seed=self.question.seed
            )
            n = found.n_identities, found.n_same + found.n_different
            for name, estimate in (("AUC", found.auc), ("EER", found.eer)):
                measure = f"verification {name}{which}"
                yield _row(one, measure, trials, estimate, n, trials.chance)


def _row(
    system: _System,
    measure: str,
    trials: TrialList,
    found: Estimate,
    n: tuple[int, int],
    chance: float | None,
    against: str = "",
) -> Row:
    """A row of a result; ``n`` counts people and trials."""
    return Row(
        system.name, measure, ", ".join(trials.strata), system.embedder, found.value, found.low,
        found.high, *n, chance, against, system.note,
    )  # fmt: skip
