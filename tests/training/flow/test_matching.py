"""Flows on distributions that are known."""

import numpy as np
import pytest
import torch

from voice2face.generators.velocity import ARRAYS, Velocity
from voice2face.training.flow.matching import Faces, FlowTraining, train_flow
from voice2face.training.flow.network import VelocityNetwork, as_arrays

SMALL = FlowTraining(
    width=48, n_blocks=2, hidden=32, dropout=0.0, steps=600, batch_size=128,
    learning_rate=3e-3, blur=0.0, forgotten=0.2,
)  # fmt: skip


def two_kinds(n: int = 3000) -> Faces:
    """Codes near -1 or 1, three times as often where the sign of what is known says."""
    rng = np.random.default_rng(0)
    known = rng.choice([-1.0, 1.0], n)
    sign = np.where(rng.random(n) < 0.75, known, -known)
    codes = np.stack([sign, 0.5 * known, np.zeros(n)], axis=1) + 0.2 * rng.standard_normal((n, 3))
    return Faces(codes, known[:, None], np.ones(n), np.ones(3))


@pytest.fixture(scope="module")
def flow():
    return Velocity(train_flow(two_kinds(), SMALL, seed=0))


def drawn(flow: Velocity, known: float, n: int = 300, **options: float) -> np.ndarray:
    start = np.random.default_rng(1).standard_normal((n, 3)).astype(np.float32)
    return flow.drawn(np.full((n, 1), known, np.float32), start, **options)


def test_draws_have_both_kinds_in_the_shares_that_they_have(flow):
    for known in (-1.0, 1.0):
        codes = drawn(flow, known)
        assert np.mean(np.sign(codes[:, 0]) == known) == pytest.approx(0.75, abs=0.1)
        assert np.mean(np.abs(codes[:, 0]) < 0.5) < 0.1  # few lie between: no mixtures
        assert codes[:, 1].mean() == pytest.approx(0.5 * known, abs=0.1)
        assert codes[:, 2].std() == pytest.approx(0.2, abs=0.1)


def test_guidance_takes_what_is_known_further(flow):
    plain, guided = drawn(flow, 1.0), drawn(flow, 1.0, guidance=3.0)
    assert guided[:, 1].mean() > plain[:, 1].mean() + 0.1
    assert np.mean(guided[:, 0] > 0) > np.mean(plain[:, 0] > 0)


def test_a_few_steps_do(flow):
    few, many = drawn(flow, 1.0, n_steps=8), drawn(flow, 1.0, n_steps=64)
    assert np.abs(few - many).mean() < 0.05


def test_a_seed_gives_the_same_flow_and_leaves_torchs_own_chance_alone():
    from msgspec.structs import replace

    short = replace(SMALL, steps=5)
    torch.manual_seed(4)
    before = torch.get_rng_state()
    one, same, other = (train_flow(two_kinds(200), short, seed) for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state())
    for name in ARRAYS:
        np.testing.assert_array_equal(one[name], same[name])
    assert np.abs(one["flow_first"] - other["flow_first"]).max() > 0


def test_the_network_computes_the_same_without_torch():
    network = VelocityNetwork(6, 2, 32, 2, 16, dropout=0.1).eval()
    with torch.no_grad():
        for weights in network.parameters():
            weights.normal_(0, 0.2)
    spread = {"flow_condition_mean": np.zeros(2, np.float32)}
    spread["flow_condition_scale"] = np.ones(2, np.float32)
    arrays = as_arrays(network) | spread
    assert set(arrays) == set(ARRAYS)
    code = np.random.default_rng(0).standard_normal((5, 6)).astype(np.float32)
    known, n_steps = code[:, :2], 3
    expected = torch.from_numpy(code)
    told, flag = torch.from_numpy(known), torch.ones(5)
    with torch.no_grad():
        for step in range(n_steps):
            time, half = torch.full((5,), step / n_steps), 0.5 / n_steps
            middle = expected + half * network(expected, time, told, flag)
            expected = expected + network(middle, time + half, told, flag) / n_steps
    found = Velocity(arrays).drawn(known, code, n_steps=n_steps)
    np.testing.assert_allclose(found, expected.numpy(), rtol=0.01, atol=0.01)  # half precision
