"""People as groups, distances between faces, differences of different people."""

import numpy as np
import pytest

from voice2face.evaluation.statistics.intervals import Estimate
from voice2face.evaluation.trials.trials import Items, make_trials
from voice2face.experiments.comparing import (
    distances,
    independent_difference,
)
from voice2face.experiments.people import groups_of, strata_of
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.summary import mean_estimate


def _texts(*cells: str) -> np.ndarray:
    return np.array(cells, str)


def test_ages_become_bands_and_bands_stay() -> None:
    cells = np.array(["17.5", "39", "40", "60", "81", None, "20-39", ">=60"], object)
    found = groups_of({"age": cells}, 8)["age"].tolist()
    bands = ["under 40", "under 40", "40 to 59", "60 and over", "60 and over", ""]
    assert found == [*bands, "20-39", ">=60"]


def test_columns_are_found_under_other_names_and_empty_ones_are_not() -> None:
    columns = {
        "seen_sex": np.array(["male", None], object),
        "race": np.array(["", None], object),
        "native_english": np.array(["Native", "Non-native"], object),
    }
    groups = groups_of(columns, 2)
    assert {name: cells.tolist() for name, cells in groups.items()} == {
        "gender": ["male", ""],
        "native English": ["Native", "Non-native"],
    }
    assert strata_of(groups) == [(), ("gender",)]


def test_distances_are_those_of_the_same_person_and_of_others() -> None:
    """Two people, two faces each, on the four ends of a cross after centring."""
    items = Items(_texts("a1", "a2", "b1", "b2"), _texts("a", "a", "b", "b"))
    vectors = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], float) + 5
    trials = make_trials(items, items, protocol="1:2", others_only=True)
    found = distances(vectors, vectors, trials)
    np.testing.assert_allclose(found.within, 1, atol=1e-6)  # at right angles
    np.testing.assert_allclose(found.between, 1.5, atol=1e-6)  # one at right angles, one opposite
    with_itself = make_trials(items, items, protocol="1:2")
    np.testing.assert_allclose(distances(vectors, vectors, with_itself).within, 0.5, atol=1e-6)


def test_a_difference_of_different_people_has_both_their_doubts() -> None:
    a, b = Estimate(0.7, 0.6, 0.75), Estimate(0.5, 0.46, 0.54)
    found = independent_difference(a, b)
    assert found.value == pytest.approx(0.2)
    assert found.low == pytest.approx(0.2 - np.hypot(0.1, 0.04))
    assert found.high == pytest.approx(0.2 + np.hypot(0.05, 0.04))
    exact = Estimate(0.5, 0.5, 0.5)
    assert independent_difference(a, exact).low == pytest.approx(0.1)


def test_a_persons_recordings_are_put_one_after_the_other() -> None:
    mels = [np.full((10 + i, 2), i, np.float32) for i in range(4)]
    speech = Recordings(
        _texts("c0", "c1", "c2", "c3"), _texts("b", "a", "b", "a"), mels,
        {"gender": _texts("male", "female", "male", "female")},
    )  # fmt: skip
    whole = speech.by_person()
    assert whole.identity.tolist() == ["a", "b"]
    assert [len(x) for x in whole.sounds] == [11 + 13, 10 + 12]
    assert whole.sounds[1][9, 0] == 0 and whole.sounds[1][10, 0] == 2
    assert whole.attributes["gender"].tolist() == ["female", "male"]
    few = speech.of_some_people(1, seed=0)
    assert len(few) == 2 and len(set(few.identity)) == 1


def test_an_interval_over_seeds_stays_within_what_can_be():
    """Three trainings far apart: Student's t would reach below zero and above one."""
    found = [Estimate(value, value - 0.05, value + 0.05) for value in (0.1, 0.5, 0.9)]
    assert mean_estimate(found).low < 0 and mean_estimate(found).high > 1
    within = mean_estimate(found, (0.0, 1.0))
    assert (within.value, within.low, within.high) == (pytest.approx(0.5), 0, 1)
