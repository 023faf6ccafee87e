"""Who a model was trained on: found again by name, and by nothing else."""

import pytest

from voice2face.release.people import DIGITS, MOST_PEOPLE, people_entry, people_warning, trained_on

TRAINED = [f"id{i:05d}" for i in range(300)]
ASKED = ["id00007", "id00299", "id00300", "somebody else", "張"]


def test_people_of_a_training_are_found_again():
    entry = people_entry([*TRAINED, "張", TRAINED[0]])
    assert len(entry["people"]) == DIGITS * 301
    assert not any(name in entry["people"] for name in TRAINED)
    assert trained_on(entry, ASKED) == {"id00007", "id00299", "張"}
    heard = {"voice encoder: people": people_entry(["somebody else"])["people"]}
    assert trained_on(entry | heard, ASKED) == {"id00007", "id00299", "張", "somebody else"}
    assert trained_on({}, ASKED) == set()


def test_a_warning_counts_them():
    told = people_warning("tanh", people_entry(TRAINED), [*ASKED, *ASKED])
    assert told.startswith("tanh was trained on 2 of the 5 people who are asked about")
    assert people_warning("tanh", people_entry(TRAINED), ASKED[2:]) == ""


@pytest.mark.parametrize("n", [0, MOST_PEOPLE + 1])
def test_of_nobody_and_of_very_many_nothing_is_kept(n):
    assert people_entry(str(i) for i in range(n)) == {}
