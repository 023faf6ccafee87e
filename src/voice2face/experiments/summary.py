"""What an experiment has found so far: rows, trials, figures and claims."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from voice2face.arrays import Vectors
from voice2face.corpus.arrays import Faces
from voice2face.errors import CorpusError
from voice2face.evaluation.results import Claim, Grid, Series, Verdict
from voice2face.evaluation.trials.trials import Items, TrialList, make_trials, write_trials
from voice2face.experiments.comparing import REAL, items_of
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.rows import BETWEEN, WITHIN, Cell, Rows, mean_estimate
from voice2face.files import write_bytes

__all__ = ["BETWEEN", "TOO_LITTLE", "WITHIN", "Cell", "Rows", "Summary", "Systems", "mean_estimate"]

TOO_LITTLE: Verdict = "too little training to tell"

# By system: its trials, and the embeddings of its faces, one array for each seed.
Systems = Mapping[str, tuple[TrialList, Sequence[Vectors]]]


@dataclass(eq=False)
class Summary(Rows):
    """What an experiment has found so far.

    Attributes:
        name: Name of the experiment; its files begin with it.
        series: Numbers behind figures.
        grids: Pictures of faces.
        claims: Claims of paper and report with their verdicts.
        trials: Checksum of each list of trials, by name.
        sources: Checksums of files that are not among those of the context.
        unfit: Reasons why models are not worth judging.
    """

    name: str = ""
    series: list[Series] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    trials: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    unfit: list[str] = field(default_factory=list)

    def fix(
        self, label: str, probes: Items, gallery: Items, *, lacking: Sequence[Cell] = (), **how: Any
    ) -> TrialList | None:
        """Make a list of trials, and write it beside the result.

        Args:
            label: Name of the list, which no other list of the experiment has.
            probes: What is asked about.
            gallery: Real faces to compare with.
            lacking: Places of rows that say why, if nobody can be asked about.
            how: More arguments of :func:`make_trials`; the protocol is "1:2" unless given.

        Returns:
            The list; None if nobody can be asked about.

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

    def against_real(
        self,
        label: str,
        speech: Recordings,
        faces: Faces,
        *,
        lacking: Sequence[Cell] = (),
        **how: Any,
    ) -> Iterator[tuple[str, Vectors, Systems]]:
        """Make trials of recordings against real faces, and embed the faces of all systems.

        A second list of trials has other real faces of a person in the place of made ones, as the
        upper reference.

        Args:
            label: Name of the list of trials among the experiment's.
            speech: Recordings that are asked about.
            faces: Real faces of these people.
            lacking: See :meth:`fix`.
            how: See :meth:`fix`.

        Yields:
            Name of an embedder, its embeddings of the real faces, and by system the trials and
            the embeddings of its faces.
        """
        probes, gallery = items_of(speech), items_of(faces)
        trials = self.fix(label, probes, gallery, lacking=lacking, **how)
        if trials is None:
            return
        again = self.fix(f"{label}, {REAL}", gallery, gallery, others_only=True, **how)
        for embedder in self.context.embedders:
            real = self.context.embed(embedder, faces.pixels)
            systems: dict[str, tuple[TrialList, Sequence[Vectors]]] = {}
            if again is not None:
                systems[REAL] = again, [real]
            for name, seeds in self.context.vectors(embedder, speech).items():
                systems[name] = trials, seeds
            yield embedder, real, systems

    def asked_about(self, recordings: Recordings) -> None:
        """Write down which recordings are asked about; for experiments without trials.

        Raises:
            OutputError: It could not be written.
        """
        both = zip(recordings.clip.tolist(), recordings.identity.tolist(), strict=True)
        data = msgspec.json.encode({"recordings": [list(pair) for pair in both]}) + b"\n"
        write_bytes(self.context.out / f"{self.name}.recordings.json", data)
        self.trials["recordings"] = hashlib.sha256(data).hexdigest()

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
        """Add lines of a figure, read from the rows: a panel for each embedder.

        Args:
            panel: Title of the panel, with ``{}`` for the embedder.
            points: Strata along the x axis, with their positions if these are numbers.
            lines: Name in the legend, system and measure of each line; unknown ones are left out.
            embedders: Embedders; None: all.
            x_label: Label of the x axis, with its unit.
            y_label: Label of the y axis, with its unit.
            chance: Value of a blind guess.
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
