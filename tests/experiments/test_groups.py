"""Groups of people: who is in which, and who is served how well."""

from dataclasses import replace

import numpy as np
import pytest

from voice2face.experiments.by_group import TOLD, add_groups, is_told, why_not
from voice2face.experiments.comparing import MATCHING, REAL
from voice2face.experiments.questions import ethnic_groups, groups
from voice2face.experiments.questions.groups import gender_and_age
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.summary import Cell, Summary


def test_groups_are_gender_and_band_of_age() -> None:
    columns = {
        "gender": np.array(["female", "male", "male", ""], object),
        "age": np.array(["25", "61", "", "30"], object),
    }
    names = np.array(["p1", "p2", "p3", "p4"], str)
    speech = Recordings(names, names, [np.zeros((1, 1))] * 4, columns)
    groups = ["female, under 40", "male, 60 and over", "", ""]
    assert gender_and_age(speech).tolist() == groups
    assert gender_and_age(replace(speech, attributes={})).tolist() == [""] * 4


def test_a_group_is_told_by_the_largest_answer() -> None:
    names = np.array(["a", "b"], str)
    answers = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.5, 0.6]])
    right = is_told(names, answers, np.array(["a", "a", "a", "c"], str))
    np.testing.assert_array_equal(right, [1, 0, 1, np.nan])


def test_too_few_people_are_a_sentence() -> None:
    names = np.array(["p1", "p2", "p3", "p4", "p5", "p6"], str)
    speech = Recordings(names, names, [np.zeros((1, 1))] * 6, {})
    assert not why_not(speech, np.array(["a", "a", "a", "b", "b", "b"], str))
    told = why_not(speech, np.array(["a", "a", "a", "a", "b", "b"], str))
    assert "a 4; b 2" in told


def test_a_group_is_set_against_all_others(study) -> None:
    people = np.array([f"p{i:02d}" for i in range(20)], str)
    labels = np.where(np.arange(20) < 10, "a", "b")
    share = np.where(labels == "a", 0.9, 0.4) + 0.01 * (np.arange(20) % 3)
    values = {"baseline": ([share], people, labels), REAL: ([share], people, labels)}
    summary = Summary(study)
    add_groups(summary, Cell(MATCHING, "", "e", 0.5), values)
    own = {(r.system, r.stratum, bool(r.against)): r for r in summary.rows}
    assert own["baseline", "a", False].value == pytest.approx(0.91, abs=0.01)
    assert own["baseline", "a", False].n_people == 10
    assert own["baseline", "a", True].value == pytest.approx(0.5, abs=0.01)
    assert own["baseline", "b", True].high < 0
    assert (REAL, "a", True) not in own


def test_the_figure_has_the_generated_face_left_of_the_real_one(study) -> None:
    result = groups.EXPERIMENT.answer(study)
    (grid,) = result.grids
    assert grid.columns[:2] == ["generated 1", "real 1"]
    assert grid.rows == ["female", "male"]  # nine people are too few for bands of age
    measures = {(r.system, r.measure) for r in result.rows if r.value is not None}
    assert {(REAL, MATCHING), (REAL, TOLD), ("baseline", TOLD)} <= measures
    assert result.claims[0].source == "report, Figure 4"


def test_ethnic_groups_are_of_native_speakers_where_that_is_known(study) -> None:
    speech = study.unseen()
    people = np.unique(speech.identity)
    number = np.searchsorted(people, speech.identity)
    about = {
        "ethnicity": np.array([("x", "y")[i % 2] for i in number], str),
        "native_english": np.array(["Non-native" if i == 0 else "Native" for i in number], str),
    }
    known = Recordings(speech.clip, speech.identity, speech.sounds, speech.attributes | about)
    context = replace(study, _recordings={"unseen": known}, _made={}, _vectors={}, _heard={})
    result = ethnic_groups.EXPERIMENT.answer(context)
    own = [r for r in result.rows if (r.system, r.measure, r.against) == ("baseline", MATCHING, "")]
    n_people = {r.stratum: r.n_people for r in own}
    assert sum(n_people.values()) == len(people) - 1
    assert not any(r.measure == TOLD for r in result.rows)  # training faces know no such groups
    missing = ethnic_groups.EXPERIMENT.answer(study)
    assert missing.left_out and not missing.rows
