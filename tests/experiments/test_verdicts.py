"""What rows say of a claim: one rule, its words, and what holds a verdict back."""

from types import SimpleNamespace

import pytest

from voice2face.evaluation.results import Row
from voice2face.experiments.fitness import Fitness, Training
from voice2face.experiments.summary import Summary
from voice2face.experiments.verdicts import (
    CHANCE,
    NO_DIFFERENCE,
    Bound,
    claim,
    grade,
    verdict,
)

ROWS = [
    Row("real faces", "m", embedder="a", value=0.7, low=0.6, high=0.8),
    Row("real faces", "m", embedder="b", value=0.9, low=0.8, high=1.0),
    Row("model", "m", embedder="a", value=0.6, low=0.55, high=0.65, n_people=14),
    Row("model", "m", embedder="b", value=0.55, low=0.45, high=0.65, n_people=4),
    Row("model", "m", embedder="b", value=0.1, low=0.05, high=0.2, against="other", n_people=14),
    Row("model", "n", embedder="b", note="not measured"),
]


@pytest.fixture
def fit():
    """A context whose one model is worth judging."""
    return _context(Fitness("model", (Training("0", 1.0, None, 5000),) * 3, 1.0))


def _context(fitness, one_face=False):
    return SimpleNamespace(
        main="model", models={"model": []}, fitness=lambda name: fitness,
        one_face=lambda name: one_face,
    )  # fmt: skip


def judged(context, rows, bound=CHANCE, **how):
    return claim(Summary(context), "text", "paper", bound, rows, speaks="b", **how)


def _found(context, measure, against=""):
    return Summary(context, rows=ROWS).found(measure, against=against)


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.51, 0.6, "holds"),
        (0.5, 0.6, "cannot be told"),
        (0.3, 0.5, "cannot be told"),
        (0.3, 0.49, "does not hold"),
        (0.6, 0.6, "cannot be told"),
        (None, None, "cannot be told"),
    ],
)
def test_a_verdict_needs_an_interval_with_a_length_on_one_side(low, high, wanted):
    assert verdict([Row("model", "m", value=0.5, low=low, high=high)], CHANCE) == wanted


def test_of_many_looks_one_is_enough_but_must_be_clearer():
    """Just above zero in one of eight: chance alone would do that in one of five tries."""
    just = Row("model", "m", value=0.1, low=0.01, high=0.19)
    clear = Row("model", "m", value=0.1, low=0.05, high=0.15)
    nothing = [Row("model", "m", value=0.0, low=-0.1, high=0.1)] * 7
    assert verdict([just], NO_DIFFERENCE, some=True) == "holds"
    assert verdict([just, *nothing], NO_DIFFERENCE, some=True) == "cannot be told"
    assert verdict([clear, *nothing], NO_DIFFERENCE, some=True) == "holds"
    assert verdict([just, *nothing], NO_DIFFERENCE) == "cannot be told"


def test_the_judge_that_speaks_is_named_and_who_disagrees_is_said_once(fit):
    """By ``a`` the claim would hold, but ``b`` tells real faces better."""
    found = judged(fit, _found(fit, "m"))
    assert (found.verdict, found.judge, found.measure) == ("cannot be told", "b", "m")
    assert found.evidence == (
        "model: 0.550 [0.450, 0.650] (4 people, so few that the interval is rather too short; "
        "chance 0.5). Other judges disagree (a: holds)"
    )
    assert found.bound == "0.5: chance"


def test_a_difference_is_told_as_one(fit):
    found = judged(fit, _found(fit, "m", against="other"), NO_DIFFERENCE)
    assert found.verdict == "holds" and found.evidence.startswith("model above other: 0.100")
    assert "no difference 0" in found.evidence


def test_what_was_not_measured_is_no_claim(fit):
    assert judged(fit, _found(fit, "n")) is None


@pytest.mark.parametrize(
    ("value", "word"), [(0.75, "strongly"), (0.6, "clearly"), (0.51, "weakly"), (0.4, "")]
)
def test_words_go_by_the_way_from_the_bound_to_what_real_faces_reach(value, word):
    bound = CHANCE.reached_by(ROWS)
    assert bound.full == 0.9
    assert grade([Row("model", "m", value=value)], bound) == word
    assert grade([Row("model", "m", value=value)], CHANCE) == ""


@pytest.mark.parametrize(
    ("trainings", "said"),
    [
        ([Training("0", 1.0, None, 5000)], "trained from 1 seed"),
        ([Training("0", 0.5, None, 5000)] * 3, "a face is found in 50% of its pictures"),
        ([Training("0", 1.0, None, 120)] * 3, "trained for 120 iterations"),
        ([], "trained from 0 seeds"),
    ],
)
def test_a_model_that_is_not_worth_judging_gets_no_verdict(trainings, said):
    context = _context(Fitness("model", tuple(trainings), 1.0))
    rows = [Row("model", "m", embedder="b", value=0.9, low=0.8, high=1.0, n_people=40)]
    found = judged(context, rows)
    assert found.verdict == "too little training to tell" and found.grade == ""
    assert said in found.why and "0.900 [0.800, 1.000]" in found.evidence
    found = judged(context, rows, model="")
    assert found.verdict == "holds"


def test_alarms_and_a_training_that_stopped_are_reasons():
    runs = [SimpleNamespace(finished=False, alarms=("diversity",)), None, None]
    fitness = Fitness("model", tuple(Training("0", 1.0, run, 5000) for run in runs), 1.0)
    assert any("diversity" in reason for reason in fitness.reasons)
    assert any("not carried to its end" in reason for reason in fitness.reasons)


def test_faces_that_the_detector_does_not_know_are_no_reason():
    """Where it finds no real face either, it can't judge this corpus."""
    trainings = (Training("0", 0.0, None, 5000),) * 3
    assert Fitness("model", trainings, 1.0).reasons
    assert not Fitness("model", trainings, 0.2).reasons
    assert not Fitness("model", trainings).reasons


def test_one_face_for_all_voices_refutes_what_a_voice_would_decide():
    """Also if by luck, or by a tie, an interval lies above the bound."""
    context = _context(Fitness("model"), one_face=True)
    rows = [Row("model", "m", embedder="b", value=0.9, low=0.8, high=1.0, n_people=40)]
    found = judged(context, rows)
    assert found.verdict == "does not hold" and "draws one face" in found.evidence
    found = judged(context, rows, hears=False)
    assert found.verdict == "too little training to tell"


def test_bounds_say_where_they_come_from(fit):
    bound = Bound(0.7, "the paper's figure")
    found = judged(fit, _found(fit, "m"), bound)
    assert found.bound == "0.7: the paper's figure" and found.verdict == "does not hold"
