"""SF2F's protocol in `evaluate`: galleries of 100 people, asked where there are so many."""

from pathlib import Path

import numpy as np
import pytest

from voice2face.evaluation.comparison import Question, compare
from voice2face.evaluation.pairs import Column, Pairs


def question(n_people: int) -> Question:
    """Two recordings of each person; made faces are like the real ones."""
    rng = np.random.default_rng(0)
    who = np.repeat([f"p{n:03}" for n in range(n_people)], 2)
    real = np.repeat(rng.normal(size=(n_people, 8)), 2, axis=0).astype(np.float32)
    made = real + 0.8 * rng.normal(size=real.shape).astype(np.float32)
    names = [f"{n}.png" for n in range(len(who))]
    pairs = Pairs(Path("pairs.csv"), "", Path(), who, {}, 0)
    columns = [
        Column(name, [f"{name}-{one}" for one in names], {"e": vectors}, [None] * len(who))
        for name, vectors in (("made", made), ("face", real))
    ]
    return Question(pairs, columns[:1], columns[1], n_resamples=50)


@pytest.mark.parametrize(("n_people", "asked"), [(99, 0), (310, 3)])
def test_galleries_of_a_hundred_are_asked_where_there_are_a_hundred(n_people, asked):
    answers = compare(question(n_people))
    rows = [row for row in answers.rows if "SF2F" in row.measure]
    assert len(rows) == asked
    for row, k in zip(rows, (1, 5, 10), strict=False):
        assert row.measure == f"R@{k} of 100 people, SF2F: mean of each"
        assert row.chance == k / 100 and row.n_trials == 300
        one_by_one = next(r for r in answers.rows if r.measure == f"R@{k} of {n_people} people")
        assert row.value > one_by_one.value  # the mean of two faces, among fewer people
    named = [name for name in answers.trials if "galleries" in name]
    assert named == (["retrieval in 3 galleries of 100 people"] if asked else [])
