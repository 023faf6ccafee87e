"""Test 3: do faces made from voices of unseen people show the speaker's gender and age?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float64s, Int64s, Texts, UInt8s
from voice2face.errors import CorpusError
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.metrics.roc import auc_over_people
from voice2face.evaluation.statistics.intervals import (
    DIFFERENCE,
    SHARE,
    Estimate,
    bootstrap_interval,
    person_means,
)
from voice2face.experiments.comparing import GENDERS_MEAN, LEAST_PEOPLE, REAL
from voice2face.experiments.context import BASELINE, Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.linear_probe import ReadOff, bounds, can_fit, is_male, middle
from voice2face.experiments.people import column
from voice2face.experiments.summary import Cell, Summary, mean_estimate
from voice2face.experiments.verdicts import BEYOND, CHANCE, NO_DIFFERENCE, TESTS, Bound, claim

GENDER, GENDER_AUC = "gender right", "men above women, AUC"
AGE, AGE_ERROR = "age, correlation", "age, error in years"
REAL_NOTE = "real faces of people not trained on"


# Tell age in years and how male a face looks, above one half for male.
Judge = AgeGender | ReadOff


@dataclass(frozen=True, eq=False)
class Truth:
    """Gender and age of those who are asked about.

    Attributes:
        people: Person of each recording or face, (n,).
        male: 1 or 0; NaN if it is not known, (n,).
        ages: Least and largest age; NaN if it is not known, (n, 2).
    """

    people: Texts
    male: Float64s
    ages: Float64s

    @classmethod
    def of(cls, people: Texts, attributes: Mapping[str, npt.NDArray[Any]]) -> "Truth":
        """From the columns of a corpus."""
        n = len(people)
        gender, age = (column(attributes, name, n) for name in ("gender", "age"))
        return cls(people, is_male(gender), bounds(age))

    @property
    def people_of_gender(self) -> list[int]:
        """Numbers of women and men."""
        return [len(np.unique(self.people[self.male == side])) for side in (0, 1)]

    @property
    def people_of_age(self) -> int:
        """Number of people whose age is known."""
        return len(np.unique(self.people[~np.isnan(self.ages[:, 0])]))


# By system: what a judge says of its faces, ages and how male, for each seed.
Said = dict[str, list[tuple[Float64s, Float64s]]]


def lacking(context: Context) -> str:
    """Why it can't be asked; "" if it can."""
    speech = context.unseen()
    spoken = Truth.of(speech.identity, speech.attributes)
    if min(spoken.people_of_gender) < LEAST_PEOPLE and spoken.people_of_age < LEAST_PEOPLE:
        return "gender and age of too few people not trained on are known"
    if context.judge is None and not can_fit(context.faces("train")):
        return "no network that judges faces was at hand, nor training faces of known gender"
    return ""


def run(summary: Summary) -> None:
    """Add gender and age of the faces of each system, by each judge."""
    speech = summary.context.unseen()
    spoken = Truth.of(speech.identity, speech.attributes)
    for judge in judges_of(summary.context):
        add_judged(summary, judge, spoken)
    summary.asked_about(speech)
    _claims(summary)


def judges_of(context: Context) -> list[Judge]:
    """The network, if there is one, and the read-off of training faces, if it can be fitted."""
    own = ReadOff.fit(context.faces("train"), context.geometry, context.seed)
    return [judge for judge in (context.judge, own) if judge is not None]


def add_judged(summary: Summary, judge: Judge, spoken: Truth) -> None:
    """Add what one judge says of all systems."""
    context = summary.context
    faces, speech = context.faces(context.asked), context.unseen()

    def said(pixels: UInt8s) -> tuple[Float64s, Float64s]:
        return judge.judge(FaceSet.of_crops(pixels, context.geometry))

    made = context.pixels(speech)
    of_models: Said = {name: [said(pixels) for pixels in seeds] for name, seeds in made.items()}
    of_real: Said = {REAL: [said(faces.pixels)]} if len(faces) else {}
    seen = Truth.of(faces.identity, faces.attributes)
    for of_one, truth in ((of_real, seen), (of_models, spoken)):
        if min(truth.people_of_gender) >= LEAST_PEOPLE:
            _add_gender(summary, judge.name, of_one, truth)
        if truth.people_of_age >= LEAST_PEOPLE:
            _add_age(summary, judge.name, of_one, truth)


def _add_gender(summary: Summary, judge: str, said: Said, truth: Truth) -> None:
    """Add the share of faces of the right gender, and whether men's look more male than women's."""
    right = {n: [gender_right(male, truth) for _, male in seeds] for n, seeds in said.items()}
    against = (BASELINE, *summary.context.baselines)
    cell = Cell(GENDER, "", judge, 0.5)
    summary.means(cell, right, truth.people, against=against, notes={REAL: REAL_NOTE})
    men, women = truth.male == 1, truth.male == 0

    def area(found: tuple[Float64s, Float64s]) -> Estimate:
        return auc_over_people(
            found[1][men], truth.people[men], found[1][women], truth.people[women],
            **summary.context.draws,
        )  # fmt: skip

    n = sum(truth.people_of_gender), int(men.sum() + women.sum())
    _add_whole(summary, Cell(GENDER_AUC, "", judge, 0.5), said, area, n)


def gender_right(male: Float64s, truth: Truth) -> Float64s:
    """1 if the judge sees the true gender, one half if undecided; NaN if it is not known: (n,)."""
    found = np.where(male > 0.5, 1.0, np.where(male < 0.5, 0.0, 0.5))
    return np.asarray(1 - np.abs(found - truth.male))


def _add_age(summary: Summary, judge: str, said: Said, truth: Truth) -> None:
    """Add years outside of the true age, and the correlation of judged with true ages."""
    errors = {n: [age_error(ages, truth) for ages, _ in seeds] for n, seeds in said.items()}
    known = {n: seeds for n, seeds in errors.items() if not np.isnan(seeds[0]).all()}
    against = (BASELINE, *summary.context.baselines)
    cell = Cell(AGE_ERROR, "", judge)
    notes = {REAL: REAL_NOTE}
    summary.means(cell, known, truth.people, against=against, notes=notes, share=False)

    def related(found: tuple[Float64s, Float64s]) -> Estimate:
        return correlation(found[0], middle(truth.ages), truth.people, **summary.context.draws)

    n = truth.people_of_age, int((~np.isnan(truth.ages[:, 0])).sum())
    _add_whole(summary, Cell(AGE, "", judge, 0.0), said, related, n)


def age_error(ages: Float64s, truth: Truth) -> Float64s:
    """Years outside of the band of the true age, (n,); NaN if it is not known."""
    least, largest = truth.ages.T
    return np.asarray(np.maximum(np.maximum(least - ages, ages - largest), 0.0))


def _add_whole(
    summary: Summary,
    cell: Cell,
    said: Said,
    estimate: Callable[[tuple[Float64s, Float64s]], Estimate],
    n: tuple[int, int],
) -> None:
    """Add a measure that is no mean over recordings, for each system."""
    for system, seeds in said.items():
        note = REAL_NOTE if system == REAL else ""
        try:
            found = [estimate(one) for one in seeds]
            ends = SHARE if cell.measure == GENDER_AUC else DIFFERENCE
            summary.add(cell, system, mean_estimate(found, ends), n, note=note)
        except CorpusError as error:
            summary.add(cell, system, None, note=error.found)


def correlation(
    a: Float64s, b: Float64s, people: Texts, *, seed: int = 0, n_resamples: int = 10_000
) -> Estimate:
    """Pearson's correlation of people's means, with its interval over people.

    Raises:
        CorpusError: All of one side are alike, or there are too few people.
    """
    known = ~np.isnan(a + b)
    x, _ = person_means(a[known], people[known])
    y, _ = person_means(b[known], people[known])
    if len(x) < LEAST_PEOPLE or np.ptp(x) < 1e-9 or np.ptp(y) < 1e-9:
        found = "faces that are all of one age" if len(x) >= LEAST_PEOPLE else "too few people"
        raise CorpusError("correlation", found, "ages that differ", "ask about other people")

    def of(drawn: Int64s) -> Float64s:
        u, v = (side[drawn] - side[drawn].mean(axis=-1, keepdims=True) for side in (x, y))
        size = np.sqrt((u * u).sum(axis=-1) * (v * v).sum(axis=-1))
        return np.where(size > 0, (u * v).sum(axis=-1) / np.maximum(size, 1e-30), np.nan)

    ends = bootstrap_interval(of, len(x), seed=seed, n_resamples=n_resamples)
    return Estimate(float(of(np.arange(len(x)))), *ends)


def _claims(summary: Summary) -> None:
    """Add claims, decided by the judge that is best on real faces."""
    faces = "faces made from voices of unseen people"
    for text, source, measure, bound, against in (
        (f"{faces} show the speaker's gender", TESTS[3], GENDER_AUC, CHANCE, ""),
        (
            f"they show it more often than the {GENDERS_MEAN} does",
            BEYOND, GENDER, NO_DIFFERENCE, GENDERS_MEAN,
        ),
        (
            f"{faces} follow the speaker's age",
            "report, introduction; its Figure 4 shows an exception",
            AGE, Bound(0.0, "chance"), "",
        ),
    ):  # fmt: skip
        of_real = summary.found(GENDER_AUC if measure == GENDER else measure, system=REAL)
        best = max(of_real, key=lambda row: row.value or 0.0).embedder if of_real else None
        full = bound if against else bound.reached_by([r for r in of_real if r.embedder == best])
        claim(summary, text, source, full, summary.found(measure, "", against), speaks=best)


EXPERIMENT = Experiment(
    name="attributes",
    title="Do made faces show the speaker's gender and age?",
    report_item="Test 3",
    question="Do judges of real faces see the speaker's gender and age in faces made from voices "
    "of people not trained on?",
    protocol="One face for each recording. Judges: a network trained elsewhere, and a linear "
    "read-off fitted on the corpus' real training faces, which suits pictures that the network "
    "does not; how right each is about real faces of people not trained on stands beside it.",
    measure="Share of faces of the speaker's gender; chance that a man's face looks more male than "
    "a woman's (AUC); correlation of people's mean judged age with their age, a band counting by "
    "its middle; years outside of the true age or band.",
    chance="One half of gender and AUC, 0 of the correlation.",
    chapter="tests",
    lacking=lacking,
    run=run,
)
