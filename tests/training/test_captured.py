"""A CUDA graph on the CPU: all that an iteration asks of torch is recorded, and done again."""

import copy

import pytest
import torch
from small_steps import BF16, batch, made, small, tensors
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from voice2face.training.distributed import Team, solo
from voice2face.training.gan.captured import WARM_UP, Captured, why_not
from voice2face.training.gan.steps import iteration, make_optimisers

N_STEPS = WARM_UP + 4


def addresses(value) -> set[int]:
    parts = [part for part in tree_leaves(value) if isinstance(part, torch.Tensor)]
    return {part.untyped_storage().data_ptr() for part in parts}


class Recording(TorchDispatchMode):
    """Every call, with its tensors; a number that Python asks for would be fixed by a capture."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        assert function is not torch.ops.aten._local_scalar_dense.default
        result = function(*args, **kwargs)
        own = not addresses(result) & addresses((args, kwargs))
        changes = function._schema.is_mutable or "batch_norm" in str(function)
        if own or changes:
            self.calls.append((function, args, kwargs, result if own else None))
        return result

    def replay(self):
        for function, args, kwargs, result in self.calls:
            again = function(*args, **kwargs)
            pairs = (
                zip(tree_leaves(result), tree_leaves(again), strict=True)
                if result is not None
                else ()
            )
            for before, now in pairs:
                if isinstance(before, torch.Tensor):
                    before.copy_(now)


class Recorder:
    """As a capture does, nothing is left computed when it has recorded."""

    def __init__(self, networks, optimisers):
        self.networks, self.optimisers, self.n_replays = networks, optimisers, 0

    def held(self):
        found = list(tensors(self.networks).values())
        for optimiser in self.optimisers.values():
            assert all(group["capturable"] for group in optimiser.param_groups)
            found += [part for of in optimiser.state.values() for part in of.values()]
        return found

    def __call__(self, call):
        held, state = self.held(), torch.get_rng_state()
        before = [part.clone() for part in held]
        with Recording() as recording:
            losses = call()
        for part, old in zip(held, before, strict=True):
            part.detach().copy_(old)
        torch.set_rng_state(state)

        def replay():
            self.n_replays += 1
            with torch.no_grad():
                recording.replay()

        return losses, replay


@pytest.mark.parametrize(
    ("variant", "changes", "n_replays"),
    [
        ("baseline", {}, 4),
        ("baseline", BF16, 4),
        ("bn-tanh", BF16, 4),
        ("dropout", {}, 4),
        ("baseline", {"training.augment": ["colour", "translation", "cutout"]}, 4),
        ("baseline", {"critics.spectral_norm": True}, 4),
        ("baseline", {"training.r1": 1.0, "training.r1_every": 3}, 1),  # of 1, 2, 4, 5 the last
        ("baseline", {"training.warmup": 2}, 2),
    ],
)
def test_replayed_steps_compute_what_all_steps_compute(variant, changes, n_replays):
    settings = small(variant, **changes)
    networks, others = made(settings), made(settings)
    own = make_optimisers(networks, settings)
    recorder = Recorder(networks, own)
    captured = Captured(networks, own, settings, recorder)
    torch.manual_seed(1)
    found = [captured.iteration(batch(i), i) for i in range(N_STEPS)]
    torch.manual_seed(1)
    theirs = make_optimisers(others, settings)
    expected = [iteration(others, theirs, batch(i), settings, i) for i in range(N_STEPS)]
    assert recorder.n_replays == n_replays
    for ours, those in zip(found, expected, strict=True):
        assert ours.keys() == those.keys()
        for name, value in those.items():
            assert torch.equal(ours[name], value), name
    for name, value in tensors(others).items():
        assert torch.equal(tensors(networks)[name], value), name
    for name, optimiser in theirs.items():
        for a, b in zip(own[name].state.values(), optimiser.state.values(), strict=True):
            assert all(torch.equal(a[key], b[key]) for key in b)
        assert not own[name].param_groups[0]["capturable"]


def test_a_capture_that_fails_is_said_once_and_the_run_goes_on(capsys):
    def failing(call):
        raise RuntimeError("operation not permitted when stream is capturing\nand more")

    settings = small()
    networks, others = made(settings), made(settings)
    captured = Captured(networks, make_optimisers(networks, settings), settings, failing)
    theirs = make_optimisers(others, settings)
    for i in range(N_STEPS):
        captured.iteration(batch(i), i)
        iteration(others, theirs, batch(i), settings, i)
    assert not captured.is_captured
    assert capsys.readouterr().err == (
        "note: not captured, the run goes on without: operation not permitted when stream is "
        "capturing\n"
    )
    for name, value in tensors(others).items():
        assert torch.equal(tensors(networks)[name], value), name


def test_what_cannot_be_captured_is_told_before(capsys):
    cuda = torch.device("cuda", 0)
    assert why_not(small(), Team(0, 1, cuda)) == ""
    assert why_not(small(**{"training.warmup": 3}), Team(0, 1, cuda)) == ""
    assert "several processes" in why_not(small(), Team(0, 2, cuda))
    assert "cosine" in why_not(small(**{"training.schedule": "cosine"}), Team(0, 1, cuda))
    networks = made(small())
    optimisers = make_optimisers(networks, small())
    assert Captured.of(networks, optimisers, small(), solo("cpu")) is None
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "note: not captured, the run goes on without: graphs are of CUDA, and this is cpu"
    )


def test_the_recording_of_these_tests_would_notice_what_a_graph_cannot_do():
    weight = torch.ones(3)
    with pytest.raises(AssertionError), Recording():
        float(weight.sum())
    changing, given = torch.zeros(3), torch.tensor([1.0, 2.0, 3.0])
    with Recording() as recording:
        doubled = 2 * given
        changing.add_(doubled)
    kept = copy.deepcopy(changing)
    given.fill_(5.0)
    recording.replay()
    assert torch.equal(doubled, torch.full((3,), 10.0))
    assert torch.equal(changing, kept + 10)
