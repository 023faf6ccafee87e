"""One person in a recording, or more."""

import numpy as np
import pytest

from voice2face.voice_encoders.speakers import speakers_of

RATE = 1.3


def windows(turns: list[tuple[int, int]], spread: float = 0.4, seed: int = 0) -> np.ndarray:
    """Embeddings of (person, windows) after one another, as GE2E gives them: half rectified."""
    rng = np.random.default_rng(seed)
    people = rng.standard_normal((8, 256))
    rows = [people[who] + spread * rng.standard_normal(256) for who, n in turns for _ in range(n)]
    return np.array(rows, np.float32)


@pytest.mark.parametrize("n", [0, 1, 3, 4, 12, 100])
def test_one_person(n):
    found = speakers_of(windows([(0, n)]), RATE)
    assert found.n == 1
    assert found.longest.sum() == n
    assert found.warning is None


@pytest.mark.parametrize("turns", [[(0, 5), (1, 3)], [(0, 3), (1, 2), (0, 2), (1, 1)]])
def test_two_people_and_the_one_who_speaks_longer(turns):
    found = speakers_of(windows(turns), RATE)
    assert found.n == 2
    who = np.repeat([who for who, _ in turns], [n for _, n in turns])
    np.testing.assert_array_equal(found.of_window, who)
    assert found.seconds == pytest.approx((5 / RATE, 3 / RATE))
    assert found.warning == "2 voices (about 4 s and 2 s)"


def test_three_people():
    found = speakers_of(windows([(2, 4), (0, 9), (1, 6)]), RATE)
    assert found.n == 3
    np.testing.assert_array_equal(found.of_window, np.repeat([2, 0, 1], [4, 9, 6]))
    assert found.warning == "3 voices (about 7 s, 5 s and 3 s)"


def test_a_moment_of_something_else_is_no_second_person():
    assert speakers_of(windows([(0, 8), (1, 1)]), RATE).n == 1


def test_the_order_in_time_makes_no_difference():
    given = windows([(0, 6), (1, 5)])
    order = np.random.default_rng(1).permutation(len(given))
    mixed = speakers_of(given[order], RATE).of_window
    np.testing.assert_array_equal(mixed, speakers_of(given, RATE).of_window[order])
