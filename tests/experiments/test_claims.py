"""What rows say of a claim."""

import pytest

from voice2face.evaluation.results import Row
from voice2face.experiments.claims import best_judge, claim_above, rows_of, verdict_above

ROWS = [
    Row("real faces", "m", embedder="a", value=0.7, low=0.6, high=0.8),
    Row("real faces", "m", embedder="b", value=0.9, low=0.8, high=1.0),
    Row("model", "m", embedder="a", value=0.6, low=0.55, high=0.65, n_people=4),
    Row("model", "m", embedder="b", value=0.55, low=0.45, high=0.65, n_people=4),
    Row("model", "m", embedder="b", value=0.1, low=0.05, high=0.2, against="other", n_people=4),
    Row("model", "n", embedder="b", note="not measured"),
]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.51, 0.6, "holds"),
        (0.5, 0.6, "cannot be told"),
        (0.3, 0.5, "cannot be told"),
        (0.3, 0.49, "does not hold"),
        (None, None, "cannot be told"),
    ],
)
def test_a_verdict_needs_an_interval_on_one_side(low, high, verdict):
    assert verdict_above(Row("model", "m", value=0.5, low=low, high=high), 0.5) == verdict


def test_the_judge_is_chosen_by_real_faces():
    """By ``a`` the claim would hold, but ``b`` tells real faces better."""
    judge = best_judge(ROWS, "m")
    assert judge == "b"
    claim = claim_above("text", "paper", rows_of(ROWS, "model", "m"), 0.5, judge)
    assert claim.verdict == "cannot be told"
    assert claim.evidence == (
        "model: 0.550 [0.450, 0.650] by b (4 people; by chance 0.5); 0.600 [0.550, 0.650] by a"
    )


def test_a_difference_is_told_as_one():
    claim = claim_above("text", "paper", rows_of(ROWS, "model", "m", against="other"), 0.0, "b")
    assert claim.verdict == "holds" and "above other by b (4 people; no difference is 0)" in (
        claim.evidence
    )


def test_what_was_not_measured_is_no_claim():
    assert claim_above("text", "paper", rows_of(ROWS, "model", "n"), 0.5, "b") is None
    assert best_judge(ROWS, "nothing") == ""
