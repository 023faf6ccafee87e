import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_trainee
import torch
from models import WIDTH
from tiny_trainee import Tiny, run, signal_to_itself

from benchmarks import training_scaling
from voice2face.errors import SettingsError, TrainingError
from voice2face.networks.modules import VoiceEncoder
from voice2face.networks.variants import recipe
from voice2face.settings import VoiceEncoderSettings, change
from voice2face.training import checkpoint
from voice2face.training.data.batch import Batch
from voice2face.training.distributed import Team, solo, team
from voice2face.training.gan.steps import FaceNetworks, iteration, make_optimisers

PROGRAM = Path(tiny_trainee.__file__)


@pytest.fixture(scope="module")
def processes():
    """Processes that start at once, from one that has loaded torch."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tiny_trainee", "torch.utils.tensorboard", "torch._dynamo"])
    return context


def _member(work, rank, world, port, answers, arguments):
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world),
        MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port),
    )  # fmt: skip
    torch.set_num_threads(1)
    try:
        with team("cpu") as crew:
            answer = work(crew, *arguments)
    except BaseException as error:
        answer = f"{type(error).__name__}: {error}"
        if not isinstance(error, TrainingError | KeyboardInterrupt | ZeroDivisionError):
            traceback.print_exc()
    answers.send(answer)


def together(processes, work, *arguments, world=2):
    """What each of some processes answers, in the order of their ranks; None if it was killed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    members, answers = [], []
    for rank in range(world):
        ours, its = processes.Pipe(duplex=False)
        whole = (work, rank, world, port, its, arguments)
        members.append(processes.Process(target=_member, args=whole, daemon=True))
        members[-1].start()
        its.close()
        answers.append(ours)
    return [_answer(ours) for ours in answers]


def _answer(ours):
    assert ours.poll(60), "hangs"
    try:
        return ours.recv()
    except EOFError:
        return None


def _messages(crew):
    weights = [torch.nn.Parameter(torch.zeros(shape)) for shape in ((2, 3), (4,), (1,), (2, 3))]
    for n, weight in enumerate(weights[:3]):
        weight.grad = torch.full(weight.shape, float(n + 10 * crew.rank))
    if crew.rank:
        weights[0].grad = weights[0].grad.T.contiguous().T  # another layout in memory
    weights[0].grad[0, 1] = 7.0
    crew.mean_gradients(iter(weights))
    own = torch.tensor([crew.rank, 2.0])
    return {
        "gradients": [w.grad.tolist() if w.grad is not None else None for w in weights],
        "mean": crew.mean(own).tolist(),
        "own": own.tolist(),
        "agree": [crew.agree(crew.rank == 1), crew.agree(False), crew.agree(True)],
        "share": [crew.share(f"of {crew.rank}".encode()), crew.share(b"")],
        "leader": crew.is_leader,
        "same": crew.check_same_weights(b"digest"),
    }


def test_messages(processes):
    first, second = together(processes, _messages)
    assert (first.pop("leader"), second.pop("leader")) == (True, False)
    assert (first.pop("own"), second.pop("own")) == ([0.0, 2.0], [1.0, 2.0])
    assert first == second
    assert first == {
        "gradients": [[[5.0, 7.0, 5.0], [5.0] * 3], [6.0] * 4, [7.0], None],
        "mean": [0.5, 2.0],
        "agree": [True, False, True],
        "share": [b"of 0", b""],
        "same": None,
    }


def _with_channels_last(crew):
    weight = torch.nn.Parameter(torch.zeros(2, 3, 2, 2).to(memory_format=torch.channels_last))
    values = torch.arange(24.0).view(2, 3, 2, 2)
    weight.grad = (values * (1 + 2 * crew.rank)).contiguous(memory_format=torch.channels_last)
    place = weight.grad.data_ptr()
    crew.mean_gradients([weight])
    as_it_was = weight.grad.data_ptr() == place and weight.grad.stride() == weight.stride()
    return torch.equal(weight.grad, 2 * values), as_it_was


def test_gradients_stay_where_they_lie(processes):
    assert together(processes, _with_channels_last) == [(True, True)] * 2


def test_one_alone_sends_none():
    crew = solo("cpu")
    weight = torch.nn.Parameter(torch.zeros(2))
    weight.grad = torch.ones(2)
    crew.mean_gradients([weight])
    crew.barrier()
    assert weight.grad.tolist() == [1, 1]
    assert (crew.agree(True), crew.agree(False)) == (True, False)
    assert (crew.share(b"x"), crew.is_leader) == (b"x", True)
    with team("cpu") as alone:
        assert alone == Team(0, 1, torch.device("cpu"))


def _ten_steps(crew, batch_size, out):
    tiny = Tiny(crew, batch_size)
    tiny.model[1].p = 0.0  # which is of each process' own part
    run(tiny, Path(out))
    return [weight.tolist() for weight in tiny.model.parameters()]


def test_two_of_a_batch_equal_one_of_twice_the_batch(processes, tmp_path):
    first, second = together(processes, _ten_steps, 4, str(tmp_path / "two"))
    alone = _ten_steps(solo("cpu"), 8, tmp_path / "one")
    assert first == second
    for two, one in zip(first, alone, strict=True):
        assert torch.tensor(two) == pytest.approx(torch.tensor(one), abs=1e-5)
    untrained = [weight.tolist() for weight in Tiny().model.parameters()]
    assert torch.tensor(untrained[0]) != pytest.approx(torch.tensor(alone[0]), abs=1e-2)


def _iterations(crew, batch_size):
    """Ten iterations of the method itself, each process on its part of the same batches."""
    chosen = change(recipe(width=WIDTH), {"generator.face_px": 16, "critics.face_px": 16})
    voice = VoiceEncoderSettings(width=WIDTH)
    torch.manual_seed(0)
    networks = FaceNetworks.make(chosen, VoiceEncoder(voice), 5).to(crew.device)
    optimisers = make_optimisers(networks, chosen)
    rng, n = torch.Generator().manual_seed(0), batch_size * crew.world
    own = slice(batch_size * crew.rank, batch_size * (crew.rank + 1))
    for step in range(10):
        parts = (
            torch.randn(n, 64, 40, generator=rng),
            torch.randint(5, (n,), generator=rng),
            torch.rand(n, 3, 16, 16, generator=rng) * 2 - 1,
            torch.randint(5, (n,), generator=rng),
            0.05 * torch.randn(n, 64, generator=rng),
        )
        batch = Batch(*(part[own] for part in parts)).to(crew.device)
        iteration(networks, optimisers, batch, chosen, step, crew)
    return {
        f"{name}.{key}": value.tolist()
        for name, network in networks.trained().items()
        for key, value in network.named_parameters()
    }


def test_two_processes_of_the_method_equal_one_of_twice_the_batch(processes):
    first, second = together(processes, _iterations, 4)
    alone = _iterations(solo("cpu"), 8)
    assert first == second
    assert alone.keys() == first.keys()
    for name in alone:
        torch.testing.assert_close(
            torch.tensor(first[name]), torch.tensor(alone[name]), atol=1e-5, rtol=0, msg=name
        )


def _stopped(crew, out):
    happens = {6: signal_to_itself(signal.SIGTERM)} if crew.rank == 1 else {}
    run(Tiny(crew, happens=happens), Path(out))


def _resumed(crew, out):
    torch.manual_seed(crew.rank)  # nothing may hang on the state that a process happens to be in
    tiny = run(Tiny(crew), Path(out), resume=True)
    return [weight.tolist() for weight in tiny.model.parameters()]


def test_sigterm_to_one_stops_all_and_what_is_resumed_is_the_same(processes, tmp_path, capfd):
    parts, whole = tmp_path / "parts", tmp_path / "whole"
    stopped = "KeyboardInterrupt: stopped after step 6; --resume goes on"
    assert together(processes, _stopped, str(parts)) == [stopped] * 2
    assert checkpoint.load_last(parts / "checkpoints")[0] == 6
    first, second = together(processes, _resumed, str(parts))
    assert first == second
    assert [first, second] == together(processes, _resumed, str(whole))
    assert capfd.readouterr().err == ""
    run(Tiny(), parts, iterations=11, resume=True)
    assert "goes on with processes 1 instead of 2" in capfd.readouterr().err


def _failing(crew, out, kind):
    happens = {}
    if crew.rank == 1:
        kinds = {"error": lambda: 1 / 0, "killed": signal_to_itself(signal.SIGKILL)}
        happens = {6: kinds[kind]}
        happens[5] = lambda: Path(out, "time").write_text(str(time.monotonic())) and None
    try:
        run(Tiny(crew, happens=happens), Path(out))
    except TrainingError as error:
        return str(error), time.monotonic() - float(Path(out, "time").read_text())


@pytest.mark.parametrize("kind", ["error", "killed"])
def test_the_end_of_one_ends_the_others_within_seconds(kind, processes, tmp_path):
    first, second = together(processes, _failing, str(tmp_path), kind)
    assert second == (None if kind == "killed" else "ZeroDivisionError: division by zero")
    message, took_s = first
    assert message.startswith("process 0 of 2: another one has ended or does not answer")
    assert took_s < 5
    assert checkpoint.load_last(tmp_path / "checkpoints")[0] == 4


def _unlike(crew, out):
    run(Tiny(crew, seed=crew.rank), Path(out))


def _not_finite(crew, out):
    wrong = {6: lambda: torch.tensor(float("nan"))} if crew.rank == 1 else {}
    run(Tiny(crew, happens=wrong), Path(out))


def test_all_stop_with_the_same_error(processes, tmp_path):
    for work, message in (
        (_unlike, "TrainingError: process 1 of 2: starts with other weights than process 0"),
        (_not_finite, "TrainingError: step 6: a loss is not finite (loss nan)"),
    ):
        first, second = together(processes, work, str(tmp_path / work.__name__))
        assert first == second
        assert first.startswith(message)


def test_a_device_that_many_cannot_share_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("LOCAL_RANK", "0")
    for device in ("cuda:1", "meta"):
        with (
            pytest.raises(SettingsError, match="several processes; cpu or cuda wanted"),
            team(device),
        ):
            pass
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(SettingsError, match="which has 0 GPUs"), team("cuda"):
        pass


def _launch(out, kind):
    words = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        "--max-restarts", "1", str(PROGRAM), str(out), kind,
    ]  # fmt: skip
    environment = dict(os.environ) | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_no_thread_of_the_group_is_left_to_abort_the_interpreter(tmp_path):
    _launch(tmp_path, "threads")
    for rank in (0, 1):
        left = (tmp_path / f"threads-{rank}").read_text()
        assert "gloo" not in left


def test_torchrun_restarts_after_a_worker_was_killed(processes, tmp_path):
    _launch(tmp_path / "killed", "killed")
    step, killed = checkpoint.load_last(tmp_path / "killed" / "checkpoints")
    assert step == 10
    whole = tmp_path / "whole"
    together(processes, _resumed, str(whole))
    _, undisturbed = checkpoint.load_last(whole / "checkpoints")
    for (name, a), (_, b) in zip(
        checkpoint.tensors(killed["trainee"]), checkpoint.tensors(undisturbed["trainee"]),
        strict=True,
    ):  # fmt: skip
        assert torch.equal(a, b), name


def _turns(crew):
    trainee = training_scaling.make_trainee(WIDTH, crew)
    turns = [training_scaling.Turn(4, together, 30, 2) for together in (True, False)]
    return [training_scaling.take(trainee, crew, turn) for turn in turns]


def test_the_benchmark_tells_messages_from_steps(processes):
    for as_one, apart in together(processes, _turns):
        assert 0 < as_one.said_s < as_one.wall_s
        assert 0 < as_one.said_cpu_s < as_one.cpu_s
        assert apart.said_s == 0
        assert apart.said_cpu_s < as_one.said_cpu_s


def test_the_benchmark_counts_samples_of_the_slowest():
    took = training_scaling.Took(wall_s=4.0, cpu_s=3.0, said_s=0.5, said_cpu_s=0.3, peak_mb=1.0)
    slower = replace(took, wall_s=5.0, cpu_s=2.0)
    kinds = training_scaling.kinds_of(128, frames=300, steps=2)
    one = {"one": [replace(took, wall_s=8.0, cpu_s=6.0)]}
    rounds = [one | {name: [took, slower] for name, (n, _) in kinds.items() if n == 2}]
    found = {f.name: f.median for f in training_scaling.figures_of(rounds, 128)}
    assert found["one, samples a second"] == 16
    assert found["two, samples a second"] == 128 / 5
    assert found["two / one, samples a second"] == 8 / 5
    assert found["two / one, by processor time"] == 2
    assert found["two, twice the batch / one"] == 16 / 5
    assert found["two, messages, share of the clock"] == pytest.approx((0.5 / 4 + 0.5 / 5) / 2)
