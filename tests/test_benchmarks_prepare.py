"""The benchmarks of ``prepare``: what they make, and how they watch and judge."""

import importlib
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
HOLD_60_MB = "import time; held = bytearray(60_000_000); held[::512] = b'x' * 117188"
THEN_WAIT = HOLD_60_MB + "; time.sleep(0.5)"
CHILD_HOLDS_60_MB = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {THEN_WAIT!r}])"


@pytest.fixture
def runs():
    return importlib.import_module("benchmarks.prepare_runs")


@pytest.fixture
def odd_files():
    return importlib.import_module("benchmarks.prepare_odd_files")


@pytest.fixture
def interruptions():
    return importlib.import_module("benchmarks.prepare_interruptions")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="a system without /proc")
def test_all_processes_of_a_run_are_watched(runs):
    run = runs.watch([sys.executable, "-S", "-c", CHILD_HOLDS_60_MB])
    assert run.status == 0, run.errors
    assert run.worker_mb > 60 > run.parent_mb > 4
    assert len(run.growth_mb) == 10


def test_a_run_is_killed_with_its_children(runs, tmp_path):
    child = f"import time; time.sleep(1); open({str(tmp_path / 'alive')!r}, 'w')"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    run = runs.watch([sys.executable, "-c", parent], kill_after_s=0.3)
    assert run.status == -9
    time.sleep(1)
    assert not list(tmp_path.iterdir())


def test_a_run_that_fails_is_no_measurement(runs):
    run = runs.watch([sys.executable, "-S", "-c", "raise SystemExit('no such thing')"])
    with pytest.raises(RuntimeError, match="no such thing"):
        runs.need(run)


def test_without_the_material_a_benchmark_is_left_out(runs, monkeypatch, tmp_path):
    harness = importlib.import_module("benchmarks.harness")
    monkeypatch.setattr(runs, "SHARED", tmp_path)
    with pytest.raises(harness.NotHereError, match="pairs"):
        runs.real("pairs")


def test_numbered_files_differ_and_stay_what_they_are():
    template = importlib.import_module("benchmarks.prepare_memory").Template(b"head", b"tail")
    files = {template.numbered(number) for number in range(100)}
    assert len(files) == 100
    assert {len(data) for data in files} == {24}


def test_pictures_that_pillow_cannot_write(odd_files, tmp_path):
    path = tmp_path / "a.png"
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    odd_files.write_rgb16(Image.fromarray(pixels), path)
    assert path.read_bytes()[24] == 16  # bits a sample
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), pixels)
    odd_files.write_bomb(300, path)
    with Image.open(path) as image:
        assert image.size == (300, 300)
        assert np.asarray(image).max() == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_permissions_count(odd_files, runs, tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    look = f"import os; os.listdir({str(tmp_path / 'closed')!r})"
    run = runs.watch([sys.executable, "-c", look], prepare_child=odd_files.no_privileges)
    assert "PermissionError" in run.errors


def test_one_bit_is_turned_over(interruptions, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(100))
    interruptions.flip(path, 0.5)
    data = path.read_bytes()
    assert len(data) == 100
    assert [place for place, byte in enumerate(data) if byte] == [50]


def test_what_was_not_handled_shows():
    faults = importlib.import_module("benchmarks.prepare_faults")
    trials = [
        faults.Trial("a bomb", "refused", "refused", True),
        faults.Trial("a bomb", "refused", "a crash", False),
        faults.Trial("a pipe", "refused", "refused", True),
    ]
    result = faults.summed_up(trials)
    assert [(f.name, f.median, f.at_least, f.met) for f in result.figures] == [
        ("a bomb", 1, 2, False),
        ("a pipe", 1, 1, True),
    ]
    assert result.about["table"][0]["found"] == ["wanted: refused", "NOT SO: a crash"]
