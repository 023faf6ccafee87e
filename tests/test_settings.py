import pytest

from voice2face.audio.settings import FRONT_ENDS, FrontEnd
from voice2face.cli.options import face_crop
from voice2face.errors import SettingsError
from voice2face.faces.settings import FaceCrop
from voice2face.networks.variants import PRESETS, TABLE_1, VARIANTS, recipe
from voice2face.settings import Recipe, change, entries, parse_yaml, read_yaml, to_yaml

NAN, INF, HUGE = float("nan"), float("inf"), 9 * 10**18


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
        ({"generator.kernal": 3}, r"generator\.kernal: no such setting \(generator\.kernel\?\)"),
        ({"generator": 3}, "no such setting"),
        ({"generator.kernel": 5}, "generator.kernel"),
        (
            {"training.iterations": -1},
            "^training.iterations: -1; a whole number from 1 to 1000000000 wanted; correct it$",
        ),
        ({"generator.kernel": "x"}, "^generator.kernel: 'x'; one of 3, 4 wanted; "),
        (
            {"training.crop_frames": [300]},
            r"^training.crop_frames: \[300\]; a list of 2, each a wh",
        ),
        ({"training.r1": 1e9}, "^training.r1: 1000000000.0; a number from 0 to 1000000 wanted"),
        ({"training.r1": None}, "^training.r1: null; a number from 0 to"),
        ({"training.warmup": -1}, "^training.warmup: -1; a whole number of at least 0 wanted"),
        (
            {"training.crop_frames": [9, 3]},
            r"^training: crop_frames from 9 to 3: the shorter first",
        ),
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


@pytest.mark.parametrize(
    "text",
    ["[" * 20_000, "a: &x [1]\nb: *x", "!!int abc", "1" * 5000, "\0", "!!python/name:os.system"],
)
def test_hostile_yaml_is_refused_in_one_line(text):
    with pytest.raises(SettingsError, match="plain YAML wanted") as caught:
        parse_yaml(text, "it")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("log_mel.hop_s", (0, NAN, INF)),
        ("log_mel.window_s", (0, -1, NAN, 0.1)),
        ("log_mel.n_fft", (0, 399, HUGE)),
        ("log_mel.n_mels", (0, -5, 513, HUGE)),
        ("log_mel.low_hz", (-1, NAN, 7200)),
        ("log_mel.high_hz", (0, 20, 8001, NAN, INF)),
        ("log_mel.floor", (0, -1, NAN, INF)),
        ("log_mel.sample_rate", (0, 8000, HUGE)),
        ("voice_activity.ring_s", (0, 0.01, -5, NAN, INF)),
        ("voice_activity.frame_s", (0, 1, NAN)),
        ("min_frames", (0, HUGE)),
        ("min_speech_s", (-1, NAN, INF)),
    ],
)
def test_numbers_of_a_front_end_that_cannot_be(name, values):
    for number in values:
        with pytest.raises(SettingsError, match=rf"^{name}: |valid FrontEnd"):
            change(FrontEnd(), {name: number})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"px": 7}, "px: 7; a whole number from 8 to 1024 wanted; correct it"),
        (
            {"remove": "hair"},
            "remove: 'hair'; a list of background, hair, written as [hair], wanted; correct it",
        ),
        (
            {"remove": ["beard"]},
            "remove: ['beard']; a list of background, hair, written as [hair], wanted; correct it",
        ),
        (
            {"remove": ["hair", "hair"]},
            "settings: remove of hair, hair: each once; a valid FaceCrop wanted; correct the entry",
        ),
        (
            {"filters.min_score": 2},
            "filters.min_score: 2; a number from 0 to less than 1 wanted; correct it",
        ),
    ],
)
def test_a_refusal_names_the_entry_and_says_what_it_may_be(changes, message):
    with pytest.raises(SettingsError) as caught:
        change(FaceCrop(), changes)
    assert str(caught.value) == message


def test_a_refused_entry_of_a_file_is_named_with_the_file(tmp_path):
    (tmp_path / "r.yaml").write_text("generator: {kernel: 7}")
    with pytest.raises(SettingsError, match=r"r.yaml: generator.kernel: 7; one of 3, 4 wanted"):
        read_yaml(tmp_path / "r.yaml", Recipe)
    (tmp_path / "r.yaml").write_text("generator: {colonel: 7}")
    with pytest.raises(SettingsError, match=r"r.yaml: generator: Object .*`colonel`; a valid Rec"):
        read_yaml(tmp_path / "r.yaml", Recipe)


@pytest.mark.parametrize(
    ("crop", "assignments", "message"),
    [
        ({"px": 7}, [], "--px: 7; a whole number from 8 to 1024 wanted; correct it"),
        (
            {"geometry": "x"},
            [],
            "--geometry: 'x'; one of normalised, normalised-close, released, tight wanted; "
            "correct it",
        ),
        (
            {"remove": "hair,foo"},
            [],
            "--remove: foo; one or more of hair, background, parted by commas, wanted; correct it",
        ),
        ({"remove": "hair, hair"}, [], "--remove: hair twice; each once wanted; correct it"),
        (
            {},
            ["remove=hair"],
            "remove: 'hair'; a list of background, hair, written as [hair], wanted; correct it",
        ),
    ],
)
def test_options_of_faces_are_named_as_they_are_written(crop, assignments, message):
    with pytest.raises(SettingsError) as caught:
        face_crop(assignments, **({"px": 64, "geometry": "tight", "remove": None} | crop))
    assert str(caught.value) == message


def test_options_of_faces():
    crop = {"px": 128, "geometry": "tight", "remove": "background, hair"}
    settings = face_crop(["filters.max_yaw_deg=30", "remove=[hair]"], **crop)
    assert (settings.px, settings.geometry, settings.remove) == (128, "tight", ("hair",))
    assert face_crop([], **crop).remove == ("background", "hair")
    assert settings.filters.max_yaw_deg == 30
