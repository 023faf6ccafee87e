import sys
from pathlib import Path

import numpy as np
import pytest

from voice2face.audio.speech import Speech
from voice2face.errors import ModelError, SettingsError
from voice2face.plugins import VARIABLE, import_class, is_plugin
from voice2face.release.inference import Model
from voice2face.release.writing import NewPart, write_release
from voice2face.training.closed_form import VoicesAndFaces
from voice2face.training.plugin.fit import PluginFit
from voice2face.voice_encoders.plugin import VoiceEncoderPlugin
from voice2face.voice_encoders.whole import as_frame_encoder

TOYS = Path(__file__).parent / "toys"
ENCODER, GENERATOR = "band_energies:BandEnergies", "nearest_face:NearestFace"


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.syspath_prepend(str(TOYS))
    monkeypatch.delenv(VARIABLE, raising=False)


def tone(hertz):
    t = np.arange(32_000) / 16_000
    return Speech((8000 * np.sin(2 * np.pi * hertz * t)).astype(np.int16))


@pytest.fixture
def folder(tmp_path):
    """Two people: a low and a high voice, a dark and a bright face."""
    encoder = import_class(ENCODER)({})
    heard = np.stack([encoder.embed(tone(hertz)) for hertz in (100, 1500)])
    faces = np.stack([np.full((8, 8, 3), grey, np.uint8) for grey in (40, 200)])
    numbers = np.arange(2)
    data = VoicesAndFaces(heard, numbers, faces, numbers, ["low", "high"])
    hearing = NewPart(VoiceEncoderPlugin(use=ENCODER), lambda _: None)
    return write_release(tmp_path / "m", "toys", (hearing, PluginFit(GENERATOR)(data, 0)))


def test_a_folder_imports_nothing_by_itself(folder):
    sys.modules.pop("band_energies", None)
    with pytest.raises(ModelError, match=f"code that is not in the folder.*{VARIABLE}=band_ener"):
        Model(folder).read()
    assert "band_energies" not in sys.modules


@pytest.mark.parametrize("how", ["variable", "argument"])
def test_what_the_user_allows_is_opened(folder, how, monkeypatch):
    names = ("band_energies", "nearest_face")
    if how == "variable":
        monkeypatch.setenv(VARIABLE, ", ".join(names))
    model = Model(folder, plugins=names if how == "argument" else ())
    dark, bright = (model.reconstruct_speech(tone(hertz)) for hertz in (110, 1400))
    assert dark.face.mean() < 0 < bright.face.mean()
    assert dark.picture.size == (8, 8) and dark.speech_s is None and dark.heard is None
    assert dark.faces(4, seed=1).shape == (4, 3, 8, 8)


def test_one_module_that_is_allowed_does_not_open_another(folder):
    with pytest.raises(ModelError, match="nearest_face"):
        Model(folder, plugins=["band_energies"]).read()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("no_such_module_at_all:X", "not imported .ModuleNotFoundError"),
        ("band_energies:Other", "no class Other"),
        ("band_energies:np", "no class np"),
        ("os.system('true'):X", "not the name of a class"),
    ],
)
def test_a_name_that_leads_to_no_class(name, found):
    with pytest.raises(SettingsError, match=found) as caught:
        import_class(name)
    assert len(str(caught.value).splitlines()) == 1


def test_names():
    assert is_plugin("my.package:Class") and not is_plugin("runs/voice")
    assert not is_plugin("hf://org/name") and not is_plugin("C:\\model")


def test_a_class_that_is_no_generator_is_refused_before_anything_is_read():
    with pytest.raises(ModelError, match="without train"):
        PluginFit(ENCODER)


def test_an_encoder_that_gives_no_embedding_says_one_line(folder, monkeypatch):
    import band_energies

    monkeypatch.setattr(band_energies.BandEnergies, "embed", lambda self, speech: np.zeros(3))
    model = Model(folder, plugins=["band_energies", "nearest_face"])
    with pytest.raises(ModelError, match=r"voice-encoder-plugin.*shape \(3,\); .*\(8,\)"):
        model.embed(tone(100))


def test_an_encoder_of_embeddings_alone_has_a_sequence_of_one():
    encoder = as_frame_encoder(import_class(ENCODER)({}), ENCODER)
    frames = encoder.frames(tone(100))
    assert frames.shape == (1, encoder.frame_dim) and len(encoder.frames_hash) == 64
    np.testing.assert_array_equal(
        encoder.pooled(encoder.prepared(frames)), encoder.embed(tone(100))
    )
