"""Test 3: do faces made from voices of unseen people show the speaker's gender and age?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from voice2face.errors import CorpusError
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.metrics.roc import auc_over_people
from voice2face.evaluation.results import Claim, Result, Row
from voice2face.evaluation.statistics.intervals import Estimate, bootstrap_interval, person_means
from voice2face.experiments.answers import difference_row, mean_estimate, mean_row, write_asked
from voice2face.experiments.claims import BEYOND, TESTS, best_judge, claim_above, rows_of
from voice2face.experiments.comparing import (
    BASELINE,
    LEAST_PEOPLE,
    REAL,
    main_variant,
    systems_of,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.linear_probe import ReadOff, bounds, column, is_male, middle

GENDER, GENDER_AUC = "gender right", "men above women, AUC"
AGE, AGE_ERROR = "age, correlation", "age, error in years"
GENDERS_MEAN = "gender's mean face"
REAL_NOTE = "real faces of people not trained on"

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]


class Judge(Protocol):
    """Tells age in years and how male a face looks, above one half for male."""

    @property
    def name(self) -> str:
        """In tables."""

    def judge(self, faces: FaceSet) -> tuple[Floats, Floats]:
        """Both, each (n,)."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of those who are asked about.

    Attributes:
        people: Whose recording or face each is, (n,).
        male: 1, 0, or NaN where it is not known, (n,).
        ages: Least and largest age, NaN where it is not known, (n, 2).
    """

    people: Texts
    male: Floats
    ages: Floats

    @classmethod
    def of(cls, people: Texts, attributes: Mapping[str, npt.NDArray[Any]]) -> "Truth":
        """From the columns of a corpus."""
        n = len(people)
        gender, age = (column(attributes, name, n) for name in ("gender", "age"))
        return cls(people, is_male(gender), bounds(age))

    @property
    def people_of_gender(self) -> list[int]:
        """How many women and men there are."""
        return [len(np.unique(self.people[self.male == side])) for side in (0, 1)]

    @property
    def people_of_age(self) -> int:
        """Of how many people the age is known."""
        return len(np.unique(self.people[~np.isnan(self.ages[:, 0])]))


# Of each system, what a judge says of its faces: ages and how male, of each seed.
Said = dict[str, list[tuple[Floats, Floats]]]


def run(context: Context, experiment: Experiment) -> Result:
    """Gender and age by each judge, of each system."""
    seeds = {"resampling": context.seed}
    about = {"seeds": seeds, "sources": context.sources(), "made_by": context.made_by}
    speech = context.unseen()
    spoken = Truth.of(speech.identity, speech.attributes)
    judges = judges_of(context)
    if min(spoken.people_of_gender) < LEAST_PEOPLE and spoken.people_of_age < LEAST_PEOPLE:
        reason = "gender and age of too few people not trained on are known"
        return experiment.result(left_out=reason, **about)
    if not judges:
        reason = "no network that judges faces was at hand, nor training faces of known gender"
        return experiment.result(left_out=reason, **about)
    rows = [row for judge in judges for row in rows_by(context, judge, spoken)]
    return experiment.result(
        rows=rows,
        claims=_claims(context, rows),
        trials_sha256=write_asked(context, experiment.name, speech),
        **about,
    )


def judges_of(context: Context) -> list[Judge]:
    """The network, if it is at hand, and the read-off of training faces, if that can be fitted."""
    own = ReadOff.fit(context.faces("train"), context.geometry, context.seed)
    return [judge for judge in (context.judge, own) if judge is not None]


def rows_by(context: Context, judge: Judge, spoken: Truth) -> list[Row]:
    """What one judge says of all systems."""
    faces, speech = context.faces(context.asked), context.unseen()

    def said(pixels: npt.NDArray[np.uint8]) -> tuple[Floats, Floats]:
        return judge.judge(FaceSet.of_crops(pixels, context.geometry))

    of_models: Said = {
        name: [said(context.made(one, speech, "unseen").pixels) for one in seeds]
        for name, seeds in systems_of(context).items()
    }
    of_real: Said = {REAL: [said(faces.pixels)]} if len(faces) else {}
    seen = Truth.of(faces.identity, faces.attributes)
    rows = []
    for measured in (_gender_rows, _auc_rows, _age_rows, _error_rows):
        rows += measured(context, judge.name, of_real, seen)
        rows += measured(context, judge.name, of_models, spoken)
    return rows


def _gender_rows(context: Context, judge: str, said: Said, truth: Truth) -> list[Row]:
    if min(truth.people_of_gender) < LEAST_PEOPLE:
        return []
    right = {n: [gender_right(male, truth) for _, male in seeds] for n, seeds in said.items()}
    return _mean_rows(context, judge, GENDER, right, truth, 0.5)


def gender_right(male: Floats, truth: Truth) -> Floats:
    """1 where the judge sees the true gender, one half where it can't decide, NaN: not known."""
    found = np.where(male > 0.5, 1.0, np.where(male < 0.5, 0.0, 0.5))
    return np.asarray(1 - np.abs(found - truth.male))


def _error_rows(context: Context, judge: str, said: Said, truth: Truth) -> list[Row]:
    if truth.people_of_age < LEAST_PEOPLE:
        return []
    errors = {n: [age_error(ages, truth) for ages, _ in seeds] for n, seeds in said.items()}
    known = {n: seeds for n, seeds in errors.items() if not np.isnan(seeds[0]).all()}
    return _mean_rows(context, judge, AGE_ERROR, known, truth, None)


def age_error(ages: Floats, truth: Truth) -> Floats:
    """Years outside of the band that the true age is in; NaN: not known."""
    least, largest = truth.ages.T
    return np.asarray(np.maximum(np.maximum(least - ages, ages - largest), 0.0))


def _mean_rows(
    context: Context,
    judge: str,
    measure: str,
    values: dict[str, list[Floats]],
    truth: Truth,
    chance: float | None,
) -> list[Row]:
    """A row a system, then each model against the baseline and each rival."""
    people = truth.people
    rows = [
        mean_row(
            context, system, measure, seeds, people, embedder=judge, chance=chance,
            note=REAL_NOTE if system == REAL else "",
        )
        for system, seeds in values.items()
    ]  # fmt: skip
    for system in (m for m in context.models if m in values):
        for other in (o for o in (BASELINE, *context.rivals) if o in values and o != system):
            pair = values[system], values[other]
            rows.append(
                difference_row(context, (system, other), measure, pair, people, embedder=judge)
            )
    return rows


def _auc_rows(context: Context, judge: str, said: Said, truth: Truth) -> list[Row]:
    """Whether men's faces look more like a man's than women's do, wherever the border lies."""
    if min(truth.people_of_gender) < LEAST_PEOPLE:
        return []
    men, women = truth.male == 1, truth.male == 0

    def area(found: tuple[Floats, Floats]) -> Estimate:
        male = found[1]
        return auc_over_people(
            male[men], truth.people[men], male[women], truth.people[women],
            seed=context.seed, n_resamples=context.n_resamples,
        )  # fmt: skip

    n = sum(truth.people_of_gender), int(men.sum() + women.sum())
    return [_estimated(judge, s, GENDER_AUC, seeds, area, n, 0.5) for s, seeds in said.items()]


def _age_rows(context: Context, judge: str, said: Said, truth: Truth) -> list[Row]:
    if truth.people_of_age < LEAST_PEOPLE:
        return []

    def related(found: tuple[Floats, Floats]) -> Estimate:
        return correlation(
            found[0], middle(truth.ages), truth.people,
            seed=context.seed, n_resamples=context.n_resamples,
        )  # fmt: skip

    n = truth.people_of_age, int((~np.isnan(truth.ages[:, 0])).sum())
    return [_estimated(judge, s, AGE, seeds, related, n, 0.0) for s, seeds in said.items()]


def _estimated(
    judge: str,
    system: str,
    measure: str,
    seeds: Sequence[tuple[Floats, Floats]],
    estimate: Callable[[tuple[Floats, Floats]], Estimate],
    n: tuple[int, int],
    chance: float,
) -> Row:
    """A measure that is no mean over recordings, as a row."""
    try:
        found, note = mean_estimate([estimate(one) for one in seeds])
    except CorpusError as error:
        return Row(system, measure, embedder=judge, note=error.found)
    return Row(
        system, measure, "", judge, found.value, found.low, found.high,
        n_people=n[0], n_trials=n[1], chance=chance,
        note=REAL_NOTE if system == REAL else note,
    )  # fmt: skip


def correlation(
    a: Floats, b: Floats, people: Texts, *, seed: int = 0, n_resamples: int = 10_000
) -> Estimate:
    """Pearson's correlation of people's means, with its interval over people.

    Raises:
        CorpusError: All of one side are alike, so that there is none.
    """
    known = ~np.isnan(a + b)
    x, _ = person_means(a[known], people[known])
    y, _ = person_means(b[known], people[known])
    if len(x) < LEAST_PEOPLE or np.ptp(x) < 1e-9 or np.ptp(y) < 1e-9:
        found = "faces that are all of one age" if len(x) >= LEAST_PEOPLE else "too few people"
        raise CorpusError("correlation", found, "ages that differ", "ask about other people")

    def of(drawn: npt.NDArray[np.int64]) -> Floats:
        u, v = (side[drawn] - side[drawn].mean(axis=-1, keepdims=True) for side in (x, y))
        size = np.sqrt((u * u).sum(axis=-1) * (v * v).sum(axis=-1))
        return np.where(size > 0, (u * v).sum(axis=-1) / np.maximum(size, 1e-30), np.nan)

    ends = bootstrap_interval(of, len(x), seed=seed, n_resamples=n_resamples)
    return Estimate(float(of(np.arange(len(x)))), *ends)


def _claims(context: Context, rows: list[Row]) -> list[Claim]:
    """By the judge that is best on real faces."""
    model = main_variant(context)
    by_gender, by_age = (best_judge(rows, measure) for measure in (GENDER_AUC, AGE))
    above_mean = rows_of(rows, model, GENDER, against=GENDERS_MEAN)
    claims = [
        claim_above(
            "faces made from voices of unseen people show the speaker's gender",
            TESTS[3], rows_of(rows, model, GENDER_AUC), 0.5, by_gender,
        ),
        claim_above(
            f"they show it more often than the {GENDERS_MEAN} does",
            BEYOND, above_mean, 0.0, by_gender,
        ),
        claim_above(
            "faces made from voices of unseen people follow the speaker's age",
            "report, introduction; its Figure 4 shows an exception",
            rows_of(rows, model, AGE), 0.0, by_age,
        ),
    ]  # fmt: skip
    return [claim for claim in claims if claim is not None]


EXPERIMENT = Experiment(
    name="attributes",
    title="Do made faces show the speaker's gender and age?",
    report_item="Test 3",
    question="Do judges of real faces see the speaker's gender and age in faces made from voices "
    "of people whom no stage has met?",
    protocol="One face for each recording. Judges: a network trained elsewhere, and a linear "
    "read-off fitted on the corpus' real training faces, which suits pictures that the network "
    "does not; how right each is about real faces of people not trained on stands beside it.",
    measure="Share of faces of the speaker's gender; chance that a man's face looks more male than "
    "a woman's (AUC); correlation of people's mean judged age with their age, a band counting by "
    "its middle; years outside of the true age or band.",
    chance="One half of gender and AUC, 0 of the correlation.",
    unit="People.",
    run=run,
)
