"""Test 1 on a small study: faces made from speech against those made from noise."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from voice2face.evaluation.embedders.fitted import as_faces
from voice2face.experiments.discriminator import Discriminator
from voice2face.experiments.questions import voice_or_noise
from voice2face.experiments.questions.voice_or_noise import EXPERIMENT, OWN, Heard, Scores, measure
from voice2face.experiments.systems import ModelSystem

from .oracle_system import Oracle
from .rows import find_row

ALL = measure("noise")


@pytest.fixture(scope="module")
def asked(study, tmp_path_factory):
    rivals = {n: study.baselines[n] for n in ("mean face", "random face")}
    context = replace(
        study, baselines=rivals | {"oracle": Oracle(study.faces("test"))},
        out=tmp_path_factory.mktemp("voice-or-noise"),
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(voice_or_noise, "N_EACH", 12)
        return context, EXPERIMENT.answer(context)


def test_an_oracle_makes_faces_of_speech_alone(asked):
    _, result = asked
    judge = "likeness, recogniser"
    assert find_row(result.rows, "oracle", ALL, embedder=judge).value > 0.9
    assert find_row(result.rows, "real faces", ALL, embedder=judge).value > 0.9
    mean = find_row(result.rows, "mean face", ALL, embedder=judge)
    assert mean.value == 0.5 and mean.low < 0.5 < mean.high
    assert find_row(result.rows, "bn", ALL, "oracle", judge).high < 0


def test_each_noise_and_all_together(asked):
    """The area against plain noise is the mean of those against each; babble stands apart."""
    _, result = asked
    for judge in (OWN, "likeness, eigenfaces"):
        kinds = [measure(kind) for kind in ("white", "pink", "brown")]
        values = [find_row(result.rows, "bn", kind, embedder=judge).value for kind in kinds]
        whole = find_row(result.rows, "bn", ALL, embedder=judge)
        assert whole.value == pytest.approx(np.mean(values))
        assert whole.n_trials == 36 + 3 * 12
        above = find_row(result.rows, "bn", ALL, "baseline", judge).value
        other = find_row(result.rows, "baseline", ALL, embedder=judge).value
        assert above == pytest.approx(whole.value - other)
    assert find_row(result.rows, "bn", measure("babble"), embedder=OWN).n_trials == 36 + 12


def test_claims_name_their_judge(asked):
    _, result = asked
    own, other, of_babble, _ = result.claims
    assert "babble" in of_babble.text and "babble" not in own.text
    assert own.judge == OWN and other.judge == "likeness, recogniser"
    assert own.measure == ALL


def test_a_discriminator_judges_each_face_by_itself(study):
    """With batch normalisation too; and it is the one that the training ended with."""
    for variant in ("baseline", "bn"):
        judge = Discriminator.of(study.models[variant][0])
        faces = as_faces(study.faces("test").pixels[:9])
        together = judge.scores(faces)
        alone = np.concatenate([judge.scores(face[None]) for face in faces])
        np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-5)
        assert np.ptp(together) > 0 and len(judge.scores(faces[:0])) == 0


def test_the_discriminator_is_that_of_the_last_checkpoint(study, study_runs):
    import torch

    (path,) = (study_runs / "bn-0" / "checkpoints").glob("0*.pt")
    networks = torch.load(path, weights_only=True)["trainee"]["networks"]
    critics = Discriminator(study_runs / "bn-0")._critics
    for name, part in critics.named_children():
        for key, tensor in part.state_dict().items():
            assert torch.equal(tensor, networks[name][key]), (name, key)


def test_a_released_model_alone_is_asked_by_others_alone(study, tmp_path, monkeypatch):
    folder = study.models["bn"][0].model.folder
    shutil.copytree(folder, tmp_path / "alone" / "model")
    alone = ModelSystem.of("alone", tmp_path / "alone" / "model")
    assert Discriminator.of(alone) is None
    monkeypatch.setattr(voice_or_noise, "N_EACH", 3)
    embedders = {"eigenfaces": study.embedders["eigenfaces"]}
    context = replace(
        study, models={"bn": [alone]}, baselines={}, embedders=embedders, out=tmp_path
    )  # fmt: skip
    result = EXPERIMENT.answer(context)
    row = find_row(result.rows, "bn", ALL, embedder=OWN)
    assert row.value is None and row.note == "its run is not at hand"
    assert find_row(result.rows, "bn", ALL, embedder="likeness, eigenfaces").value is not None
    assert {claim.judge for claim in result.claims} == {"likeness, eigenfaces"}


def test_shares_are_the_area_recording_by_recording():
    scores = Scores([np.array([3.0, 1.0])], [np.array([0.0, 1.0, 2.0, 4.0])], np.array(["a", "b"]))
    heard = Heard(None, None, np.repeat("white", 4))
    np.testing.assert_allclose(scores.shares(heard)[0], [0.75, 0.375])


def test_noise_is_as_long_as_the_longest_speech(study, monkeypatch):
    monkeypatch.setattr(voice_or_noise, "N_EACH", 2)
    heard = Heard.of(study)
    assert set(heard.noise.seconds) == {5.0} and heard.speech.seconds.max() <= 5
    assert sorted(set(heard.kinds)) == ["babble", "brown", "pink", "white"]


def test_too_few_people_is_said(study):
    unseen = study.unseen()
    one = unseen.only(unseen.identity == unseen.identity[0])
    result = EXPERIMENT.answer(replace(study, _recordings={"unseen": one}))
    assert "1 people not trained on" in result.left_out
