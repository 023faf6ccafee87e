"""From a corpus to a report by one command, with trainings of a few steps."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from voice2face.corpus import Corpus
from voice2face.corpus.held_out import held_out_clips
from voice2face.errors import SettingsError
from voice2face.experiments.pipeline import estimates
from voice2face.experiments.pipeline.request import REPORTED, Request
from voice2face.experiments.pipeline.steps import steps_of
from voice2face.experiments.registry import EXPERIMENTS, chosen, listed
from voice2face.plugins import VARIABLE
from voice2face.release.model_folder import read_config

TOYS = Path(__file__).parents[1] / "toys"
CROPS = "training.crop_frames=[40, 60]"
TINY = (
    "--seeds", "1", "--width", "0.06", "--iterations", "3", "--voice-iterations", "3",
    "--resamples", "100",
    "--set", "training.batch_size=4", "--set", CROPS, "--set", "training.set_aside=0.3",
    "--set-voice", "training.batch_size=4", "--set-voice", CROPS,
    "--set-recogniser", "iterations=3", "--set-recogniser", "batch_size=8",
    "--set-recogniser", "width=0.1", "--jobs", "1",
)  # fmt: skip
FEW = ("--variants", "baseline,bn", "--only", "variants,realism")


@pytest.fixture(scope="module")
def whole(corpus, tmp_path_factory):
    """A reproduction that is done, and how the command ended."""
    from voice2face.cli import app

    out = tmp_path_factory.mktemp("reproduce") / "out"
    words = ["reproduce", str(corpus), str(out), *TINY, *FEW]
    app(words, standalone_mode=False)
    return out


def test_the_report_and_all_that_it_is_made_from_are_there(whole, corpus):
    page = (whole / "report" / "index.html").read_text()
    assert EXPERIMENTS["variants"].title in page and EXPERIMENTS["realism"].title in page
    assert "2 models (baseline, bn), 1 of each" in page
    assert (whole / "results" / "realism.json").is_file()
    assert {p.name for p in (whole / "runs").iterdir()} == {"voice", "baseline-0", "bn-0"}
    opened = Corpus.open(corpus)
    aside = held_out_clips(opened, "train", 0.3)
    n_heard = len(opened.voices("train")) - len(aside)
    assert aside and n_heard
    for name in ("voice", "baseline-0"):
        provenance = read_config(whole / "runs" / name / "model").provenance
        assert provenance["recordings set aside"] == 0.3
        assert provenance["recordings"] == n_heard


def test_done_steps_are_not_done_again(whole, corpus, voice2face):
    before = {p: p.stat().st_mtime_ns for p in whole.rglob("*") if p.is_file() and p.suffix}
    ended = voice2face("reproduce", corpus, whole, *TINY, *FEW, "--json")
    assert (ended.status, ended.err) == (0, "")
    answer = json.loads(ended.out)
    assert {s for n, s in answer["steps"].items() if n in ("baseline 0", "report")} == {"done"}
    assert answer["steps"]["matching"] == "not asked for"
    assert answer["report"] == str(whole / "report" / "index.html")
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_the_plan_says_what_is_to_be_done_and_how_long_it_takes(
    whole, corpus, voice2face, monkeypatch
):
    monkeypatch.setattr(estimates, "MEASURE_S", 0.05)
    words = ("reproduce", corpus, whole, "--seeds", "2", *TINY[2:], "--dry-run")
    files = sorted(whole.rglob("*"))
    ended = voice2face(*words, "--variants", "baseline,bn", "--only", "realism", "--json")
    assert (ended.status, ended.err) == (0, "")
    steps = {step["name"]: step for step in json.loads(ended.out)["steps"]}
    assert {n for n in steps if "base" in n or "bn" in n} == {
        "baseline 0", "bn 0", "baseline 1", "bn 1",
    }  # fmt: skip
    assert steps["baseline 0"]["state"] == "done" and steps["baseline 1"]["state"] == "to do"
    assert steps["realism"]["state"] == "to do"  # there are more models now
    assert steps["baseline 1"]["seconds"] > 0 and "measured" in steps["baseline 1"]["how"]
    assert json.loads(ended.out)["seconds"] > steps["baseline 1"]["seconds"]
    ended = voice2face(*words, "--variants", "baseline", "--only", "realism")
    assert "baseline 1" in ended.out and "with 1 at once" in ended.out
    assert sorted(whole.rglob("*")) == files


def test_a_longer_training_goes_on_and_another_is_made_anew(whole, corpus, tmp_path, voice2face):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    log = out / "log.txt"
    log.unlink()
    longer = list(TINY)
    longer[TINY.index("--iterations") + 1] = "5"
    ended = voice2face("reproduce", corpus, out, *longer, *FEW)
    assert ended.status == 0 and "voice encoder: begun" not in ended.err
    assert "baseline 0: begun" in ended.err and "realism: begun" in ended.err
    rows = (out / "runs" / "baseline-0" / "losses.jsonl").read_text().splitlines()
    assert [json.loads(row)["step"] for row in rows] == [3, 5]
    assert not (out / "earlier").exists()


def test_killed_in_a_training_the_same_command_goes_on_to_the_same_end(whole, corpus, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    shutil.rmtree(out / "runs" / "bn-0")
    (out / "steps" / "bn 0.json").unlink()
    words = [sys.executable, "-m", "voice2face", "reproduce", corpus, out, *TINY, *FEW]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, stdout=subprocess.PIPE) as one:
        told = next(line for line in one.stderr if "bn 0: begun" in line)
        one.kill()  # its worker ends by itself
    assert told and one.returncode == -signal.SIGKILL
    assert not (out / "runs" / "bn-0" / "model").exists()
    again = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "baseline 0: begun" not in again.stderr and "bn 0: begun" in again.stderr
    for record in (whole / "steps").iterdir():
        was, now = (json.loads((folder / "steps" / record.name).read_bytes())
                    for folder in (whole, out))  # fmt: skip
        assert was["outputs"] == now["outputs"] != {}, record.name


def test_a_system_of_others_stands_in_every_table_and_figure(
    whole, corpus, tmp_path, voice2face, monkeypatch
):
    """Both toys, each one file outside the package, through the command line."""
    monkeypatch.syspath_prepend(str(TOYS))
    monkeypatch.setenv(VARIABLE, "band_energies,nearest_face")
    toys = tmp_path / "toys" / "model"
    trained = voice2face(
        "train", "face", corpus, tmp_path / "toys",
        "--voice-encoder", "band_energies:BandEnergies", "--generator", "nearest_face:NearestFace",
    )  # fmt: skip
    assert trained.status == 0, trained
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    words = ("reproduce", corpus, out, *TINY, "--variants", "baseline,bn")
    ended = voice2face(*words, "--only", "matching,variants", "--system", f"toys={toys}")
    assert ended.status == 0, ended
    assert "baseline 0: begun" not in ended.err and "variants: begun" in ended.err
    matching = json.loads((out / "results" / "matching.json").read_text())["result"]
    asked = {
        (row["measure"], row["embedder"]) for row in matching["rows"] if row["system"] == "toys"
    }
    assert {("1:2 matching", "recogniser"), ("verification AUC", "eigenfaces")} <= asked
    assert "model toys" in matching["sources"]
    (grid,) = json.loads((out / "results" / "variants.json").read_text())["result"]["grids"]
    assert grid["columns"] == ["baseline", "bn", "toys", "real face"]
    page = (out / "report" / "index.html").read_text()
    assert '<th scope="row">toys</th>' in page and '<th scope="col">toys</th>' in page
    monkeypatch.delenv(VARIABLE)
    (toys / "config.yaml").write_text((toys / "config.yaml").read_text() + "\n")
    refused = voice2face(*words, "--only", "variants", "--system", f"toys={toys}")
    assert f"{VARIABLE}=band_energies" in refused.err and refused.status == 2


def test_what_cannot_be_is_refused_before_anything_is_written(corpus, tmp_path, voice2face):
    def refused(*words, named):
        voice2face("reproduce", *words).one_error(*named)
        assert not out.exists()

    out = tmp_path / "out"
    refused(corpus, out, "--variants", "baseline,tan", named=("tan", "generator-dropout"))
    refused(corpus, out, "--variants", "bn,bn", named=("--variants", "bn, bn"))
    refused(corpus, out, "--only", "matchin", named=("matchin", "known_subjects"))
    refused(corpus, out, "--device", "abacus", named=("--device abacus",))
    refused(corpus, out, "--set", "training.speed=9", named=("training.speed",))
    refused(corpus, out, "--embedder", tmp_path / "gone.onnx", named=("gone.onnx",))
    refused(tmp_path / "nowhere", out, named=("nowhere",))
    refused(corpus, out, "--other", tmp_path / "elsewhere", named=("elsewhere",))
    refused(corpus, out, "--other", corpus, named=("the same corpus", "another one"))
    voice2face("reproduce", corpus, corpus / "out").one_error("lies inside the corpus")
    (tmp_path / "mine.txt").write_text("x")
    voice2face("reproduce", corpus, tmp_path).one_error("a folder with other files")
    assert not (corpus / "out").exists() and len(list(tmp_path.iterdir())) == 1


def test_missing_extras_are_named(corpus, tmp_path, voice2face, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    voice2face("reproduce", corpus, tmp_path / "out").one_error("voice2face[figures]")
    assert not (tmp_path / "out").exists()


def test_the_plan_has_the_reports_models_and_every_experiment(corpus, tmp_path):
    steps = steps_of(Request(corpus, tmp_path / "out", n_seeds=1))
    assert REPORTED == ("baseline", "bn", "bn-tanh", "tanh", "dropout")
    assert [s.name for s in steps if s.kind == "face"] == [f"{v} 0" for v in REPORTED]
    assert [s.name for s in steps if s.kind == "experiment"] == list(EXPERIMENTS)
    (voice,) = [s for s in steps if s.kind == "voice"]
    assert (voice.iterations, voice.settings["recipe"]["training"]["set_aside"]) == (10_000, 0.1)
    three = steps_of(Request(corpus, tmp_path / "out", seed=4))  # fewer give no verdict
    faces = [s for s in three if s.kind == "face"]
    assert [s.settings["seed"] for s in faces] == [4] * 5 + [5] * 5 + [6] * 5
    assert len({s.place for s in faces}) == 15


def test_experiments_are_listed_once_in_the_order_of_the_report():
    assert chosen(["realism", "matching"]) == ("matching", "realism")
    with pytest.raises(SettingsError, match="realism: is there twice"):
        listed([*EXPERIMENTS.values(), EXPERIMENTS["realism"]])
    assert all(name == e.name and e.question.endswith("?") for name, e in EXPERIMENTS.items())
