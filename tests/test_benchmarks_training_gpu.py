"""The GPU's benchmark on the processor, small: its parts, its arithmetic, what it leaves out."""

import importlib
import json

import pytest
import torch
from models import small_model

from benchmarks import gpu_steps, training_gpu, training_step
from benchmarks.gpu_figures import about_steps, least_s, step_figures
from benchmarks.gpu_scale import Scale
from benchmarks.harness import NotHereError, Run, write_result
from benchmarks.inputs import Inputs
from benchmarks.roofline import Work, as_rows, work_of
from voice2face.settings import Recipe, VoiceEncoderSettings

BATCH = 4
TINY = Scale(
    device="cpu", width=0.06, px=16, batch=BATCH, n_people=3, frames=(30, 60), crop=(40, 50),
    warm_up=2, blocks=2, steps=2, matrix=64, copied_mb=1,
)  # fmt: skip
RATES = {"bf16": 4e14, "tf32": 2e14, "fp32": 3e13, "bytes": 3e12}


@pytest.fixture
def small_batch(monkeypatch):
    monkeypatch.setattr(training_step, "BATCH", BATCH)


@pytest.fixture
def settings_of_the_process():
    flags = [(torch.backends.cuda.matmul, "allow_tf32"), (torch.backends.cudnn, "allow_tf32")]
    flags += [(torch.backends.cudnn, "benchmark"), (torch.backends.cudnn, "deterministic")]
    before = [getattr(place, name) for place, name in flags]
    yield
    for (place, name), value in zip(flags, before, strict=True):
        setattr(place, name, value)


@pytest.mark.parametrize("way", ["plain", "fp32", "bf16-search", "bf16-graph"])
def test_each_way_of_stepping_is_timed(way, small_batch, settings_of_the_process, capsys):
    found = gpu_steps.measure(way, TINY, profile=way == "fp32")
    assert len(found["s"]) == len(found["launched_s"]) == TINY.blocks
    assert all(
        0 < launched <= s for s, launched in zip(found["s"], found["launched_s"], strict=True)
    )
    assert torch.backends.cudnn.benchmark == ("search" in way)
    if way == "fp32":
        assert any("conv" in row["name"] and row["us"] > 0 for row in found["kernels"])
    if way == "bf16-graph":  # which there is none of here
        assert found["captured"] is False
        assert "graphs are of CUDA" in capsys.readouterr().err


def test_the_plain_loader_gives_what_the_project_draws(small_batch):
    from benchmarks.gpu_plain import Items
    from benchmarks.gpu_scale import made_data

    items = Items(made_data(TINY), TINY)
    voices, labels, faces, others = items.collate([items[i] for i in range(BATCH)])
    assert voices.shape[:2] == (BATCH, 64) and 40 <= voices.shape[2] <= 50
    assert faces.shape == (BATCH, 3, 16, 16) and faces.abs().max() <= 1
    assert {*labels.tolist(), *others.tolist()} <= {0, 1, 2}


def test_the_device_is_asked_what_it_can_do(settings_of_the_process):
    found = gpu_steps.rates(TINY)
    assert found.keys() == RATES.keys()
    assert all(value > 1e6 for value in found.values())


def test_the_roofline_counts_the_multiply_adds_of_the_other_benchmark():
    works = work_of(Recipe(), VoiceEncoderSettings(), 500, 550)
    of_one = sum(work.multiply_adds for work in works) / Recipe().training.batch_size
    assert of_one == training_step.multiply_adds(550)


def test_the_roofline_of_a_layer_by_hand():
    works = {work.name: work for work in work_of(Recipe(), VoiceEncoderSettings(), 500, 550)}
    last = works["generator 5, weights"]  # 128 channels of 32x32 to 64 of 64x64, kernel 4
    assert last.multiply_adds == 128 * (128 * 64 * 16) * 32 * 32
    n_numbers = 128 * (128 * 32 * 32 + 64 * 64 * 64) + 128 * 64 * 16
    assert last.n_bytes == 2 * n_numbers
    assert "generator 1, input" not in works and "trunk 1, input" not in works
    assert "trunk 1, input for the generator" in works
    assert (
        works["trunk 2, output"].multiply_adds
        == 2 * works["trunk 2, output for the generator"].multiply_adds
    )
    assert works["averaged generator"].n_bytes == 12 * 12_191_875
    bound = Work("x", 100, 30)
    assert bound.least_s(10, 1) == 30 and bound.least_s(1, 10) == 100
    (row,) = as_rows([bound], 10, 1)
    assert row["bound by"] == "bytes" and row["least us"] == 30e6


def answer(says: str, ms: float, **more) -> dict:
    s = [ms / 1e3] * 3
    return {"says": says, "s": s, "launched_s": s, "peak_mb": 900.0, "device": "a card", **more}


def test_figures_stand_beside_what_is_possible():
    answers = {"rates": RATES, "plain": answer("plain", 20.0), "bf16": answer("bf16", 4.0)}
    figures = {f.name: f for f in step_figures(answers, Scale())}
    least = least_s(answers, Scale())
    assert least["bf16"] < least["tf32"] < least["fp32"]
    assert figures["bf16: share of the roofline"].median == pytest.approx(least["bf16"] / 4e-3)
    assert figures["bf16: times the plain recipe"].median == pytest.approx(5.0)
    assert figures["plain: share of the roofline"].median == pytest.approx(least["fp32"] / 20e-3)
    about = about_steps(answers, Scale())
    assert about["one iteration"]["10^9 multiply-adds"] == pytest.approx(364.9, abs=0.2)
    assert sum(row["least us"] for row in about["roofline, bf16"]) == pytest.approx(
        1e6 * least["bf16"], rel=0.01
    )
    json.dumps(about, allow_nan=False)


def test_the_targets_of_the_whole_run():
    answers = {"plain": answer("plain", 20.0), "plain-tf32": answer("tf32", 10.0)}
    found = training_gpu.whole_figures(Run(200.0, 300.0, 2000.0), 50_000, answers)
    figures = {f.name: f for f in found}
    assert figures["whole run, minutes"].met is True
    assert figures["plain: minutes for as many"].median == pytest.approx(1000 / 60)
    assert figures["plain / whole run"].median == pytest.approx(5.0)
    assert figures["plain / whole run"].target == "at least 5"
    assert figures["tf32 / whole run"].met is None
    slow = training_gpu.whole_figures(Run(241.0, 300.0, 2000.0), 50_000, {})
    assert slow[0].met is False


def task(corpus, folder, **more) -> training_gpu.Task:
    options = (
        "--set", "generator.face_px=16", "--set", "critics.face_px=16", "--width", "0.06",
        "--batch-size", "4", "--set", "training.crop_frames=[40,60]",
    )  # fmt: skip
    encoder = small_model(folder / "encoder")
    return training_gpu.Task(corpus, encoder, device="cpu", options=options, **more)


@pytest.mark.slow
def test_a_whole_run_by_the_command_itself(corpus, tmp_path):
    small = task(corpus, tmp_path, iterations=12)
    result = training_gpu.run(tmp_path / "gpu", small, TINY, ["whole"])
    facts = result.about["whole run"]
    assert facts["iterations"] == 12 and facts["snapshots"] == 1
    assert facts["checkpoints kept"] == ["00000012.pt"] and facts["released model"]
    assert 0 <= facts["share of time waiting for data"] <= 1
    assert {"diversity", "saturated"} <= facts["last readings"].keys()
    path = write_result("gpu", "target: 4", result, {}, tmp_path)
    assert json.loads(path.read_text())["figures"][0]["at_most"] == 4.0
    with pytest.raises(RuntimeError, match="holds a run"):
        training_gpu.whole_run(small, tmp_path / "gpu" / "whole")


@pytest.mark.slow
def test_all_parts_of_it(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(training_gpu, "RESUMED", 8)
    chosen = {name: gpu_steps.WAYS[name] for name in ("plain", "bf16")}
    monkeypatch.setattr(gpu_steps, "WAYS", chosen)
    small = task(corpus, tmp_path, iterations=8)
    result = training_gpu.run(tmp_path / "gpu", small, TINY, ["steps", "resume"])
    # In a process of its own the plain recipe is of the real batch, and says so.
    assert "the plain recipe is of batch 128" in result.about["left out"]["plain"]
    figures = {f.name: f for f in result.figures}
    assert figures["bf16, as --precision bf16: share of the roofline"].median > 0
    assert figures["resumed against not, fp32: largest difference"].met is True


def test_where_there_is_no_gpu_it_is_left_out(tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(NotHereError, match="NVIDIA GPU"):
        training_gpu.measure(Inputs(tmp_path))
    registry = importlib.import_module("benchmarks.registry")
    assert dict(registry.BENCHMARKS)["training_gpu"] is training_gpu.measure
