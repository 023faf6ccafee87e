import importlib
import json
import os
import platform
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOLD_60_MB = "held = bytearray(60_000_000); held[::512] = b'x' * len(held[::512])"
WORK_200_MS = "import time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass"


@pytest.fixture
def harness():
    return importlib.import_module("benchmarks.harness")


@pytest.fixture
def registry():
    return importlib.import_module("benchmarks.registry")


def test_names_are_unique(registry):
    names = [name for name, _ in registry.BENCHMARKS]
    assert len(set(names)) == len(names)


def test_every_benchmark_tells_its_target(registry):
    for name, measure in registry.BENCHMARKS:
        told = sys.modules[measure.__module__].__doc__
        assert re.search(r"target: .*\d", told, re.IGNORECASE), name
        assert registry.purpose(measure), name


def test_a_process_is_measured_by_itself(harness):
    ballast = bytearray(200_000_000)  # ours, which must not count
    ballast[::512] = b"x" * len(ballast[::512])
    idle = harness.run_process([sys.executable, "-S", "-c", "pass"])
    assert 4 < idle.peak_mb < 40
    assert 0 < idle.wall_s < 5
    held = harness.run_process([sys.executable, "-S", "-c", HOLD_60_MB])
    assert 55 < held.peak_mb - idle.peak_mb < 75
    busy = harness.run_process([sys.executable, "-S", "-c", WORK_200_MS])
    assert 0.2 <= busy.cpu_s < 0.2 + 0.5
    assert busy.wall_s >= 0.19


def test_a_process_that_fails_is_no_figure(harness):
    with pytest.raises(RuntimeError, match="no such thing"):
        harness.run_process([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_the_median_decides(harness):
    figure = harness.figure("wall_s", [3.0, 0.5, 0.7], at_most=0.8)
    assert (figure.minimum, figure.median, figure.maximum, figure.n) == (0.5, 0.7, 3.0, 3)
    assert figure.met is True
    assert harness.figure("clips/s", [30, 35, 50], at_least=40).met is False
    assert harness.figure("cpu_s", [1.0]).met is None
    assert "MISSED" in harness.table([harness.figure("clips/s", [30], at_least=40)])


def test_a_result_says_what_it_was_measured_on_but_not_whose_it_is(harness, tmp_path):
    result = harness.Result("a command", (harness.figure("wall_s", [1.0], at_most=2.0),), {})
    path = harness.write_result("trivial", "target: 2", result, harness.machine(), tmp_path)
    written = json.loads(path.read_text("utf-8"))
    assert written["figures"] == [
        {"name": "wall_s", "minimum": 1, "median": 1, "maximum": 1, "n": 1, "at_most": 2.0}
        | {"met": True}
    ]
    machine = written["machine"]
    assert machine["cores"] >= 1
    assert machine["memory_gb"] > 0
    assert {*machine["packages"]} >= {"numpy", "av", "onnxruntime"}
    assert platform.node() not in machine.values()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="a system that binds no process")
def test_the_launcher_gives_a_command_one_core(harness):
    check = "import os, sys; sys.exit(len(os.sched_getaffinity(0)) - 1)"
    harness.run_process([sys.executable, "-S", "-c", check], n_cores=1)
