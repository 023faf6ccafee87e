import numpy as np
import pytest

from voice2face.errors import CorpusError
from voice2face.evaluation.statistics import intervals
from voice2face.evaluation.statistics.intervals import (
    SHARE,
    Estimate,
    bootstrap_interval,
    difference,
    draws,
    estimate,
    interval_of,
    never_without_length,
    person_means,
    student_t,
    with_seeds,
)

PEOPLE = np.array(["b", "a", "b", "b", "c"])


def test_each_person_counts_alike_and_what_was_not_asked_is_left_out():
    means, names = person_means(np.array([1.0, 0, 0, np.nan, np.nan]), PEOPLE)
    assert names.tolist() == ["a", "b"] and means.tolist() == [0, 0.5]
    assert estimate(np.array([1.0, 0, 0, np.nan, np.nan]), PEOPLE).value == 0.25


def test_an_interval_is_that_of_people_drawn_one_by_one():
    rng = np.random.default_rng(0)
    values, people = rng.random(60), rng.integers(13, size=60).astype(str)
    found = estimate(values, people, seed=5, n_resamples=400)
    means = np.array([values[people == name].mean() for name in np.unique(people)])
    same = np.random.default_rng(5)
    drawn = [means[same.integers(len(means), size=len(means))].mean() for _ in range(400)]
    assert found.value == pytest.approx(means.mean())
    assert (found.low, found.high) == pytest.approx(np.percentile(drawn, [2.5, 97.5]))
    low, high = bootstrap_interval(
        lambda drawn: means[drawn].mean(axis=1), len(means), seed=5, n_resamples=400
    )
    assert (found.low, found.high) == pytest.approx((low, high))


@pytest.mark.parametrize("n_people", [3, 64, 1000])
def test_draws_do_not_depend_on_how_many_are_held(monkeypatch, n_people):
    whole = np.concatenate(list(draws(n_people, 2, 37)))
    monkeypatch.setattr(intervals, "AT_ONCE", 5 * n_people)
    parts = list(draws(n_people, 2, 37))
    assert len(parts) == 8 and np.array_equal(np.concatenate(parts), whole)


def test_a_paired_difference_is_sharper_than_two_intervals():
    rng = np.random.default_rng(1)
    people = np.repeat([f"p{i}" for i in range(40)], 3)
    ease = rng.normal(size=40).repeat(3)  # of a person, for both systems
    a, b = (ease + 0.1 * rng.normal(size=120) + shift for shift in (0.1, 0.0))
    between = difference(a, b, people)
    assert 0 < between.low < 0.1 < between.high < 0.2
    assert between.value == pytest.approx(estimate(a, people).value - estimate(b, people).value)
    assert between.high - between.low < 0.2 * (estimate(a, people).high - estimate(a, people).low)
    assert difference(a, a, people) == estimate(0 * a, people)


def test_a_difference_is_over_what_both_were_asked():
    a, b = np.array([1.0, 1, np.nan, 0, 0]), np.array([0.0, np.nan, 1, 0, 0])
    found = difference(a, b, PEOPLE)
    assert found.value == pytest.approx((0.5 + 0) / 2)  # b: (1 + 0) / 2, a: nothing, c: 0


def test_intervals_cover_as_often_as_they_say():
    rng = np.random.default_rng(3)
    covered = 0
    for seed in range(400):
        people = np.arange(50).repeat(2)
        values = rng.normal(size=50).repeat(2) + rng.normal(size=100)
        found = estimate(values, people, seed=seed, n_resamples=300)
        covered += found.low <= 0 <= found.high
    assert 0.9 <= covered / 400 <= 0.98


@pytest.mark.parametrize(
    ("values", "people", "said"),
    [
        (np.ones(3), np.array(["a"] * 3), "one person"),
        (np.array([1.0, np.nan]), np.array(["a", "b"]), "one person"),
        (np.full(3, np.nan), np.array(list("abc")), "nobody"),
        (np.ones(0), np.zeros(0, str), "nobody"),
        (np.ones(3), np.array(["a", "b"]), r"\(3,\) values"),
        (np.array([1.0, np.inf]), np.array(["a", "b"]), "infinite"),
    ],
)
def test_what_tells_nothing_is_refused_in_one_line(values, people, said):
    with pytest.raises(CorpusError, match=said) as caught:
        estimate(values, people)
    assert "\n" not in str(caught.value)


def test_a_difference_of_other_lengths_and_an_interval_of_nothing_are_refused():
    with pytest.raises(CorpusError, match="3 and 2 values"):
        difference(np.ones(3), np.ones(2), np.array(list("abc")))
    with pytest.raises(CorpusError, match="more people"):
        interval_of(np.full(4, np.nan))


@pytest.mark.parametrize("right", [0.0, 1.0, 0.5])
def test_where_all_people_are_alike_the_interval_is_the_exact_one(right):
    """None of 20 right: at most 16.8 % of all people may be, which holds a chance of 1 in 31."""
    people = np.arange(20).astype(str)
    found = estimate(np.full(20, right), people, ends=SHARE)
    others = 1 - 0.025 ** (1 / 20)
    assert others == pytest.approx(0.168, abs=0.001)
    assert found.low == pytest.approx(right - others * right)
    assert found.high == pytest.approx(right + others * (1 - right))
    assert found.low <= 1 / 31 <= found.high or right > 0
    drawn = Estimate(0.4, 0.3, 0.5)
    assert never_without_length(drawn, 20) == drawn


def test_exact_intervals_hold_the_truth():
    """Of people of whom 1 in 50 is right, ten asked: nearly always none is."""
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(300):
        right = (rng.random(10) < 0.02).astype(float)
        found = estimate(right, np.arange(10).astype(str), seed=seed, n_resamples=200, ends=SHARE)
        held += found.low <= 0.02 <= found.high
    assert held / 300 > 0.95


def test_seeds_that_differ_widen_an_interval():
    """Two seeds of 0.33 and 0.61 tell next to nothing, however many people were asked."""
    over_people = Estimate(0.47, 0.40, 0.55)
    both = with_seeds(over_people, (0.33, 0.61), ends=SHARE)
    assert (both.low, both.high) == (0.0, 1.0)
    assert with_seeds(over_people, (0.47,)) == with_seeds(over_people) == over_people
    three = with_seeds(over_people, (0.45, 0.47, 0.49))
    assert three.high - 0.47 == pytest.approx(np.hypot(0.08, 4.303 * 0.02 / np.sqrt(3)))
    more = with_seeds(over_people, (0.45, 0.47, 0.49), (0.2, 0.3, 0.25))
    assert more.high > three.high


@pytest.mark.parametrize(("free", "value"), [(1, 12.706), (4, 2.776), (12, 2.179), (60, 2.000)])
def test_students_t(free, value):
    assert student_t(free) == pytest.approx(value, abs=0.002)


def test_intervals_over_people_and_seeds_cover_as_often_as_they_say():
    rng = np.random.default_rng(4)
    covered = 0
    for seed in range(200):
        of_people, of_seeds = rng.normal(size=40), 0.3 * rng.normal(size=3)
        values = of_people + of_seeds[:, None] + 0.5 * rng.normal(size=(3, 40))
        found = estimate(values.mean(axis=0), np.arange(40).astype(str), seed=seed, n_resamples=200)
        covered += (
            with_seeds(found, values.mean(axis=1)).low
            <= 0
            <= with_seeds(found, values.mean(axis=1)).high
        )
    assert covered / 200 >= 0.93
