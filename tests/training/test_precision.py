from pathlib import Path

import pytest
from face_runs import FAST, STEPS, assert_equal, final_state, small
from models import small_model

from voice2face.networks.variants import recipe, speaker_recipe
from voice2face.release.model_folder import read_config
from voice2face.settings import Recipe, change, read_yaml
from voice2face.training import precision
from voice2face.training.distributed import solo
from voice2face.training.gan.train import train_face
from voice2face.training.precision import settled
from voice2face.training.speaker.train import train_speaker

AUTO = {"training.precision": "auto"}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return small_model(tmp_path_factory.mktemp("encoder") / "m")


def ticking(monkeypatch, **seconds):
    """A clock by which a step in each precision takes so long."""
    now, current = [0.0], [""]

    def trial(of):
        def wrapped(name):
            step = of(name)

            def timed():
                current[0] = name
                step()
                now[0] += seconds[name]

            return timed

        return wrapped

    original = precision._seconds
    monkeypatch.setattr(precision, "_seconds", lambda d, p, of: original(d, p, trial(of)))
    monkeypatch.setattr(precision, "_clock", lambda device: lambda: now[0])


def test_the_recipes_of_both_stages_leave_it_to_the_device():
    assert recipe().training.precision == speaker_recipe().training.precision == "auto"


@pytest.mark.parametrize(
    ("fp32", "bf16", "chosen"), [(1.0, 0.6, "bf16"), (1.0, 1.2, "fp32"), (1.0, 0.95, "fp32")]
)
def test_the_faster_one_is_taken_and_said(fp32, bf16, chosen, tmp_path, monkeypatch, capsys):
    ticking(monkeypatch, fp32=fp32, bf16=bf16)
    team = solo("cpu")
    found = settled(recipe(), tmp_path, resume=False, team=team, trial=lambda tried: lambda: None)
    assert found.training.precision == chosen
    said = capsys.readouterr().err
    assert f"precision {chosen}: a step takes fp32 {fp32:.3g} s, bf16 {bf16:.3g} s" in said


def test_short_steps_are_in_32_bits_whatever_the_clock_says(tmp_path, monkeypatch, capsys):
    ticking(monkeypatch, fp32=0.02, bf16=0.001)
    team, nothing = solo("cpu"), lambda tried: lambda: None
    found = settled(recipe(), tmp_path, resume=False, team=team, trial=nothing)
    assert found.training.precision == "fp32"
    assert "bf16" not in capsys.readouterr().err


def test_what_is_asked_for_is_not_tried(tmp_path):
    def trial(tried):
        raise AssertionError("tried")

    asked = change(recipe(), {"training.precision": "bf16"})
    assert settled(asked, tmp_path, resume=True, team=solo("cpu"), trial=trial) == asked


def test_a_run_after_a_trial_is_the_one_without_it_bit_for_bit(
    corpus, encoder, tmp_path, monkeypatch
):
    ticking(monkeypatch, fp32=1.0, bf16=2.0)
    options = {"voice_encoder": encoder, "seed": 3, "run": FAST, "quiet": True}
    train_face(corpus, tmp_path / "asked", small("dropout"), **options)
    model = train_face(corpus, tmp_path / "tried", small("dropout", **AUTO), **options)
    assert_equal(final_state(tmp_path / "asked"), final_state(tmp_path / "tried"))
    assert read_config(model).provenance["precision"] == "fp32"
    assert read_yaml(tmp_path / "tried" / "recipe.yaml", Recipe).training.precision == "fp32"


def test_a_resumed_run_keeps_its_precision_whatever_would_be_faster_now(
    corpus, encoder, tmp_path, monkeypatch
):
    options = {"voice_encoder": encoder, "seed": 3, "run": FAST, "quiet": True}
    shorter = {"training.iterations": STEPS - 4}
    with monkeypatch.context() as now:
        ticking(now, fp32=2.0, bf16=1.0)
        train_face(corpus, tmp_path / "parts", small(**AUTO | shorter), **options)
    with monkeypatch.context() as later:
        ticking(later, fp32=1.0, bf16=2.0)
        train_face(corpus, tmp_path / "parts", small(**AUTO), resume=True, **options)
    train_face(corpus, tmp_path / "whole", small(**{"training.precision": "bf16"}), **options)
    assert_equal(final_state(tmp_path / "parts"), final_state(tmp_path / "whole"))


def test_the_speaker_stage_tries_a_step_of_each_too(corpus, tmp_path, monkeypatch, capsys):
    ticking(monkeypatch, fp32=2.0, bf16=1.0)
    sizes = {
        "voice_encoder.width": 0.06, "training.iterations": 2, "training.batch_size": 4,
        "training.crop_frames": [40, 60],
    }  # fmt: skip
    out: Path = tmp_path / "voice"
    train_speaker(corpus, out, change(speaker_recipe(), sizes), run=FAST)
    assert "precision bf16: a step takes" in capsys.readouterr().err
    assert "precision: bf16" in (out / "recipe.yaml").read_text()
