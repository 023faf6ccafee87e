"""A voice encoder and a generator of others, from a corpus to faces, figures and the page.

Both are one file outside the package (tests/toys); nothing inside knows of them.
"""

import csv
import io
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from voice2face.audio.speech import read_speech
from voice2face.plugins import VARIABLE
from voice2face.release.inference import Model
from voice2face.synthetic.faces import draw
from voice2face.synthetic.latent import CohortSettings, sample_person
from voice2face.web.answer import Maker, Order
from voice2face.web.models import Models

TOYS = Path(__file__).parents[1] / "toys"
ENCODER, GENERATOR = "band_energies:BandEnergies", "nearest_face:NearestFace"


@pytest.fixture
def toys(monkeypatch):
    monkeypatch.syspath_prepend(str(TOYS))
    monkeypatch.setenv(VARIABLE, "band_energies,nearest_face")


@pytest.fixture
def trained(toys, voice2face, corpus, tmp_path):
    command = ("train", "face", corpus, tmp_path / "run", "--voice-encoder", ENCODER)
    ended = voice2face(*command, "--generator", GENERATOR)
    assert ended.status == 0, ended
    assert ended.out == f"model: {tmp_path / 'run' / 'model'}\n"
    return tmp_path / "run" / "model"


def test_both_are_trained_released_and_make_faces(trained, voice2face, clip, tmp_path, monkeypatch):
    parts = json.loads(voice2face("info", trained, "--json").out)["config"]["parts"]
    assert [(part["kind"], part["use"]) for part in parts] == [
        ("voice-encoder-plugin", ENCODER), ("generator-plugin", GENERATOR)
    ]  # fmt: skip
    words = ("reconstruct", clip, "--model", trained, "-o", tmp_path / "face.png")
    ended = voice2face(*words, "--json")
    assert ended.status == 0, ended
    assert "speech_s" not in json.loads(ended.out)["faces"][0]
    assert Image.open(tmp_path / "face.png").size == (16, 16)
    monkeypatch.delenv(VARIABLE)
    voice2face(*words).one_error("code that is not in the folder", f"{VARIABLE}=band_energies")


def test_their_faces_are_evaluated(trained, voice2face, clips, tmp_path):
    pytest.importorskip("cv2")
    rng = np.random.default_rng(0)
    table = tmp_path / "pairs.csv"
    with table.open("w", newline="") as file:
        written = csv.writer(file)
        written.writerow(["identity", "voice", "face"])
        for person in range(4):
            for take in range(2):
                scene = np.full((300, 260, 3), 128, np.uint8)
                seen = sample_person(CohortSettings(seed=3), person).seen
                scene[60:220, 50:210] = draw(seen, rng, 160)
                Image.fromarray(scene).save(tmp_path / f"{person}-{take}.png")
                written.writerow([f"p{person}", clips[person], f"{person}-{take}.png"])
    ended = voice2face("evaluate", table, "--model", trained, "--geometry", "released", "--json")
    assert ended.status == 0, ended
    rows = json.loads(ended.out)["rows"]
    assert {row["system"] for row in rows} >= {"model run", "real faces"}


def test_the_page_shows_them(trained, clip):
    models = Models([trained])
    name, model = models.find("")
    maker = Maker(longest_s=30)
    read = partial(read_speech, io.BytesIO(clip.read_bytes()))
    answer = json.loads(maker.answer(model, name, read, Order(more=3)))
    assert len(answer["more"]) == 3 and answer["model"] == "run"
    assert answer["speech_s"] == pytest.approx(answer["seconds"], abs=0.1)


def test_a_generator_of_others_beside_a_shipped_encoder(toys, voice2face, corpus, tmp_path, clip):
    words = ("train", "face", corpus, tmp_path / "run", "--generator", GENERATOR)
    assert voice2face(*words).status == 0
    made = Model(tmp_path / "run" / "model").reconstruct(clip)
    assert made.face.shape == (3, 16, 16) and made.speech_s


@pytest.mark.parametrize(
    ("option", "name", "found"),
    [
        ("--generator", "diffusion", "--generator diffusion: no such generator"),
        ("--generator", "no_such_module_at_all:X", "not imported"),
        ("--voice-encoder", "band_energies:Nobody", "no class Nobody"),
    ],
)
def test_names_that_lead_nowhere(option, name, found, toys, voice2face, corpus, tmp_path):
    voice2face("train", "face", corpus, tmp_path / "run", option, name).one_error(found)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (("--resume",), "given with --resume"),
        (("--variant", "tanh", "--iterations", "9"), "given with --variant, --iterations"),
        (("--set", "critics.r1=1"), "given with --set critics.r1"),
        (("--set", "flow.training.steps=9"), "given with --set flow.training.steps"),
        (("--set", "linear.steps=9"), "linear.steps: no such setting"),
    ],
)
def test_what_a_generator_without_a_loop_would_not_look_at_is_refused(
    more, named, toys, voice2face, corpus, tmp_path
):
    words = ("train", "face", corpus, tmp_path / "run", "--generator", "linear", *more)
    voice2face(*words).one_error(named)
    assert not (tmp_path / "run").exists()


def test_another_run_is_not_written_over(toys, voice2face, corpus, tmp_path):
    checkpoints = tmp_path / "run" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "00000007.pt").write_bytes(b"of hours")
    words = ("train", "face", corpus, tmp_path / "run", "--generator", GENERATOR)
    voice2face(*words).one_error("holds a run of 7 steps")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["checkpoints"]
