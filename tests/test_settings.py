import pytest

from voice2face.errors import SettingsError
from voice2face.settings import FRONT_ENDS, FrontEnd, Recipe, change, entries, read_yaml, to_yaml
from voice2face.variants import PRESETS, TABLE_1, VARIANTS, recipe


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_recipes_survive_yaml(preset, variant, tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(to_yaml(recipe(variant, preset)))
    assert read_yaml(path, Recipe) == recipe(variant, preset)


def test_front_ends_survive_yaml(tmp_path):
    for front_end in FRONT_ENDS.values():
        (tmp_path / "f.yaml").write_text(to_yaml(front_end))
        assert read_yaml(tmp_path / "f.yaml", FrontEnd) == front_end


@pytest.mark.parametrize("row", TABLE_1)
def test_every_row_of_the_disagreement_table_is_a_switch(row):
    switched = change(PRESETS["released"], TABLE_1[row])
    assert switched != PRESETS["released"]
    changed = {
        path
        for path in entries(switched)
        if value(switched, path) != value(PRESETS["released"], path)
    }
    assert changed == set(TABLE_1[row])
    assert all(value(PRESETS["paper"], path) == value(switched, path) for path in changed)


def value(settings, path):
    for name in path.split("."):
        settings = getattr(settings, name)
    return settings


def test_the_reports_models_keep_their_numbers():
    numbered = {v.number: name for name, v in VARIANTS.items() if v.number}
    assert numbered == {1: "baseline", 2: "bn", 3: "bn-tanh", 4: "tanh", 5: "dropout"}


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"generator.kernal": 3}, "generator.kernal: no such setting"),
        ({"generator": 3}, "no such setting"),
        ({"generator.kernel": 5}, "generator.kernel"),
        ({"training.iterations": -1}, ">= 1"),
        ({"generator.tanh.x": 1}, "no such setting"),
    ],
)
def test_a_wrong_setting_is_named(changes, part):
    with pytest.raises(SettingsError, match=part):
        change(Recipe(), changes)


def test_an_unknown_variant_lists_the_known_ones():
    with pytest.raises(SettingsError, match="bn-tanh"):
        recipe("resnet")


@pytest.mark.parametrize("text", ["a: [", "- 1", "generator: {kernel: 7}", "other: 1"])
def test_a_file_that_does_not_fit_is_refused(text, tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"recipe.yaml"):
        read_yaml(path, Recipe)
