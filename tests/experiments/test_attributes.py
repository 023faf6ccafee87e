"""Test 3 on a small study, and what the judges of it can be relied on."""

from dataclasses import replace

import numpy as np
import pytest

from voice2face.errors import CorpusError
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.experiments.linear_probe import ReadOff, bounds, is_male, middle
from voice2face.experiments.questions.attributes import (
    AGE,
    AGE_ERROR,
    EXPERIMENT,
    GENDER,
    GENDER_AUC,
    Truth,
    age_error,
    correlation,
    gender_right,
)

from .oracle_system import Oracle
from .rows import find_row


@pytest.fixture(scope="module")
def asked(study, tmp_path_factory):
    rivals = dict(study.baselines) | {"oracle": Oracle(study.faces("test"))}
    context = replace(study, baselines=rivals, out=tmp_path_factory.mktemp("attributes"))
    return context, EXPERIMENT.answer(context)


def test_an_oracle_shows_gender_and_a_mean_face_none(asked):
    _, result = asked
    real, oracle = (find_row(result.rows, s, GENDER_AUC) for s in ("real faces", "oracle"))
    assert real.value > 0.9 and oracle.value > 0.9
    mean = find_row(result.rows, "mean face", GENDER_AUC)
    assert mean.value == 0.5 and mean.low < 0.5 < mean.high
    share = find_row(result.rows, "mean face", GENDER).value  # always the same answer
    assert share == pytest.approx(3 / 9) or share == pytest.approx(6 / 9)


def test_age_is_followed_by_the_oracle_alone(asked):
    _, result = asked
    assert find_row(result.rows, "oracle", AGE).value == pytest.approx(
        find_row(result.rows, "real faces", AGE).value, abs=0.05
    )
    nothing = find_row(result.rows, "mean face", AGE)
    assert nothing.value is None and "all of one age" in nothing.note
    assert find_row(result.rows, "bn", AGE_ERROR, "mean face") is not None


def test_claims_and_list(asked):
    context, result = asked
    verdicts = {claim.text: claim.verdict for claim in result.claims}
    assert verdicts["faces made from voices of unseen people show the speaker's gender"] in (
        "too little training to tell", "does not hold",
    )  # fmt: skip
    assert (context.out / "attributes.recordings.json").is_file()


class _Fixed:
    """A judge of any two numbers a face."""

    name = "fixed"
    sha256 = "0" * 64

    def judge(self, faces: FaceSet):
        brightness = np.array([np.mean(picture) for picture in faces.pictures])
        return brightness, (brightness > np.median(brightness)).astype(float)


def test_judges_stand_side_by_side(asked):
    context, _ = asked
    result = EXPERIMENT.answer(replace(context, judge=_Fixed()))
    assert {row.embedder for row in result.rows} == {"fixed", "linear read-off"}
    assert result.sources["fixed"] == "0" * 64
    assert result.claims[0].judge == "linear read-off"


def test_too_little_known_is_said(study):
    unseen = replace(study.unseen(), attributes={})
    result = EXPERIMENT.answer(replace(study, _recordings={"unseen": unseen}))
    assert "too few people" in result.left_out and not result.rows


def test_a_read_off_learns_gender_from_real_faces(study):
    train, test = study.faces("train"), study.faces("test")
    judge = ReadOff.fit(train, "released")
    _, male = judge.judge(FaceSet.of_crops(train.pixels))
    told = (male > 0.5) == (train.attributes["gender"] == "male")
    assert told.mean() > 0.9
    nobody = replace(train, attributes={})
    assert ReadOff.fit(nobody, "released") is None
    ageless = {"gender": train.attributes["gender"]}
    ages, _ = ReadOff.fit(replace(train, attributes=ageless), "released").judge(
        FaceSet.of_crops(test.pixels)
    )
    assert np.isnan(ages).all()


def test_ages_as_corpora_write_them():
    cells = np.array(["34", "20-39", ">=60", "more than 70", "under 40", "60 and over", "", "?"])
    np.testing.assert_array_equal(
        bounds(cells)[:6], [[34, 34], [20, 39], [60, np.inf], [70, np.inf], [0, 40], [60, np.inf]]
    )
    assert np.isnan(bounds(cells)[6:]).all()
    np.testing.assert_array_equal(middle(bounds(cells))[:4], [34, 29.5, 70, 75])
    sexes = is_male(np.array(["Male", "f", "woman", "", "other"]))
    np.testing.assert_array_equal(sexes, [1, 0, 0, np.nan, np.nan])


def test_errors_count_from_the_band():
    truth = Truth(np.array(["a", "b", "c"]), np.array([1, 0, np.nan]), bounds(
        np.array(["20-39", "50", ""])
    ))  # fmt: skip
    np.testing.assert_array_equal(age_error(np.array([45.0, 48.0, 3.0]), truth), [6, 2, np.nan])
    np.testing.assert_array_equal(gender_right(np.array([0.9, 0.6, 0.1]), truth), [1, 0, np.nan])
    np.testing.assert_array_equal(gender_right(np.array([0.5, 0.5, 0.5]), truth)[:2], [0.5, 0.5])


def test_correlation_is_of_people():
    """Recordings of one person are averaged first; the interval holds the value."""
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(60).astype(str), 3)
    age = np.repeat(rng.normal(size=60), 3)
    judged = age + rng.normal(size=180)
    found = correlation(judged, age, people, n_resamples=300)
    means = judged.reshape(60, 3).mean(axis=1)
    assert found.value == pytest.approx(np.corrcoef(means, age[::3])[0, 1])
    assert found.low < found.value < found.high < 1
    with pytest.raises(CorpusError, match="all of one age"):
        correlation(np.zeros(180), age, people)
