"""What is asked of made faces in matching, retrieval and verification: lists of trials, frozen."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from voice2face.errors import CorpusError
from voice2face.evaluation.trials.trial_list import Protocol
from voice2face.evaluation.trials.trials import Items, TrialList, make_trials, write_trials
from voice2face.experiments.comparing import REAL, items_of
from voice2face.experiments.context import Context
from voice2face.experiments.summary import Cell, Summary

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Asked:
    """How a list of trials is made; see :func:`make_trials`."""

    protocol: Protocol
    strata: tuple[str, ...] = ()
    n_way: int = 2
    n_sets: int | None = None

    @property
    def name(self) -> str:
        """In files and results."""
        way = f"1 of {self.n_way}" if self.protocol.startswith("1:") else self.protocol
        drawn = f" in {self.n_sets} galleries" if self.n_sets else ""
        within = f" within {' and '.join(self.strata)}" if self.strata else ""
        return way + drawn + within


@dataclass(eq=False)
class Asking:
    """Recordings and real faces of one split, and what has been asked of them so far.

    Attributes:
        summary: What came of it.
        probes: Recordings that faces are made from.
        gallery: Real faces.
        trials: Lists that were answered, by name.
    """

    summary: Summary
    probes: Items
    gallery: Items
    trials: dict[str, TrialList] = field(default_factory=dict)

    @classmethod
    def of_unseen(cls, summary: Summary) -> "Asking":
        """Of people whom no stage has met."""
        context = summary.context
        return cls(summary, items_of(context.unseen()), items_of(context.faces(context.asked)))

    @property
    def context(self) -> Context:
        """At hand."""
        return self.summary.context

    def vectors(self, embedder: str) -> Mapping[str, Sequence[Vectors]]:
        """Embeddings of the faces that each system makes of the probes, of each seed."""
        return self.context.vectors(embedder, self.context.unseen())

    def real(self, embedder: str) -> Vectors:
        """Embeddings of the gallery."""
        return self.context.real_vectors(embedder, self.context.asked)

    def ask(self, asked: Asked, measures: Sequence[str], answer: "Answer") -> None:
        """Fix trials, and others with real faces in the place of made ones, and answer them.

        Args:
            asked: How the trials are made.
            measures: Where nobody can be asked, a row of each says why.
            answer: Adds the rows of one embedder.
        """
        try:
            trials = self._made(asked, self.probes)
        except CorpusError as error:
            note = f"could not be asked: {error.found}; {error.wanted} wanted"
            for measure in measures:
                self.summary.add(Cell(measure, ", ".join(asked.strata)), REAL, None, note=note)
            return
        self.trials[asked.name] = trials
        of_real = self.of_real(asked)
        if of_real is not None:
            self.trials[f"{asked.name}, {REAL}"] = of_real
        for embedder in self.context.embedders:
            answer(self, embedder, trials, of_real)

    def of_real(self, asked: Asked) -> TrialList | None:
        """Trials with other real faces in the place of made ones; None where there are none."""
        with contextlib.suppress(CorpusError):  # one picture of each person, say
            return self._made(asked, self.gallery, others_only=True)
        return None

    def _made(self, asked: Asked, probes: Items, *, others_only: bool = False) -> TrialList:
        return make_trials(
            probes, self.gallery, protocol=asked.protocol, strata=asked.strata, n_way=asked.n_way,
            n_sets=asked.n_sets, seed=self.context.seed, others_only=others_only,
        )  # fmt: skip

    def written(self, experiment: str) -> dict[str, str]:
        """Checksums of the lists, once they lie beside the result."""
        for name, trials in self.trials.items():
            plain = name.replace(",", "").replace(" ", "-")
            write_trials(self.context.out / f"{experiment}.{plain}.trials.json", trials)
        return {name: trials.sha256 for name, trials in self.trials.items()}


# Adds the rows of one embedder, from trials and those of real faces.
Answer = Callable[[Asking, str, TrialList, TrialList | None], None]
