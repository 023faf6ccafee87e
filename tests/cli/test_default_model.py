"""The default model by the command line: what was heard, drawn faces, sizes, several speakers."""

import json

import numpy as np
import pytest
from PIL import Image

from voice2face.audio.coding import wav_bytes
from voice2face.audio.resample import RATE_HZ
from voice2face.release.provenance import read_provenance
from voice2face.synthetic import CohortSettings, sample_person, synthesise


@pytest.fixture(scope="module")
def voices():
    """A man's and a woman's made-up voice, int16 at 16 kHz."""
    settings, rng = CohortSettings(n_identities=20), np.random.default_rng(0)
    people = [sample_person(settings, number).heard for number in range(20)]
    man = max((heard for heard in people if heard.sex == "male"), key=lambda heard: heard.size)
    woman = min((heard for heard in people if heard.sex == "female"), key=lambda heard: heard.size)
    return synthesise(man, rng, 8.0), synthesise(woman, rng, 4.0)


def test_drawn_faces_of_a_size_beside_what_was_heard(voice2face, voices, tmp_path):
    (tmp_path / "anna.wav").write_bytes(wav_bytes(voices[0]))
    out = tmp_path / "out"
    words = ("reconstruct", tmp_path / "anna.wav", "-o", out, "--faces", "2", "--px", "300")
    ended = voice2face(*words, "--sheet", "--json")
    assert (ended.status, ended.err) == (0, "")
    (row,) = json.loads(ended.out)["faces"]
    assert row["heard"]["gender"]["male"] > 0.5 and "a man's voice" in row["heard"]["summary"]
    assert row["speakers"] == 1
    names = ["anna.png", "anna-drawn-1.png", "anna-drawn-2.png"]
    assert [row["output"], *row["drawn"]] == [str(out / name) for name in names]
    pictures = []
    for name in names:
        with Image.open(out / name) as picture:
            assert picture.size == (300, 300)
            pictures.append(np.asarray(picture).astype(int))
    assert np.abs(pictures[1] - pictures[2]).mean() > 3
    assert read_provenance(out / names[0]).variation == "enlarged from 256 pixels"
    assert read_provenance(out / names[2]).variation.startswith("person 2 drawn")
    assert (out / "sheet.png").is_file()


def test_two_who_speak_are_noticed_and_one_can_be_taken(
    voice2face, voices, convolutional_model, tmp_path
):
    both = np.concatenate([voices[0], np.zeros(RATE_HZ // 5, np.int16), voices[1]])
    (tmp_path / "two.wav").write_bytes(wav_bytes(both))
    words = ("reconstruct", tmp_path / "two.wav", "-o", tmp_path / "a.png")
    ended = voice2face(*words)
    assert ended.status == 0 and "2 voices" in ended.err and "--speaker longest" in ended.err
    mixed = (tmp_path / "a.png").read_bytes()
    assert voice2face(*words, "--speaker", "longest").status == 0
    assert (tmp_path / "a.png").read_bytes() != mixed
    voice2face(*words, "--speaker", "loudest").one_error("loudest", "longest")
    words = (*words, "--speaker", "longest", "--model", convolutional_model)
    voice2face(*words).one_error("tell speakers apart")


def test_the_other_model_of_the_package_has_a_name(voice2face, voices, tmp_path):
    (tmp_path / "anna.wav").write_bytes(wav_bytes(voices[1]))
    words = ("reconstruct", tmp_path / "anna.wav", "-o", tmp_path / "a.png", "--model", "gan")
    assert voice2face(*words).status == 0
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (64, 64)
