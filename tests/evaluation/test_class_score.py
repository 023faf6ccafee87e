import numpy as np
import pytest

from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.class_score import class_score


def test_faces_of_every_person_for_sure_score_as_many_as_there_are():
    sure = np.tile(np.eye(4), (25, 1))
    mean, deviation = class_score(sure, n_splits=1)
    assert mean == pytest.approx(4) and deviation == 0
    assert 3.5 < class_score(sure)[0] <= 4


@pytest.mark.parametrize("same", [np.full((20, 4), 0.25), np.tile([0.7, 0.1, 0.1, 0.1], (20, 1))])
def test_faces_that_are_all_alike_score_one(same):
    assert class_score(same) == pytest.approx((1, 0))


def test_it_is_the_exponential_of_the_mean_divergence():
    p = np.random.default_rng(0).dirichlet(np.ones(3), 10)
    divergence = [(row * np.log(row / p.mean(axis=0))).sum() for row in p]
    assert class_score(p, n_splits=1)[0] == pytest.approx(np.exp(np.mean(divergence)))


def test_the_order_of_faces_is_drawn_by_the_seed():
    p = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    assert class_score(p, 1) == class_score(p, 1) != class_score(p, 2)


@pytest.mark.parametrize(
    ("rows", "found"), [(np.full((9, 2), 0.5), "9 faces"), (np.ones((20, 2)), "do not sum to one")]
)
def test_too_few_faces_and_what_is_no_probability_are_refused(rows, found):
    with pytest.raises(CorpusError, match=found):
        class_score(rows)
