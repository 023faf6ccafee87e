import numpy as np
import pytest

from benchmarks import by_group
from benchmarks.by_group_page import BEGIN, END, filled
from benchmarks.five_tables import group
from benchmarks.unlabelled_sheet import N_EACH, chosen


@pytest.fixture(autouse=True)
def fewer(monkeypatch):
    monkeypatch.setattr(by_group, "N_SHUFFLES", 300)


def test_a_label_that_decides_the_skin_is_found_and_one_that_does_not_is_not():
    rng = np.random.default_rng(0)
    male, label = rng.random(60) < 0.5, rng.choice(["a", "b", "c"], 60)
    skin = 50 + 4 * (label == "b") - 6 * male + rng.normal(0, 1, 60)
    found = by_group.explained(skin, label, male)
    assert found["share_of_variance"] > 0.6 and found["p"] < 0.01
    assert found["by_chance"] == pytest.approx(2 / 59, abs=0.02)
    assert found["lighter_than_the_gender_by"]["b"] > found["lighter_than_the_gender_by"]["a"] + 3
    other = by_group.explained(skin, rng.permutation(label), male)
    assert other["p"] > 0.05


def test_what_gender_alone_explains_is_no_correlation_with_the_speaker():
    rng = np.random.default_rng(1)
    male = rng.random(80) < 0.5
    drawn, own = (50 - 8 * male + rng.normal(0, 1, 80) for _ in range(2))
    assert np.corrcoef(drawn, own)[0, 1] > 0.8
    assert by_group.correlated(drawn, own, male)["p"] > 0.05
    assert by_group.correlated(drawn, drawn + rng.normal(0, 0.3, 80), male)["p"] < 0.01


def test_one_person_is_no_group():
    assert by_group.over_people(np.array([1.0, 2.0]), np.array(["x", "x"])) is None
    assert by_group.over_people(np.array([1.0, 3.0]), np.array(["x", "y"]))[0] == 2


def test_a_table_takes_the_place_of_the_one_before_and_nothing_else():
    first = filled("# Page\n", "| 1 |")
    assert first.startswith("# Page\n") and f"{BEGIN}\n| 1 |\n{END}" in first
    again = filled(f"{first}After it.\n", "| 2 |")
    assert "| 2 |" in again and "| 1 |" not in again and again.endswith("After it.\n")


@pytest.mark.parametrize(
    ("years", "name"),
    [(17.0, "female 20-29"), (39.9, "female 30-39"), (71.0, "female 60 and older")],
)
def test_groups_of_gender_and_decade(years, name):
    assert group("female", years) == name


def test_voices_of_a_sheet_are_one_a_person_half_of_them_women_and_of_all_ages():
    rows = [
        {"clip": f"{n}-{clip}", "identity": str(n), "gender": "male" if n % 2 else "female",
         "age": (*["20-39"] * 8, ">=60", "40-59")[n // 2 % 10]}
        for n in range(100) for clip in range(2)
    ]  # fmt: skip
    found = chosen(rows, np.random.default_rng(0))
    assert len({row["identity"] for row in found}) == len(found) == 2 * N_EACH
    assert sum(row["gender"] == "male" for row in found) == N_EACH
    men = [row["age"] for row in found if row["gender"] == "male"]
    assert {age: men.count(age) for age in set(men)} == {"20-39": 5, "40-59": 5, ">=60": 5}
    assert found == chosen(rows, np.random.default_rng(0))
