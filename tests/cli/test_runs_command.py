import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from voice2face.cli.runs import runs
from voice2face.errors import MissingExtraError, OutputError, TrainingError
from voice2face.networks.variants import PRESETS, VARIANTS, recipe
from voice2face.runs import compare, plot, readings
from voice2face.runs.compare import Curve, read_runs, variant_of
from voice2face.runs.readings import LIMITS, LOSSES, READINGS
from voice2face.settings import SpeakerRecipe, change, to_yaml

HASH = "0123456789abcdef"


def face_run(folder: Path, variant="tanh", steps=100, iterations=100, diversity=0.1) -> Path:
    """A run as training leaves it: diversity falls from 0.8 to what is given."""
    folder.mkdir(parents=True)
    settings = change(recipe(variant, width=0.25), {"training.iterations": iterations})
    (folder / "recipe.yaml").write_text(to_yaml(settings))
    readings.write_about(folder, {"recipe": "x" * 1000, "seed": "3", "corpus": HASH})
    for step in range(10, steps + 1, 10):
        late = 1000.0 if step > 50 else 0.0  # a pause between a stop and a resume
        row = {"step": step, "time": late + step / 20, "losses": {"a": 200 / step, "b": 1.0}}
        readings.append_row(folder / LOSSES, row)
    for step, value in ((steps // 2, 0.8), (steps, diversity)):
        told = [LIMITS["diversity"].judge("diversity", value, 10_000)]
        readings.append_readings(folder / READINGS, step, told)
    return folder


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two face runs, one of them not finished, and a speaker run deeper down."""
    top = tmp_path / "runs"
    done = face_run(top / "a")
    (done / "model").mkdir()
    (done / "model" / "config.yaml").write_text("name: a")
    face_run(top / "b", "bn", steps=60, iterations=200, diversity=0.9)
    voice = top / "voices" / "v"
    voice.mkdir(parents=True)
    (voice / "recipe.yaml").write_text(to_yaml(SpeakerRecipe()))
    (voice / "verification.json").write_text('{"summary": "", "eer": {"value": 0.125}}')
    return top


def cells(out: str, label: str) -> list[str]:
    (line,) = [line for line in out.splitlines() if line.startswith(label)]
    return re.split(r" {2,}", line.removeprefix(label).strip())


def test_the_table_says_what_each_run_came_to(folder, capsys):
    runs(folder, plot=None, as_json=False)
    out, err = capsys.readouterr()
    assert err == ""
    assert cells(out, " ") == ["a", "b", "voices/v"]
    assert cells(out, "kind") == ["face", "face", "voice"]
    assert cells(out, "variant") == ["tanh", "bn", "-"]
    assert cells(out, "steps") == ["100 of 100", "60 of 200", "0 of 10000"]
    assert cells(out, "finished") == ["yes", "no", "no"]
    assert cells(out, "iterations/s") == ["20", "20", "-"]
    assert cells(out, "data") == ["01234567", "01234567", "-"]
    mean = sum(200 / step for step in range(10, 101, 10)) / 10
    assert cells(out, "loss a")[0] == f"{mean:.3g}"
    assert cells(out, "diversity") == ["! 0.1, best 0.8", "0.9, best 0.9", "-"]
    assert cells(out, "alarms") == ["1", "0", "-"]
    assert cells(out, "eer, unseen people") == ["-", "-", "0.125"]


def test_json_says_the_same_and_null_for_what_is_not_known(folder, capsys):
    runs(folder, plot=None, as_json=True)
    a, b, voice = json.loads(capsys.readouterr().out)["runs"]
    assert a["readings"] == {"diversity": {"last": 0.1, "best": 0.8, "alarmed": True}}
    assert (a["alarms"], b["alarms"]) == (["diversity"], [])
    assert (a["finished"], b["finished"], b["data_hash"]) == (True, False, HASH)
    assert voice["iterations_per_second"] is None and voice["eer"] == 0.125


def test_one_run_is_read_by_its_own_folder(folder, monkeypatch):
    assert [run.name for run in read_runs(folder / "a")[0]] == ["a"]
    monkeypatch.chdir(folder / "a")
    assert [run.name for run in read_runs(Path())[0]] == ["a"]


def test_runs_that_do_not_fit_beside_each_other_go_below(tmp_path, capsys, monkeypatch):
    for i in range(7):
        face_run(tmp_path / f"a-long-name-of-a-run-{i}")
    monkeypatch.setenv("COLUMNS", "80")
    runs(tmp_path, plot=None, as_json=False)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert all(out.count(f"a-long-name-of-a-run-{i}") == 1 for i in range(7))
    assert 1 < out.count("variant") < 7


DAMAGE = {
    "recipe.yaml": (b": [", b"\xff\xfe", b"- 1\n- 2\n", b"generator: 3\ntraining: 4\n", b"a: b\n"),
    "losses.jsonl": (b"\x00\xff\n", b"[1]\n{}\n", b'{"step": "x"}\n', b"[" * 100_000 + b"\n"),
    "readings.jsonl": (b'{"step": -1}\n', b"null\n"),
    "run.json": (b"[]", b"{", b""),
    "verification.json": (b'"x"', b"\xff"),
}


@pytest.mark.parametrize(
    ("name", "content"), [(name, c) for name, some in DAMAGE.items() for c in some]
)
def test_a_damaged_file_is_named_in_one_line_and_the_rest_is_read(name, content, folder, capsys):
    (folder / "b" / name).write_bytes(content)
    runs(folder, plot=None, as_json=False)
    out, err = capsys.readouterr()
    assert str(folder / "b" / name) in err and len(err.splitlines()) == 1
    assert cells(out, " ")[0] == "a"
    assert ("b" in cells(out, " ")) == (name != "recipe.yaml")


@pytest.mark.parametrize(
    "row",
    [
        {"step": 70, "losses": [1], "readings": 3},
        {"step": 70, "losses": {"a": None, "b": "x", "c": {}}, "time": "noon"},
        {"step": 70, "readings": {"diversity": 1, "new": {"value": {}, "alarmed": 1}}},
    ],
)
def test_odd_values_are_not_numbers_but_no_failure(row, folder, capsys, tmp_path):
    for name in (LOSSES, READINGS):
        readings.append_row(folder / "b" / name, row)
    for as_json in (False, True):
        runs(folder, plot=None, as_json=as_json)
        assert "b" in capsys.readouterr().out


def test_what_is_no_run_is_named_together_and_a_file_inside_a_run_is_not(folder, capsys):
    (folder / "notes.txt").write_text("x")
    (folder / "empty\nname").mkdir()
    (folder / ".cache").mkdir()
    (folder / "a" / "mine.txt").write_text("x")
    runs(folder, plot=None, as_json=False)
    assert capsys.readouterr().err == f"{folder}: no runs: empty?name, notes.txt\n"


def test_a_folder_without_runs_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="no such folder"):
        read_runs(tmp_path / "none")
    with pytest.raises(TrainingError, match="no run in it"):
        read_runs(tmp_path)


def test_variants_are_known_by_their_networks():
    for preset in PRESETS:
        for name in VARIANTS:
            settings = change(recipe(name, preset, 0.25), {"generator.face_px": 32})
            expected = name if preset == "released" else f"{name}, {preset}"
            assert variant_of(settings) == expected
    assert variant_of(change(recipe(), {"critics.trunk_dim": 32})) == "custom"


def test_best_follows_the_direction_of_the_alarm(folder):
    assert all(limit.meaning for limit in LIMITS.values())
    (run,) = read_runs(folder / "a")[0]
    curve = Curve([1, 2, 3], [0.5, math.nan, 0.1])
    run.readings.update(saturated=curve, matching=curve, unknown=curve)
    assert (run.best("saturated"), run.best("matching")) == (0.1, 0.5)
    assert math.isnan(run.best("unknown"))


def test_many_points_are_averaged_and_gaps_stay():
    steps = list(range(1000))
    short = plot.thinned(Curve(steps, [float(s % 2) for s in steps]), 100)
    assert len(short.steps) == 100 and set(short.values) == {0.5}
    gap = plot.thinned(Curve([1, 2, 3, 4], [math.nan, math.nan, 3.0, math.nan]), 2)
    assert math.isnan(gap.values[0]) and gap.values[1] == 3


def test_no_torch_is_needed(folder):
    program = (
        "import sys\nfor name in ('torch', 'tensorboard', 'tqdm', 'matplotlib', 'pyarrow'):\n"
        "    sys.modules[name] = None\nfrom pathlib import Path\n"
        f"from voice2face.cli.runs import runs\nruns(Path({str(folder)!r}), "
        "plot=None, as_json=False)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_plot_needs_its_extra_and_a_known_ending(folder, tmp_path, monkeypatch):
    with pytest.raises(OutputError, match=r"\.png, \.pdf, \.svg"):
        runs(folder, plot=tmp_path / "x.bmp", as_json=False)
    (tmp_path / "mine.png").write_text("mine")
    with pytest.raises(OutputError, match=r"mine\.png: a file that voice2face didn't make"):
        runs(folder, plot=tmp_path / "mine.png", as_json=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"voice2face\[figures\]"):
        runs(folder, plot=tmp_path / "x.png", as_json=False)
    assert not list(tmp_path.glob("x.*"))


def test_runs_with_nothing_to_draw_are_refused(folder, tmp_path):
    with pytest.raises(OutputError, match="no run has losses"):
        runs(folder / "voices", plot=tmp_path / "x.png", as_json=False)


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_plots_are_written_and_the_same_each_time(kind, folder, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    starts = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    contents = []
    for name in ("x", "y"):
        runs(folder, plot=tmp_path / f"{name}.{kind}", as_json=False)
        contents.append((tmp_path / f"{name}.{kind}").read_bytes())
    assert contents[0].startswith(starts[kind]) and contents[0] == contents[1]
    assert "x." + kind in capsys.readouterr().out


def test_a_panel_a_measure_a_line_a_run_and_a_ring_for_an_alarm(folder):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    found = read_runs(folder)[0]
    for number in range(12):  # as many as there is no colour of its own for
        found.append(compare.read_runs(face_run(folder.parent / f"{number}_$x$"))[0][0])
    figure = Figure()
    plot._draw(figure, plot._panels(found), found)
    titles = {axis.get_title(loc="left"): axis for axis in figure.axes if axis.axison}
    assert set(titles) == {"loss: a", "loss: b", "diversity"}
    assert len(titles["loss: a"].lines) == 14
    rings = [line for line in titles["diversity"].lines if line.get_marker() == "o"]
    assert len(rings) == 13 and {tuple(ring.get_xdata()) for ring in rings} == {(100,)}
    looks = {
        (line.get_color(), str(line._unscaled_dash_pattern)) for line in titles["loss: a"].lines
    }
    assert len(looks) == 14
    texts = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert texts[:2] == ["a", "b"] and texts[-1] == "alarm rang"
    figure.canvas.draw()
