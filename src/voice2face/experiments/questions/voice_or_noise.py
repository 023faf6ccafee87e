"""Test 1: can faces made from speech be told from those made from noise?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice2face.evaluation.embedders.fitted import as_faces
from voice2face.evaluation.metrics.cosine import unit_vectors
from voice2face.evaluation.metrics.roc import auc_over_people, roc_auc
from voice2face.evaluation.results import Claim, Result, Row
from voice2face.evaluation.statistics.intervals import Estimate
from voice2face.evaluation.trials.trials import Items
from voice2face.experiments.answers import difference_row, mean_estimate, write_asked
from voice2face.experiments.claims import BEYOND, TESTS, best_judge, claim_above, rows_of
from voice2face.experiments.comparing import (
    BASELINE,
    LEAST_PEOPLE,
    REAL,
    main_variant,
    systems_of,
)
from voice2face.experiments.context import Context
from voice2face.experiments.discriminator import Discriminator
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.speech import NOISES, Speech, noise
from voice2face.experiments.systems import Made, ModelSystem, System

SECONDS = 5.0  # of each noise, and at most of each recording
N_EACH = 30  # recordings of each kind of noise
MOST_BANK = 2000  # real training faces among which the nearest is looked for
OWN = "its own discriminator"
ALL = "noise"
REAL_NOTE = "real faces of people not trained on, against faces that {} makes of noise"

Floats = npt.NDArray[np.float64]
Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Heard:
    """What faces are made from.

    Attributes:
        speech: Recordings of people whom no stage has met, cut to ``SECONDS``.
        noise: ``N_EACH`` recordings of each kind, named by kind and number.
        kinds: Of each noise, (n,).
    """

    speech: Speech
    noise: Speech
    kinds: npt.NDArray[np.str_]

    @classmethod
    def of(cls, context: Context) -> "Heard":
        """Drawn by the context's seed."""
        unseen = context.unseen()
        front_end = context.corpus.info.front_end
        made = [noise(k, SECONDS, N_EACH, unseen, front_end, context.seed) for k in NOISES]
        together = Speech(
            np.concatenate([one.clip for one in made]),
            np.concatenate([one.identity for one in made]),
            [frames for one in made for frames in one.log_mel],
            {},
        )
        return cls(unseen.cut(SECONDS), together, np.repeat(NOISES, N_EACH))

    def made(self, context: Context, system: System, *, raw: bool = False) -> tuple[Made, Made]:
        """Faces from speech, and from noise."""
        return (
            context.made(system, self.speech, f"unseen, {SECONDS:g} s", raw=raw),
            context.made(system, self.noise, f"{N_EACH} of each noise, {SECONDS:g} s", raw=raw),
        )


@dataclass(frozen=True, eq=False)
class Scores:
    """How real faces look to a judge, one array of each seed.

    Attributes:
        speech: Of faces made from speech, (n,).
        noise: Of those made from noise, (m,).
        people: Whose each of the former is, (n,).
    """

    speech: Sequence[Floats]
    noise: Sequence[Floats]
    people: npt.NDArray[np.str_]

    def rows(self, context: Context, system: str, judge: str, heard: Heard, note: str) -> list[Row]:
        """The area under the curve against all noise and against each kind."""
        rows = []
        for kind in (ALL, *NOISES):
            of_kind = np.ones(len(heard.kinds), bool) if kind == ALL else heard.kinds == kind
            pairs = zip(self.speech, self.noise, strict=True)
            areas = [
                self._area(context, a, b[of_kind], heard.noise.clip[of_kind]) for a, b in pairs
            ]
            area, of_seeds = mean_estimate(areas)
            rows.append(
                Row(
                    system, measure(kind), "", judge, area.value, area.low, area.high,
                    n_people=len(np.unique(self.people)),
                    n_trials=len(self.people) + int(of_kind.sum()),
                    chance=0.5, note="; ".join(filter(None, [note, of_seeds])),
                )
            )  # fmt: skip
        return rows

    def _area(
        self, context: Context, a: Floats, b: Floats, units: npt.NDArray[np.str_]
    ) -> Estimate:
        return auc_over_people(
            a, self.people, b, units, seed=context.seed, n_resamples=context.n_resamples
        )

    def shares(self) -> list[Floats]:
        """Share of all noise that each recording's face is above; their mean is the area."""
        pairs = zip(self.speech, self.noise, strict=True)
        return [np.array([roc_auc(a[i : i + 1], b) for i in range(len(a))]) for a, b in pairs]


def measure(kind: str) -> str:
    """Name of what is measured."""
    return f"speech or {kind}, AUC" if kind == ALL else f"speech or {kind} noise, AUC"


# From faces and what they were made of to how real they look, (n,).
Judge = Callable[[Pictures], Floats]


def run(context: Context, experiment: Experiment) -> Result:
    """Each model by its own discriminator; every system by how near its faces are to real ones."""
    seeds = {"noise and resampling": context.seed}
    about = {"seeds": seeds, "sources": context.sources(), "made_by": context.made_by}
    if len(np.unique(context.unseen().identity)) < LEAST_PEOPLE:
        reason = "too few people not trained on have a recording"
        return experiment.result(left_out=reason, **about)
    heard = Heard.of(context)
    rows = _by_own(context, heard)
    for name in context.embedders:
        rows += _by_judge(context, heard, f"likeness, {name}", likeness(context, name))
    return experiment.result(
        rows=rows,
        claims=_claims(context, rows),
        trials_sha256=write_asked(context, experiment.name, heard.speech),
        **about,
    )


def _by_own(context: Context, heard: Heard) -> list[Row]:
    """Each model whose run is there, by the discriminator that it was trained against."""
    scores, rows = {}, []
    for variant, seeds in context.models.items():
        judges = [Discriminator.of(one) for one in seeds]
        known = [(d, s) for d, s in zip(judges, seeds, strict=True) if d is not None]
        if not known:
            rows.append(Row(variant, measure(ALL), "", OWN, note="its run is not at hand"))
            continue
        scores[variant] = _own_scores(context, heard, known)
        if variant == main_variant(context):
            rows += _own_real(context, heard, known, scores[variant])
        rows += scores[variant].rows(context, variant, OWN, heard, "")
    return rows + _differences(context, scores, OWN)


def _own_scores(
    context: Context, heard: Heard, known: Sequence[tuple[Discriminator, ModelSystem]]
) -> Scores:
    both = [
        [judge.scores(_raw(made)) for made in heard.made(context, system, raw=True)]
        for judge, system in known
    ]
    return Scores([a for a, _ in both], [b for _, b in both], heard.speech.identity)


def _own_real(
    context: Context,
    heard: Heard,
    known: Sequence[tuple[Discriminator, ModelSystem]],
    scores: Scores,
) -> list[Row]:
    """Real faces in the place of those made from speech."""
    faces = context.faces(context.asked)
    if len(np.unique(faces.identity)) < LEAST_PEOPLE:
        return []
    seen = [judge.scores(as_faces(faces.pixels)) for judge, _ in known]
    note = REAL_NOTE.format(main_variant(context))
    return Scores(seen, scores.noise, faces.identity).rows(context, REAL, OWN, heard, note)


def _raw(made: Made) -> npt.NDArray[np.float32]:
    """As a generator gave them to its discriminator."""
    return as_faces(made.pixels) if made.raw is None else made.raw


def likeness(context: Context, embedder: str) -> Judge:
    """How like a face is to the real training face it is most like, by cosine."""
    faces = context.faces("train")
    rng = np.random.default_rng(context.seed)
    rows = np.sort(rng.permutation(len(faces))[:MOST_BANK])
    bank = _unit(context.embed(embedder, faces.pixels[rows]))

    def of(pixels: Pictures) -> Floats:
        near = _unit(context.embed(embedder, pixels)) @ bank.T
        return np.asarray(near.max(axis=1), np.float64)

    return of


def _unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    names = np.arange(len(vectors)).astype(str)
    return unit_vectors(vectors, Items(names, names), "faces")


def _by_judge(context: Context, heard: Heard, name: str, judge: Judge) -> list[Row]:
    """Every system by a judge that knows none of them."""
    scores: dict[str, Scores] = {}
    for system, seeds in systems_of(context).items():
        made = [heard.made(context, one) for one in seeds]
        speech, of_noise = (
            [judge(faces.pixels) for faces in side] for side in zip(*made, strict=True)
        )
        scores[system] = Scores(speech, of_noise, heard.speech.identity)
    faces, model = context.faces(context.asked), main_variant(context)
    rows: list[Row] = []
    if len(np.unique(faces.identity)) >= LEAST_PEOPLE:
        seen = [judge(faces.pixels)] * len(scores[model].noise)
        real = Scores(seen, scores[model].noise, faces.identity)
        rows += real.rows(context, REAL, name, heard, REAL_NOTE.format(model))
    for system, one in scores.items():
        rows += one.rows(context, system, name, heard, "")
    return rows + _differences(context, scores, name)


def _differences(context: Context, scores: Mapping[str, Scores], judge: str) -> list[Row]:
    """Models against the baseline and each rival, over all noise; which noise is drawn is fixed."""
    shares = {system: one.shares() for system, one in scores.items()}
    rows = []
    for system in (m for m in context.models if m in shares):
        for other in (o for o in (BASELINE, *context.rivals) if o in shares and o != system):
            pair, people = (shares[system], shares[other]), scores[system].people
            rows.append(
                difference_row(context, (system, other), measure(ALL), pair, people, embedder=judge)
            )
    return rows


def _claims(context: Context, rows: Sequence[Row]) -> list[Claim]:
    model, name = main_variant(context), measure(ALL)
    by_others = [row for row in rows if row.embedder != OWN]
    own = [row for row in rows_of(rows, model, name) if row.embedder == OWN]
    text = "faces made from speech are told from faces made from noise"
    claims = [
        claim_above(f"{text} by the discriminator", TESTS[1], own, 0.5, OWN),
        claim_above(
            f"{text} by an independent judge: they are more like a real face", BEYOND,
            rows_of(by_others, model, name), 0.5, best_judge(by_others, name),
        ),
    ]  # fmt: skip
    return [claim for claim in claims if claim is not None]


EXPERIMENT = Experiment(
    name="voice_or_noise",
    title="Is speech told from noise?",
    report_item="Test 1",
    question="Do faces made from speech look more like faces than those made from white, pink or "
    "brown noise or from babble?",
    protocol=f"Recordings of people whom no stage has met, cut to {SECONDS:g} s, and {N_EACH} "
    f"recordings of {SECONDS:g} s of each kind of noise, without voice activity detection; babble "
    "is six speakers at once. Two kinds of judge: the discriminator that the model was trained "
    "against, by its score of the unclipped face; and, independent of it, the cosine of the face "
    "to the real training face that it is most like, by each embedder.",
    measure="Chance that a face made from speech scores above one made from noise (AUC).",
    chance="One half; a system that hears nothing is there exactly.",
    unit="People on one side, recordings of noise on the other; in differences between systems, "
    "people alone. Of several seeds, values and interval ends are averaged.",
    run=run,
)
