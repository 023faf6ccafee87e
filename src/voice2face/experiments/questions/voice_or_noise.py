"""Test 1: can faces made from speech be told from those made from noise?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Bools, Float64s, Texts
from voice2face.evaluation.metrics.cosine import unit
from voice2face.evaluation.metrics.roc import auc_over_people, roc_auc
from voice2face.evaluation.results import Row
from voice2face.evaluation.statistics.intervals import SHARE
from voice2face.experiments.comparing import LEAST_PEOPLE, REAL, too_few
from voice2face.experiments.context import BASELINE, Context
from voice2face.experiments.discriminator import Discriminator
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.noises import BABBLE, NOISES, PLAIN_NOISES, noise
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.summary import Cell, Summary, mean_estimate
from voice2face.experiments.systems import Made, ModelSystem, System
from voice2face.experiments.verdicts import BEYOND, CHANCE, TESTS, claim

SECONDS = 5.0  # length of each noise, and most of each recording
N_EACH = 30  # recordings of each kind of noise
MOST_BANK = 2000  # real training faces, of which the nearest is taken
OWN = "its own discriminator"
ALL = "noise"  # white, pink and brown; not babble, which is speech
LIKENESS = "likeness, {}"  # name of a judge: how like a real face, by an embedder
REAL_NOTE = "real faces of people not trained on, against faces that {} makes of noise"


@dataclass(frozen=True, eq=False)
class Heard:
    """Recordings that faces are made from.

    Attributes:
        speech: Recordings of people not trained on, cut to ``SECONDS``.
        noise: ``N_EACH`` recordings of each kind, named by kind and number.
        kinds: Kind of each noise, (n,).
    """

    speech: Recordings
    noise: Recordings
    kinds: Texts

    @classmethod
    def of(cls, context: Context) -> "Heard":
        """Recordings and noise of a context."""
        unseen = context.unseen()
        front_end = context.corpus.info.front_end
        made = [noise(k, SECONDS, N_EACH, unseen, front_end, context.seed) for k in NOISES]
        return cls(unseen.cut(SECONDS), Recordings.together(made), np.repeat(NOISES, N_EACH))

    def of_kind(self, kind: str) -> Bools:
        """Mask of the noises of a kind, or of all plain ones, (n,)."""
        return np.isin(self.kinds, PLAIN_NOISES if kind == ALL else (kind,))

    def made(self, context: Context, system: System, *, raw: bool = False) -> tuple[Made, Made]:
        """Faces from speech, and from noise."""
        return (
            context.made(system, self.speech, raw=raw),
            context.made(system, self.noise, raw=raw),
        )


@dataclass(frozen=True, eq=False)
class Scores:
    """How real faces look to a judge, one array for each seed.

    Attributes:
        speech: Scores of faces made from speech, (n,).
        noise: Scores of faces made from noise, (m,).
        people: Person of each of the former, (n,).
    """

    speech: Sequence[Float64s]
    noise: Sequence[Float64s]
    people: Texts

    def add_to(
        self, summary: Summary, system: str, judge: str, heard: Heard, note: str = ""
    ) -> None:
        """Add the area under the curve against all plain noise and against each kind."""
        n_people = len(np.unique(self.people))
        for kind in (ALL, *NOISES):
            rows = heard.of_kind(kind)
            areas = [
                auc_over_people(
                    a, self.people, b[rows], heard.noise.clip[rows], **summary.context.draws
                )
                for a, b in zip(self.speech, self.noise, strict=True)
            ]
            n = n_people, len(self.people) + int(rows.sum())
            cell = Cell(measure(kind), "", judge, 0.5)
            summary.add(cell, system, mean_estimate(areas, SHARE), n, note=note)

    def shares(self, heard: Heard) -> list[Float64s]:
        """Share of plain noise that each recording's face is above, (n,); the mean is the area."""
        rows = heard.of_kind(ALL)
        pairs = zip(self.speech, self.noise, strict=True)
        return [np.array([roc_auc(a[i : i + 1], b[rows]) for i in range(len(a))]) for a, b in pairs]


def measure(kind: str) -> str:
    """Name of the measure."""
    return f"speech or {kind}, AUC" if kind == ALL else f"speech or {kind} noise, AUC"


Judge = Callable[[Made], Float64s]  # how real faces look, (n,)


def lacking(context: Context) -> str:
    """Why it can't be asked; "" if it can."""
    return too_few(context.unseen().identity, "people not trained on have a recording")


def run(summary: Summary) -> None:
    """Add models by their own discriminators, and all systems by likeness to real faces."""
    context = summary.context
    heard = Heard.of(context)
    own: dict[str, list[tuple[System, Judge]]] = {}
    for variant, seeds in context.models.items():
        models = [one for one in seeds if isinstance(one, ModelSystem)]
        judged: list[tuple[System, Judge]] = [
            (one, found.of_made) for one in models if (found := Discriminator.of(one))
        ]
        if judged:
            own[variant] = judged
        else:
            summary.add(Cell(measure(ALL), "", OWN), variant, None, note="its run is not at hand")
    _add_judged(summary, heard, OWN, own, raw=True)
    systems = context.systems(heard.noise)
    for embedder in context.embedders:
        judge = likeness(context, embedder)
        every = {name: [(one, judge) for one in seeds] for name, seeds in systems.items()}
        _add_judged(summary, heard, LIKENESS.format(embedder), every)
    summary.asked_about(heard.speech)
    _claims(summary)


def _add_judged(
    summary: Summary,
    heard: Heard,
    name: str,
    systems: Mapping[str, Sequence[tuple[System, Judge]]],
    *,
    raw: bool = False,
) -> None:
    """Add what a judge says of systems, and of real faces in the place of those from speech.

    Args:
        summary: Where rows are added.
        heard: What faces are made from.
        name: Name of the judge.
        systems: By system its seeds, with the judge of each.
        raw: Whether the judge wants faces as a generator gave them.
    """
    context, people = summary.context, heard.speech.identity
    scores = dict[str, Scores]()
    for system, seeds in systems.items():
        made = [heard.made(context, one, raw=raw) for one, _ in seeds]
        speech, noise = (
            [judge(side[k]) for side, (_, judge) in zip(made, seeds, strict=True)] for k in (0, 1)
        )
        scores[system] = Scores(speech, noise, people)
    faces, main = context.faces(context.asked), context.main
    if main in scores and len(np.unique(faces.identity)) >= LEAST_PEOPLE:
        seen = [judge(Made(faces.pixels)) for _, judge in systems[main]]
        real = Scores(seen, scores[main].noise, faces.identity)
        real.add_to(summary, REAL, name, heard, REAL_NOTE.format(main))
    for system, one in scores.items():
        one.add_to(summary, system, name, heard)
    _add_differences(summary, heard, scores, name)


def likeness(context: Context, embedder: str) -> Judge:
    """A judge: cosine of a face to the real training face that it is most like."""
    faces = context.faces("train")
    rng = np.random.default_rng(context.seed)
    rows = np.sort(rng.permutation(len(faces))[:MOST_BANK])
    bank = unit(context.embed(embedder, faces.pixels[rows]))

    def of(made: Made) -> Float64s:
        near = unit(context.embed(embedder, made.pixels)) @ bank.T
        return np.asarray(near.max(axis=1), np.float64)

    return of


def _add_differences(
    summary: Summary, heard: Heard, scores: Mapping[str, Scores], judge: str
) -> None:
    """Add differences of models to `baseline` and all trivial baselines, over plain noise."""
    shares = {system: one.shares(heard) for system, one in scores.items()}
    context, cell = summary.context, Cell(measure(ALL), "", judge)
    for system in (m for m in context.models if m in shares):
        for other in (o for o in (BASELINE, *context.baselines) if o in shares and o != system):
            people = scores[system].people
            found, n = summary.difference(shares[system], shares[other], people)
            summary.add(cell, system, found, n, against=other)


def _claims(summary: Summary) -> None:
    """Add claims on plain noise and on babble, by the discriminator and by another judge."""
    for kind, words, sources in (
        (ALL, "white, pink and brown noise", (TESTS[1], BEYOND)),
        (BABBLE, "babble, which is speech of several people", (BEYOND, BEYOND)),
    ):
        text = f"faces made from speech are told from faces made from {words}"
        rows, of_real = (summary.found(measure(kind), system=one) for one in ("", REAL))
        own, others = _parted(rows)
        claim(summary, f"{text}, by the discriminator", sources[0], CHANCE, own, speaks=OWN)
        text = f"{text}, by an independent judge: they are more like a real face"
        bound = CHANCE.reached_by(_parted(of_real)[1])
        claim(summary, text, sources[1], bound, others, prefix=LIKENESS)


def _parted(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Rows by the discriminator, and all others."""
    own = [row for row in rows if row.embedder == OWN]
    return own, [row for row in rows if row.embedder != OWN]


EXPERIMENT = Experiment(
    name="voice_or_noise",
    title="Is speech told from noise?",
    report_item="Test 1",
    question="Do faces made from speech look more like faces than those made from white, pink or "
    "brown noise or from babble?",
    protocol=f"Recordings of people not trained on, cut to {SECONDS:g} s, and {N_EACH} "
    f"recordings of {SECONDS:g} s of each kind of noise, without voice activity detection; babble "
    "is six speakers at once, so it is judged apart from white, pink and brown noise. Two kinds "
    "of judge: the discriminator that the model was trained against, by its score of the unclipped "
    "face; and, independent of it, the cosine of the face to the real training face that it is "
    "most like, by each embedder.",
    measure="Chance that a face made from speech scores above one made from noise (AUC).",
    chance="One half; a system that hears nothing is there exactly.",
    unit="People on one side, recordings of noise on the other; in differences between systems, "
    "people alone. Of several seeds, values and interval ends are averaged.",
    chapter="tests",
    lacking=lacking,
    run=run,
)
