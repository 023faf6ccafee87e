"""Faces of one or two systems against real ones: matching, retrieval, verification."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.face_verification import verify_faces
from voice2face.evaluation.metrics.matching import Scored, match
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

Ints = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Direct:
    """Voices and real faces in one space: what a voice tells before a picture is made.

    Attributes:
        voices: In the space, as a column that only ``embedder`` has embedded.
        faces: The target's real faces in the space, (rows of the table, k).
        embedder: Name of the network whose embeddings of faces were brought there.
    """

    voices: Column
    faces: Vectors
    embedder: str

    @property
    def name(self) -> str:
        """In tables."""
        return self.voices.name


@dataclass(frozen=True, eq=False)
class Question:
    """What is compared, the same for all systems.

    Attributes:
        pairs: The table.
        systems: Faces made by some systems; only rows where each has one are asked about. The first
            is compared with each of the others.
        target: The real faces; each file counts once for a person.
        direct: A system that makes no faces, with which the first is compared too; None: without.
        known_languages: Languages that were heard in training, in small letters; if any are given,
            verification is asked of them and of the others apart too.
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
    direct: Direct | None = None
    known_languages: tuple[str, ...] = ()

    @property
    def columns(self) -> list[Column]:
        """Of which a row must have each to be asked about."""
        return [*self.systems, *([] if self.direct is None else [self.direct.voices])]


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


@dataclass(frozen=True, eq=False)
class _Answering:
    """One system on its trials, by one embedder."""

    name: str
    embedder: str
    made: Vectors
    real: Vectors
    again: bool = False  # whether its own numbers stand beside another embedder's already


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
        self.embedders = [*question.target.vectors]
        self.names = [column.name for column in question.columns]
        self.gallery = self._gallery()
        self.probes = self._probes()
        self.draws: dict[str, Any] = {"seed": question.seed, "n_resamples": question.n_resamples}

    def answered(self) -> Answers:
        strata = [self.question.strata[:n] for n in range(len(self.question.strata) + 1)]
        for alike in strata:
            self._ask("1:2", alike, self._match, required=not alike)
            if not self.others_only:
                self._ask("1:2", alike, self._match_real, real=True)
        if len(np.unique(self.gallery.items.identity)) >= SEVERAL:
            self._ask("1:N", (), self._match, n_way=SEVERAL)
        self._ask("retrieval", (), self._retrieve)
        if len(np.unique(self.gallery.items.identity)) >= GALLERY_PEOPLE and not self.others_only:
            self._ask("retrieval", (), self._retrieve, n_way=GALLERY_PEOPLE, n_sets=GALLERIES)
        for alike in strata:
            self._ask("verification", alike, self._verify)
        for which, probes in self._by_language().items():
            answer = partial(self._verify, probes=probes, which=f", {which}")
            self._ask("verification", (), answer, probes=probes, which=f", {which}")
        return self.answers

    def _by_language(self) -> dict[str, _Side]:
        """Probes in languages that were heard in training, and in others, as FAME asks them."""
        known, pairs = self.question.known_languages, self.question.pairs
        if not known or LANGUAGE not in pairs.cells:
            return {}
        spoken = np.char.lower(np.array(pairs.cells[LANGUAGE], np.str_))[self.probes.rows]
        heard = np.isin(spoken, known)
        masks = {"heard languages": heard, "unheard languages": ~heard & (spoken != "")}
        return {name: self._some(self.probes, mask) for name, mask in masks.items() if mask.any()}

    def _some(self, side: _Side, mask: npt.NDArray[np.bool_]) -> _Side:
        items = side.items
        groups = {name: column[mask] for name, column in items.groups.items()}
        kept = Items(items.name[mask], items.identity[mask], groups)
        return _Side(side.rows[mask], kept)

    def _answering(self, embedder: str, probes: _Side) -> list[_Answering]:
        """All systems, the one that makes no faces last."""
        question = self.question
        real = self.gallery.of(question.target, embedder)
        every = [
            _Answering(s.name, embedder, probes.of(s, embedder), real) for s in question.systems
        ]
        if (direct := question.direct) is not None:
            made = probes.of(direct.voices, direct.embedder)
            faces, again = direct.faces[self.gallery.rows], embedder != self.embedders[0]
            every.append(_Answering(direct.name, direct.embedder, made, faces, again))
        return every

    def _gallery(self) -> _Side:
        """Real faces: of each person, each file once."""
        identity, files = self.question.pairs.identity, self.question.target.cells
        first: dict[tuple[str, str], int] = {}
        for row in np.flatnonzero(self.question.target.there).tolist():
            first.setdefault((identity[row], files[row]), row)
        rows = np.array(list(first.values()), np.int64)
        return _Side(rows, self._items(rows, files))

    def _probes(self) -> _Side:
        """Rows in which each system has a face, or hears a voice."""
        columns = self.question.columns
        rows = np.flatnonzero(np.logical_and.reduce([column.there for column in columns]))
        named = self.question.target if self.others_only else columns[0]
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
        n_way: int = 2,
        n_sets: int | None = None,
        probes: _Side | None = None,
        which: str = "",
    ) -> None:
        """Make a list of trials and answer it; a line and an empty row where nobody can be asked.

        Args:
            protocol: Protocol of the list.
            strata: Strata of the list.
            answer: Gives the rows of one embedder.
            real: Real faces take the place of the made ones.
            required: Without this there is nothing to say.
            n_way: Faces of a trial, people of a gallery.
            n_sets: Galleries; None: as the protocol has it.
            probes: Some of the probes; None: all.
            which: What these have in common.
        """
        name = f"{protocol}{f' of {REAL}' if real else ''}{which}"
        name += f" within {' and '.join(strata)}" if strata else ""
        name += "" if n_sets is None else f" in {n_sets} galleries of {n_way} people"
        asked = self.gallery if real else probes or self.probes
        try:
            trials = make_trials(
                asked.items,
                self.gallery.items,
                protocol=protocol,
                strata=strata,
                n_way=n_way,
                n_sets=n_sets,
                seed=self.question.seed,
                others_only=real or self.others_only,
            )
            rows = [row for e in self.embedders for row in answer(trials, e)]
        except CorpusError as error:
            if required:
                raise
            self.answers.unasked.append(f"{name} left out: {error.found}; {error.wanted} wanted")
            system = REAL if real else self.names[0]
            measure = MATCHING if protocol == "1:2" else f"{protocol}{which}"
            row = Row(system, measure, ", ".join(strata), note=f"left out: {error.found}")
            self.answers.rows.append(row)
            return
        self.answers.trials[name] = trials
        self.answers.rows.extend(rows)

    def _match(self, trials: TrialList, embedder: str) -> Iterator[Row]:
        every, centre = self._answering(embedder, self.probes), self.question.centre
        scored = [match(one.made, one.real, trials, centre=centre) for one in every]
        measure = f"1:{trials.n_way} matching"
        for system, one in zip(every, scored, strict=True):
            if not system.again:
                row = _row(system.name, measure, trials, system.embedder, one)
                yield _with(row, one.estimate(**self.draws))
        for system, one in zip(every[1:], scored[1:], strict=True):
            row = _row(every[0].name, measure, trials, embedder, one)
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
        for one in self._answering(embedder, self.probes):
            if one.again:
                continue
            # In drawn galleries a person is asked about by the mean of their made faces (SF2F).
            drawn, centre = trials.sets is not None, self.question.centre
            ranks = retrieve(one.made, one.real, trials, per_person=drawn, centre=centre)
            where = f"{ranks.n_gallery} people{', SF2F: mean of each' if drawn else ''}"
            for k in (k for k in RANKS if k < ranks.n_gallery):
                measure = f"R@{k} of {where}"
                row = Row(one.name, measure, "", one.embedder, chance=ranks.chance(k))
                row = msgspec.structs.replace(row, n_people=ranks.n_people, n_trials=ranks.n_trials)
                yield _with(row, ranks.recall_at(k, **self.draws))

    def _verify(
        self, trials: TrialList, embedder: str, probes: _Side | None = None, which: str = ""
    ) -> Iterator[Row]:
        centre, seed = self.question.centre, self.question.seed
        for one in self._answering(embedder, probes or self.probes):
            if one.again:
                continue
            found = verify_faces(one.made, one.real, trials, centre=centre, seed=seed)
            for name, estimate in (("AUC", found.auc), ("EER", found.eer)):
                row = Row(
                    one.name,
                    f"verification {name}{which}",
                    ", ".join(trials.strata),
                    one.embedder,
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
