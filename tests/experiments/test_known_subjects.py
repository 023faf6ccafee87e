"""Test 2 on a small study: people of the training set, recordings that no stage has heard."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from voice2face.errors import ModelError
from voice2face.experiments.questions.known_subjects import EXPERIMENT, Classifier, found

from .oracle_system import Oracle
from .rows import find_row


@pytest.fixture(scope="module")
def asked(study, tmp_path_factory):
    rivals = dict(study.baselines) | {"oracle": Oracle(study.faces("train"))}
    context = replace(study, baselines=rivals, out=tmp_path_factory.mktemp("known"))
    return context, EXPERIMENT.answer(context)


def test_an_oracle_is_recognised_and_a_mean_face_is_one_person(asked):
    _, result = asked
    top = "top 1 of 13 people"
    assert find_row(result.rows, "oracle", top).value > 0.9
    assert find_row(result.rows, "real faces", top).value > 0.7
    speakers = find_row(result.rows, "mean face", top)
    assert speakers.value in (0, pytest.approx(1 / speakers.n_people))
    assert speakers.chance == pytest.approx(1 / 13)
    assert find_row(result.rows, "bn", top, "oracle").high < 0


def test_only_unheard_recordings_are_asked_about(asked):
    context, result = asked
    heard = set(context.heard().clip)
    listed = json.loads((context.out / "known_subjects.recordings.json").read_bytes())
    names = [clip for clip, _ in listed["recordings"]]
    assert names == context.unheard().clip.tolist() and not heard & set(names)
    assert find_row(result.rows, "bn", "top 5 of 13 people").n_trials == len(names)
    assert result.trials_sha256.keys() == {"recordings"}


def test_ranks_are_those_of_the_true_person(study):
    """By the network's answers, sorted; the labels are in any order."""
    classifier = Classifier(study.recogniser)
    faces = study.faces("train")
    rows = np.arange(0, len(faces), 3)
    ranks = classifier.ranks(faces.pixels[rows], faces.identity[rows])
    answers = classifier._answers(faces.pixels[rows])
    order = np.argsort(-answers, axis=1)
    for rank, places, person in zip(ranks, order, faces.identity[rows], strict=True):
        assert classifier.labels[places].tolist().index(person) == rank
    np.testing.assert_array_equal(found(np.array([0.0, 0.5, 1.0, 4.0, 5.0]), 1), [1, 1, 0, 0, 0])


def test_who_answers_all_alike_is_not_right(study):
    """Ties are no first places."""
    classifier = Classifier(study.recogniser)
    classifier._answers = lambda pixels: np.zeros((len(pixels), 13), np.float32)
    ranks = classifier.ranks(study.faces("train").pixels[:3], classifier.labels[:3])
    assert not found(ranks, 1).any() and not found(ranks, 5).any()


@pytest.mark.parametrize(
    ("lacking", "said"), [({"recogniser": None}, "no classifier"), ({"held_out": 0.0}, "0 people")]
)
def test_what_a_study_lacks_is_said(study, lacking, said):
    result = EXPERIMENT.answer(replace(study, _recordings={}, **lacking))
    assert said in result.left_out and not result.rows


def test_another_network_is_refused(study, tmp_path):
    copied = tmp_path / "recogniser.onnx"
    shutil.copy(study.recogniser, copied)
    with pytest.raises(ModelError, match=r"JSON object.* wanted"):
        Classifier(copied)
    generator = study.models["bn"][0].model.folder / "generator.onnx"
    shutil.copy(generator, copied)
    shutil.copy(study.recogniser.with_suffix(".json"), copied.with_suffix(".json"))
    with pytest.raises(ModelError, match="input 'faces'"):
        Classifier(copied)
