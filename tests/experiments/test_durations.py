"""Faces over durations: who is cut how, and what is compared."""

from dataclasses import replace

import numpy as np
import pytest

from voice2face.evaluation.results import Row, read_result, write_result
from voice2face.experiments.comparing import REAL, VOICE
from voice2face.experiments.questions import durations
from voice2face.experiments.questions.durations import REFERENCE_S, add_curves, cuts_of, people_of
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.self_similarity import BY_PLACE, RECOGNISED
from voice2face.experiments.summary import BETWEEN, WITHIN, Summary
from voice2face.experiments.verdicts import CHANCE, verdict


def _people(*seconds: float) -> Recordings:
    names = np.array([f"p{i}" for i in range(len(seconds))], str)
    mels = [np.arange(round(100 * s) * 2, dtype=np.float32).reshape(-1, 2) for s in seconds]
    return Recordings(names, names, mels, {})


def test_a_cut_leaves_the_reference_alone() -> None:
    people = _people(4, 5, 6, 6.5, 8, 13, 13, 13)
    cuts = cuts_of(people)
    assert {s: rows.tolist() for s, (rows, _) in cuts.items()} == {
        1: [0, 1, 2, 3, 4, 5, 6, 7], 2: [1, 2, 3, 4, 5, 6, 7], 3: [2, 3, 4, 5, 6, 7],
        5: [4, 5, 6, 7], 10: [5, 6, 7],
    }  # fmt: skip
    for seconds, (rows, cut) in cuts.items():
        for row, frames in zip(rows, cut.sounds, strict=True):
            assert len(frames) == 100 * seconds
            last = people.sounds[row][-100 * REFERENCE_S :]
            assert frames.max() < last.min()  # nothing in common


def test_durations_that_too_few_have_are_left_out() -> None:
    assert sorted(cuts_of(_people(4, 4, 4, 13, 13))) == [1]


def test_series_have_gaps_where_nothing_was_measured(study) -> None:
    rows = [
        Row("baseline", RECOGNISED, "1 s", "e", 0.6, 0.5, 0.7),
        Row("baseline", RECOGNISED, "5 s", "e", 0.8, 0.7, 0.9),
        Row("baseline", WITHIN, "1 s", "e", 0.6, 0.5, 0.7),
        Row("baseline", RECOGNISED, "1 s", "e", 0.1, 0.0, 0.2, against="mean face"),
    ]
    context = replace(study, models={"baseline": study.models["baseline"]}, embedders={"e": None})
    summary = Summary(context, rows=rows)
    add_curves(summary, ["1 s", "2 s", "5 s"])
    found = {s.name: s for s in summary.series}
    assert set(found) == {"baseline", WITHIN}
    assert found["baseline"].x == [1, 2, 5]
    assert found["baseline"].y == [0.6, None, 0.8]
    assert found["baseline"].panel != found[WITHIN].panel


@pytest.mark.parametrize(
    ("ends", "wanted"),
    [
        ([(0.6, 0.8), (0.55, 0.9)], "holds"),
        ([(0.6, 0.8), (0.45, 0.9)], "cannot be told"),
        ([(0.6, 0.8), (0.2, 0.49)], "does not hold"),
        ([], "cannot be told"),
    ],
)
def test_a_verdict_needs_all_intervals_on_one_side(ends, wanted) -> None:
    rows = [Row("m", RECOGNISED, value=(low + high) / 2, low=low, high=high) for low, high in ends]
    assert verdict(rows, CHANCE) == wanted


def test_the_figure_and_its_numbers(study, tmp_path) -> None:
    result = durations.EXPERIMENT.answer(study)
    write_result(tmp_path / "r.json", result)
    assert read_result(tmp_path / "r.json").rows[0].system == result.rows[0].system
    (grid,) = result.grids
    assert grid.columns[0] == "(a) 1 s" and grid.columns[-1].endswith("reference image")
    systems = {row.system for row in result.rows}
    # Drawn by their place in a list, these would be recognised without hearing anything.
    assert not systems & set(BY_PLACE)
    assert {VOICE, "mean face", *study.models} <= systems
    mean = [r for r in result.rows if (r.system, r.measure) == ("mean face", RECOGNISED)]
    assert mean and all(row.value == 0.5 for row in mean)
    people = cuts_of(people_of(study))
    first = [r for r in result.rows if r.stratum == "1 s" and r.measure == RECOGNISED]
    assert {r.n_people for r in first if r.system != REAL} == {len(people[1][0])}
    assert {r.measure for r in result.rows} == {RECOGNISED, WITHIN, BETWEEN}
    assert any(row.against == f"{VOICE}, 1 s" for row in result.rows)
