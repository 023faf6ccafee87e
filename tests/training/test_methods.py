"""Generators without a loop by name, and the settings of their trainings."""

import numpy as np
import pytest

from voice2face.errors import SettingsError
from voice2face.release.inference import Model
from voice2face.training.closed_form import train_closed_form
from voice2face.training.methods import CLOSED_FORM, closed_form


def test_settings_are_set_by_the_name_of_the_kind():
    flow = closed_form("flow", {"flow.training.steps": 7, "flow.n_shape": 3})
    assert (flow.training.steps, flow.n_shape) == (7, 3)
    assert flow.training.known_blur == CLOSED_FORM["flow"]().training.known_blur > 0
    drawn = closed_form("face-space", {"face-space.drawn.px": 128}).drawn
    assert (drawn.px, drawn.nearness) == (128, CLOSED_FORM["face-space"]().drawn.nearness)
    head = closed_form("speech2face", {"speech2face.training.iterations": 9})
    assert head.training.iterations == 9
    assert closed_form("sf2f", {"sf2f.training.likeness": 0}).training.likeness == 0


def test_a_class_of_somebody_else_is_made_with_its_settings(dozen, tmp_path, monkeypatch):
    (tmp_path / "flat.py").write_text(
        "import numpy as np\n\n\n"
        "class Flat:\n"
        "    def __init__(self, settings, arrays):\n"
        "        self.px, self.level = 16, settings.get('level', 0.0)\n\n"
        "    @staticmethod\n"
        "    def train(data, settings, rng):\n"
        "        return {'level': np.array(settings['level'])}\n\n"
        "    def faces(self, embeddings, rng=None):\n"
        "        return np.full((len(embeddings), 3, 16, 16), self.level, np.float32)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    told = {"flat:Flat.level": 0.25}
    fit = closed_form("flat:Flat", told)
    model = Model(train_closed_form(dozen, tmp_path / "run", fit, settings=told), plugins=["flat"])
    assert model.generator.faces(np.zeros((1, 4), np.float32)).max() == 0.25
    assert model.config.provenance["flat:Flat.level"] == "0.25"


@pytest.mark.parametrize(
    ("name", "path", "value", "found"),
    [
        ("flow", "flow.steps", 7, r"flow\.steps: no such setting.*flow\.training\.steps"),
        ("linear", "linear.steps", 7, r"linear\.steps: no such setting.*linear has no settings"),
        ("sf2f", "sf2f.training.noise", "much", r"sf2f: training\.noise.*a number"),
        ("flow", "flow.training.dropout", 1, r"flow: training\.dropout.*less than 1"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(name, path, value, found):
    with pytest.raises(SettingsError, match=found):
        closed_form(name, {path: value})


def test_the_card_says_what_was_set(dozen, tmp_path):
    told = {"flow.training.steps": 2, "flow.training.width": 8, "flow.training.hidden": 8}
    fit = closed_form("flow", told)
    model = Model(train_closed_form(dozen, tmp_path / "run", fit, settings=told))
    assert model.config.provenance["flow.training.steps"] == "2"
