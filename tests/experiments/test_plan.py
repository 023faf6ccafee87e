"""Steps are done once, again when their inputs change, and whatever ends the program."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
import stub_steps
from msgspec.structs import replace
from stub_steps import calls, do

from voice2face.errors import OutputError, TrainingError
from voice2face.experiments.pipeline import code
from voice2face.experiments.pipeline.code import closure, code_of
from voice2face.experiments.pipeline.estimates import total
from voice2face.experiments.pipeline.lock import alone_in
from voice2face.experiments.pipeline.plan import (
    EARLIER,
    Records,
    Step,
    known_before,
    states,
)

VOICE = Step("voice", "voice", (), {"seed": 0}, "runs/voice", 10)
FACE = Step("face", "face", ("voice",), {"seed": 0}, "runs/face", 100, may_grow=True)
TEST = Step("test", "experiment", ("voice", "face"))
REPORT = Step("report", "report", ("test",))
ALL = (VOICE, FACE, TEST, REPORT)


def changed(name, **changes):
    return tuple(replace(step, **changes) if step.name == name else step for step in ALL)


@pytest.fixture
def done(tmp_path):
    """A work that is done."""
    assert do(ALL, tmp_path) == {}
    assert calls(tmp_path) == ["voice", "face", "test", "report"]
    (tmp_path / stub_steps.CALLS).unlink()
    return tmp_path


def test_what_is_done_is_not_done_again(done):
    assert do(ALL, done) == {}
    assert calls(done) == []
    assert set(states(ALL, Records(done)).values()) == {"done"}


def test_changed_settings_do_a_step_again_and_what_depends_on_it(done):
    steps = changed("face", settings={"seed": 1})
    found = states(steps, Records(done))
    assert found == {"voice": "done", "face": "to do", "test": "to do", "report": "to do"}
    assert do(steps, done) == {}
    assert calls(done) == ["face"]  # it gave the same as before


def test_what_depends_on_a_step_is_done_again_if_that_gave_something_else(done):
    do(changed("face", settings={"gives": "another"}), done)
    assert calls(done) == ["face", "test", "report"]


@pytest.mark.parametrize("damage", ["removed", "changed", "record damaged"])
def test_an_output_or_a_record_that_is_damaged_does_the_step_again(done, damage):
    file = done / "results" / "test.txt"
    if damage == "removed":
        file.unlink()
    elif damage == "changed":
        file.write_text("something else")
    else:
        (done / "steps" / "test.json").write_bytes(b'{"inputs": "')
    do(ALL, done)
    assert calls(done) == ["test"]
    assert "of 0" in file.read_text()


@pytest.mark.parametrize(
    ("option", "done_still"), [("default", True), ("other", False), ("gone", False)]
)
def test_a_new_option_with_its_default_changes_nothing(done, option, done_still):
    """One that an older record does not know; one that it knows and is no more, does."""
    if option == "gone":
        steps = changed("face", settings={}, defaults={"recipe": {"clip": 0}})
    else:
        recipe = {"clip": 0 if option == "default" else 1}
        settings = {"seed": 0, "recipe": recipe}
        steps = changed("face", settings=settings, defaults={"recipe": {"clip": 0}})
    found = states(steps, Records(done))["face"]
    assert (found == "done") == done_still


def test_options_inside_options_are_looked_at_one_by_one():
    now = {"recipe": {"a": 1, "new": 5, "part": {"b": 2, "newer": 7}}, "code": "x"}
    before = {"recipe": {"a": 1, "part": {"b": 2}}, "code": "x"}
    defaults = {"recipe": {"a": 0, "new": 5, "part": {"b": 0, "newer": 7}}}
    assert known_before(now, before, defaults) == before
    now["recipe"]["part"]["newer"] = 8
    assert known_before(now, before, defaults) != before


def test_code_is_that_which_the_work_imports():
    of_one = closure("voice2face.experiments.questions.durations")
    assert "voice2face.experiments.self_similarity" in of_one
    assert "voice2face.evaluation.statistics.intervals" in of_one  # at some depth
    assert not {name for name in of_one if ".questions." in name} - {
        "voice2face.experiments.questions.durations"
    }
    training = closure("voice2face.training.gan.train")
    assert "voice2face.training.gan.steps" in training
    for room in ("report", "web", "cli", "experiments"):
        assert not any(name.startswith(f"voice2face.{room}") for name in (*of_one, *training)
                       if room != "experiments" or name in training)  # fmt: skip
    assert "voice2face.settings" not in training  # known by its values


def test_comments_and_docstrings_are_no_code(tmp_path, monkeypatch):
    for name, text in (
        ("a", 'import voice2face.b\ndef f():\n    """Says."""\n    return 1  # one\n'),
        ("b", "x = 1\n"), ("c", "x = 1\n"),
    ):  # fmt: skip
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr(code, "ROOT", tmp_path)

    def known() -> str:
        code._read.cache_clear()
        return code_of("voice2face.a")

    try:
        first = known()
        again = 'import voice2face.b\n\n\ndef f():\n    """Other."""\n    return 1\n'
        (tmp_path / "a.py").write_text(again)
        (tmp_path / "c.py").write_text("x = 2\n")
        assert known() == first
        (tmp_path / "b.py").write_text("x = 2\n")
        assert known() != first
    finally:
        code._read.cache_clear()


def test_a_page_is_made_again_when_its_templates_change(tmp_path, monkeypatch):
    sheet = tmp_path / "pages" / code.TEMPLATES / "page.css"
    sheet.parent.mkdir(parents=True)
    (sheet.parents[1] / "__init__.py").touch()
    (sheet.parents[1] / "write.py").write_text("x = 1\n")
    sheet.write_text("p {}")
    monkeypatch.setattr(code, "ROOT", tmp_path)
    (tmp_path / "a.py").write_text("import voice2face.pages.write\n")
    code._read.cache_clear()
    try:
        first = code_of("voice2face.a")
        assert code_of("voice2face.a") == first
        sheet.write_text("p { margin: 0 }")
        assert code_of("voice2face.a") != first
    finally:
        code._read.cache_clear()


def test_a_run_with_other_settings_is_put_aside_and_taken_up_again(done):
    notes = []
    (done / "runs" / "face" / "checkpoint").write_text("hours of work")
    do(changed("face", settings={"gives": "another"}), done, notes=notes)
    assert not (done / "runs" / "face" / "checkpoint").exists()
    assert len(list((done / EARLIER).iterdir())) == 1
    assert any(str(done / EARLIER) in line for line in notes)
    do(ALL, done)
    assert (done / "runs" / "face" / "checkpoint").read_text() == "hours of work"


def test_a_run_that_may_grow_is_gone_on_with_but_not_cut_short(done):
    mark = done / "runs" / "face" / "checkpoint"
    mark.write_text("100 steps")
    longer = changed("face", iterations=200)
    assert states(longer, Records(done))["face"] == "begun"
    do(longer, done)
    assert mark.exists() and calls(done) == ["face", "test", "report"]
    do(changed("face", iterations=50), done)
    assert not mark.exists()
    do(changed("voice", iterations=20), done)  # whose schedule hangs on its length
    assert [path.name[:11] for path in (done / EARLIER).glob("*voice*")] == ["runs-voice-"]


def test_what_lies_in_the_place_of_a_run_is_never_removed(tmp_path):
    (tmp_path / "runs" / "voice").mkdir(parents=True)
    (tmp_path / "runs" / "voice" / "mine").write_text("x")
    do(ALL, tmp_path)
    assert [path.read_text() for path in (tmp_path / EARLIER).rglob("mine")] == ["x"]


def test_steps_not_asked_for_are_used_if_they_are_done(tmp_path):
    other = Step("other", "experiment", ("face",), optional=True)
    report = replace(REPORT, needs=("test", "other"))
    steps = (VOICE, FACE, TEST, other, report)
    do(steps, tmp_path)
    assert calls(tmp_path) == ["voice", "face", "test", "report"]
    do((VOICE, FACE, TEST, replace(other, optional=False), report), tmp_path)
    assert calls(tmp_path)[4:] == ["other", "report"]
    do(steps, tmp_path)
    assert len(calls(tmp_path)) == 6


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"fail": True}, "face: failed; success wanted"),
        ({"fault": True}, r"face: ZeroDivisionError \(division by nothing\).*log.txt"),
        ({"die": True}, "ended by signal 9"),
    ],
)
def test_a_step_that_fails_ends_only_what_depends_on_it(tmp_path, settings, said):
    other = Step("other", "experiment", ("voice",))
    steps = (*changed("face", settings=settings), other)
    failed = do(steps, tmp_path)
    assert list(failed) == ["face"]
    with pytest.raises(TrainingError, match=said):
        raise failed["face"]
    assert calls(tmp_path) == ["voice", "face", "other"]
    if "fault" in settings:
        assert "Traceback" in (tmp_path / "log.txt").read_text()
    assert do((*ALL, other), tmp_path) == {}
    assert calls(tmp_path)[3:] == ["face", "test", "report"]


def test_two_at_once_take_half_as_long_and_wait_for_what_they_need(tmp_path):
    models = [Step(f"m{i}", "face", ("voice",), {"sleep": 0.5}, f"runs/m{i}", 1) for i in range(4)]
    last = Step("test", "experiment", tuple(m.name for m in models))
    notes = []
    do((VOICE, *models, last), tmp_path, n_workers=2, notes=notes)
    assert calls(tmp_path)[0] == "voice" and calls(tmp_path)[-1] == "test"
    begun = [line.split()[1] for line in notes if line.endswith("begun")]
    ended = [line.split()[1] for line in notes if "done in" in line]
    assert begun[1:3] == ["m0:", "m1:"]  # before either ended
    assert notes.index("[1/6] m1: begun") < next(i for i, n in enumerate(notes) if "m0: done" in n)
    assert len(ended) == 6 and notes[-1].startswith("[6/6]")


def test_the_time_of_a_plan_is_that_of_its_longest_path():
    models = [Step(f"m{i}", "face", ("voice",)) for i in range(5)]
    steps = (VOICE, *models, Step("test", "experiment", tuple(m.name for m in models)))
    found = {step.name: "to do" for step in steps}
    seconds = {"voice": 100.0, "test": 7.0} | {m.name: 10.0 for m in models}
    assert total(steps, found, seconds, 1) == 157
    assert total(steps, found, seconds, 2) == 137
    assert total(steps, found, seconds, 9) == 117
    assert total(steps, found | {"voice": "done"}, seconds, 2) == 37
    assert total(steps, dict.fromkeys(found, "done"), seconds, 2) == 0


def test_two_programs_in_one_folder_are_refused(tmp_path):
    slow = (Step("slow", "voice", (), {"sleep": 30}, "runs/slow", 1),)
    program = started(tmp_path, slow)
    try:
        wait_for(lambda: calls(tmp_path) == ["slow"])
        with pytest.raises(TrainingError, match="another reproduction is at work"):
            do(ALL, tmp_path)
    finally:
        program.kill()
        program.wait()
    do(ALL, tmp_path)  # which waits for the end of what the first has left
    assert calls(tmp_path)[1:] == ["voice", "face", "test", "report"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OutputError, match="could not be written"),
        alone_in(tmp_path / "file" / "x"),
    ):
        pass


def test_ctrl_c_and_sigterm_end_all_processes_and_the_work_goes_on(tmp_path):
    slow = changed("face", settings={"sleep": 30})
    for number in (signal.SIGINT, signal.SIGTERM):
        program = started(tmp_path, slow)
        wait_for(lambda: calls(tmp_path)[-1:] == ["face"])
        program.send_signal(number)
        assert program.wait(timeout=20) != 0
        assert states(ALL, Records(tmp_path))["voice"] == "done"
        assert not list(processes_in(tmp_path))
        (tmp_path / stub_steps.CALLS).write_text("")
    do(ALL, tmp_path)
    assert calls(tmp_path) == ["face", "test", "report"]


def test_killed_at_random_moments_it_ends_as_if_it_had_not_been(tmp_path):
    rng = np.random.default_rng()
    steps = tuple(replace(step, settings=step.settings | {"sleep": 0.1}) for step in ALL)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    do(steps, whole)
    n_killed = 0
    for _ in range(6):
        program = started(parts, steps)
        time.sleep(rng.uniform(0.2, 2.5))
        n_killed += program.poll() is None
        program.kill()
        program.wait()
    do(steps, parts)
    assert set(states(steps, Records(parts)).values()) == {"done"}
    texts = [
        {str(f.relative_to(out)): f.read_text() for f in out.rglob("*.txt") if f.parent != out}
        for out in (whole, parts)
    ]
    assert texts[0] == texts[1]
    counts = {name: calls(parts).count(name) for name in ("voice", "face", "test", "report")}
    assert sum(counts.values()) <= 4 + 2 * n_killed  # nothing that was done is done again


def started(out: Path, steps) -> subprocess.Popen:
    words = [
        sys.executable,
        stub_steps.__file__,
        str(out),
        msgspec.json.encode(list(steps)).decode(),
    ]
    return subprocess.Popen(words, stderr=subprocess.DEVNULL, start_new_session=True)


def wait_for(condition, seconds=30.0):
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def processes_in(out: Path):
    """Of this machine, those that have a file of the folder open; none where it does not tell."""
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(entry.readlink()).startswith(str(out)) and entry.parts[2] != str(os.getpid()):
                yield entry
        except OSError:
            continue
