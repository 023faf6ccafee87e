import re
import resource
import signal
import threading

import pytest
import torch
from msgspec.structs import replace
from tiny_trainee import IDENTITY, RUN, Tiny, run, signal_to_itself

from voice2face.errors import OutputError, TrainingError
from voice2face.training import checkpoint, distributed, loop, run_log, run_state

NAN = torch.tensor(float("nan"))


def assert_same(a, b):
    for (name, one), (_, other) in zip(
        checkpoint.tensors(a.state()), checkpoint.tensors(b.state()), strict=True
    ):
        assert torch.equal(one, other), name


def files(out, pattern="*"):
    return {path.name for path in (out / "checkpoints").glob(pattern)}


def scalars(out):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(out / "tensorboard"))
    events.Reload()
    return {
        name: {e.step: e.value for e in events.Scalars(name)} for name in events.Tags()["scalars"]
    }


def test_what_is_written_and_when(tmp_path):
    trainee = run(Tiny(readings={5: 0.5, 10: 0.25}), tmp_path)
    assert files(tmp_path) == {"00000008.pt", "00000010.pt", "best.pt"}
    assert trainee.shown == [5, 10]
    told = scalars(tmp_path)
    assert set(told["loss/loss"]) == set(told["speed/iterations_per_s"]) == {3, 6, 9, 10}
    assert told["reading/fit"] == {5: 0.5, 10: 0.25}
    assert set(told["reading/other"]) == {5, 10}
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_and_resumed_run_equals_one_that_was_not(number, tmp_path):
    whole = run(Tiny(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt, match="stopped after step 6; --resume goes on"):
        run(Tiny(happens={6: signal_to_itself(number)}), tmp_path / "parts")
    assert files(tmp_path / "parts") == {"00000004.pt", "00000006.pt", "best.pt"}
    torch.manual_seed(99)
    again = run(Tiny(seed=1), tmp_path / "parts", resume=True)
    assert again.shown == [10]
    assert_same(whole, again)


def test_looking_changes_nothing(tmp_path):
    often = run(Tiny(), tmp_path / "often", run=replace(RUN, sample_every=1))
    seldom = run(Tiny(), tmp_path / "seldom", run=replace(RUN, sample_every=100))
    assert len(often.shown) == 10
    assert_same(often, seldom)


def test_the_best_checkpoint_survives_a_resume(tmp_path, capsys):
    options = {"run": replace(RUN, sample_every=1, checkpoint_every=2)}
    readings = {1: 0.1, 2: 0.8, 3: 0.7, 4: 0.8, 5: float("nan"), 6: 0.2, 7: 0.5, 8: 0.9, 9: 0.1}
    stops = {6: signal_to_itself(signal.SIGTERM)}
    with pytest.raises(KeyboardInterrupt):
        run(Tiny(readings=readings, happens=stops), tmp_path, **options)
    best = torch.load(tmp_path / "checkpoints" / "best.pt", weights_only=True)
    assert (best["step"], best["best"]["value"]) == (2, 0.8)  # the earlier of two that are equal
    run(Tiny(readings=readings), tmp_path, iterations=7, resume=True, **options)
    assert torch.load(tmp_path / "checkpoints" / "best.pt", weights_only=True)["step"] == 2
    run(Tiny(readings=readings), tmp_path, iterations=9, resume=True, **options)
    best = torch.load(tmp_path / "checkpoints" / "best.pt", weights_only=True)
    assert (best["best"]["step"], best["best"]["value"], best["trainee"]["n_steps"]) == (8, 0.9, 8)
    assert capsys.readouterr().err == ""


def test_a_reading_that_does_not_exist_is_said_once(tmp_path, capsys):
    run(Tiny(), tmp_path, run=replace(RUN, best_by="beauty"))
    (line,) = capsys.readouterr().err.splitlines()
    assert "best_by beauty: no such reading, so no best checkpoint; fit, other are" in line
    assert "best.pt" not in files(tmp_path)
    run(Tiny(), tmp_path / "none", run=replace(RUN, best_by=""))
    assert capsys.readouterr().err == ""


def test_a_damaged_newest_checkpoint_costs_a_few_steps_and_nothing_else(tmp_path, capsys):
    whole = run(Tiny(), tmp_path / "whole", iterations=12)
    run(Tiny(), tmp_path / "r")
    last = tmp_path / "r" / "checkpoints" / "00000010.pt"
    last.write_bytes(last.read_bytes()[:-500])
    again = run(Tiny(), tmp_path / "r", iterations=12, resume=True)
    assert "00000010.pt.damaged" in capsys.readouterr().err
    assert_same(whole, again)
    assert "00000010.pt.damaged" in files(tmp_path / "r")


def test_without_resume_a_run_is_left_alone(tmp_path):
    run(Tiny(), tmp_path)
    last = tmp_path / "checkpoints" / "00000010.pt"
    last.write_bytes(b"damaged")
    before = files(tmp_path)
    with pytest.raises(TrainingError, match="holds a run of 10 steps"):
        run(Tiny(), tmp_path)
    assert files(tmp_path) == before
    with pytest.raises(TrainingError, match=r"another seed \(0\); the same"):
        run(Tiny(), tmp_path, resume=True, identity=IDENTITY | {"seed": "1"})


def test_a_run_that_has_only_its_best_is_a_run_too(tmp_path):
    with pytest.raises(TrainingError, match="finite"):
        run(Tiny(happens={3: lambda: NAN}), tmp_path, run=replace(RUN, sample_every=2))
    assert files(tmp_path) == {"best.pt"}
    with pytest.raises(TrainingError, match="holds a run"):
        run(Tiny(), tmp_path)
    assert_same(run(Tiny(), tmp_path, resume=True), run(Tiny(), tmp_path / "whole"))


def test_resume_in_an_empty_folder_starts_afresh(tmp_path):
    assert_same(run(Tiny(), tmp_path / "a", resume=True), run(Tiny(), tmp_path / "b"))


def test_a_finished_run_says_so(tmp_path, capsys):
    run(Tiny(), tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    finished = run(Tiny(), tmp_path, resume=True)
    (line,) = capsys.readouterr().err.splitlines()
    assert "its 10 steps are done already, of 10; nothing to train" in line
    assert finished.n_steps == 10
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


def test_another_place_is_noted_and_allowed(tmp_path, capsys, monkeypatch):
    run(Tiny(), tmp_path, iterations=5)
    run(Tiny(), tmp_path, iterations=6, resume=True)
    assert capsys.readouterr().err == ""
    there = {"device": "cuda (T4)", "processes": "2", "torch": str(torch.__version__)}
    monkeypatch.setattr(loop, "place_of", lambda team: there)
    run(Tiny(), tmp_path, iterations=7, resume=True)
    (line,) = capsys.readouterr().err.splitlines()
    assert "goes on with device cuda (T4) instead of cpu, processes 2 instead of 1: " in line
    assert line.endswith("the same method, but not bit for bit")


def test_the_place_is_of_plain_data(tmp_path):
    place = run_state.place_of(distributed.solo("cpu"))
    assert set(place) == {"device", "processes", "torch", "threads"}
    assert {type(value) for value in place.values()} == {str}


def test_a_loss_that_is_not_finite_on_the_cpu(tmp_path):
    with pytest.raises(TrainingError, match=r"^step 7: a loss is not finite \(loss nan\)"):
        run(Tiny(happens={7: lambda: NAN}), tmp_path)
    assert "00000004.pt" in files(tmp_path)


def on_an_accelerator(trainee, name="meta"):
    """Its losses are then not looked at more often than must be; the arithmetic is the CPU's."""
    trainee.team = distributed.Team(0, 1, torch.device(name))
    return trainee


def test_elsewhere_losses_are_looked_at_when_due_and_none_is_missed(tmp_path, monkeypatch):
    looks = []
    original = run_state.LossWatch.look

    def look(self, step):
        looks.append(step)
        return original(self, step)

    monkeypatch.setattr(run_state.LossWatch, "look", look)
    run(on_an_accelerator(Tiny()), tmp_path / "a")
    assert looks == [3, 4, 5, 6, 8, 9, 10]  # logs, samples, checkpoints
    wild = on_an_accelerator(Tiny(happens={7: lambda: NAN}))
    with pytest.raises(TrainingError, match=r"^steps 7 to 8: a loss is not finite \(loss nan\)"):
        run(wild, tmp_path / "b")
    assert "00000008.pt" not in files(tmp_path / "b")


def test_elsewhere_a_request_to_stop_does_not_wait_for_a_log(tmp_path):
    stops = on_an_accelerator(Tiny(happens={7: signal_to_itself(signal.SIGTERM)}))
    with pytest.raises(KeyboardInterrupt, match="step 7;"):
        run(stops, tmp_path)
    again = run(on_an_accelerator(Tiny()), tmp_path, resume=True)
    assert_same(again, run(Tiny(), tmp_path / "whole"))


def test_weights_that_are_not_finite_are_never_written(tmp_path):
    trainee = Tiny()

    def explode():  # a step whose losses still are finite
        trainee.model[0].bias.data.fill_(float("inf"))

    trainee.happens = {8: explode}
    with pytest.raises(TrainingError, match=r"step 8: trainee\.model\.0\.bias is not finite"):
        run(trainee, tmp_path)
    assert files(tmp_path, "0*") == {"00000004.pt"}


def test_a_full_disk_stops_tensorboard_alone(tmp_path, capsys, monkeypatch):
    """Files may not grow beyond what a checkpoint needs, which TensorBoard's then reaches."""
    run(Tiny(), tmp_path / "whole")
    n_bytes = (tmp_path / "whole" / "checkpoints" / "best.pt").stat().st_size + 20_000

    names = [f"{number} {'long' * 200}" for number in range(50)]
    monkeypatch.setattr(Tiny, "show", lambda *_: {"fit": 0.0} | dict.fromkeys(names, 1.0))
    hook = threading.excepthook
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        full = run(Tiny(), tmp_path / "full", run=replace(RUN, sample_every=1, log_every=1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(r"tensorboard: could not be written .* goes on without TensorBoard", line)
    assert full.n_steps == 10
    assert "00000010.pt" in files(tmp_path / "full")
    assert threading.excepthook is hook


def test_samples_that_cannot_be_written_do_not_end_the_run(tmp_path, capsys):
    trainee = Tiny()

    def full(step, out):
        raise OutputError(out, "full", "room", "free some")

    trainee.show = full
    run(trainee, tmp_path)
    assert [line.split("(")[0] for line in capsys.readouterr().err.splitlines()] == [
        "note: step 5: no samples ", "note: step 10: no samples ",
    ]  # fmt: skip
    assert "00000010.pt" in files(tmp_path)


def test_a_checkpoint_that_cannot_be_written_ends_the_run(tmp_path, monkeypatch):
    original = checkpoint._write

    def full(path, state):
        if path.name == "00000008.pt":
            raise OutputError(path, "full", "room", "free some")
        return original(path, state)

    for place in (lambda trainee: trainee, on_an_accelerator):
        trainee = place(Tiny())
        out = tmp_path / str(trainee.team.device)
        with monkeypatch.context() as patch:
            patch.setattr(checkpoint, "_write", full)
            with pytest.raises(OutputError, match="full"):
                run(trainee, out)
        assert files(out, "0*") == {"00000004.pt"}
        assert_same(run(Tiny(), out, resume=True), run(Tiny(), out / "whole"))


def test_the_line_in_the_terminal(tmp_path, monkeypatch):
    bars = []

    class Bar:
        def __init__(self, **options):
            self.options, self.updates, self.postfixes = options, 0, []
            bars.append(self)

        def update(self):
            self.updates += 1

        def set_postfix(self, shown):
            self.postfixes.append(shown)

        def close(self):
            pass

    monkeypatch.setattr(run_log, "tqdm", Bar)
    trainee = Tiny()
    trainee.happens = {n: lambda: setattr(trainee, "waited_s", 1e3) for n in (4, 5, 6)}
    run(trainee, tmp_path)
    (bar,) = bars
    assert bar.options["total"] == bar.updates == 10
    assert [set(shown) for shown in bar.postfixes] == [{"loss", "waiting"}] * 4
    assert [shown["waiting"] for shown in bar.postfixes] == ["0%", "100%", "0%", "0%"]
