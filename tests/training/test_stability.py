import pytest
import torch
from torch.nn.utils.parametrize import register_parametrization

from voice2face.networks.layers import SpectralNorm
from voice2face.networks.modules import Critics, FaceTrunk
from voice2face.settings import CriticSettings, FaceTraining
from voice2face.training.gan.stability import (
    AUGMENTATIONS,
    augment,
    cutout,
    learning_rate_share,
    r1_penalty,
    set_learning_rates,
    translation,
)

ALL = tuple(AUGMENTATIONS)
SMALL = CriticSettings(face_px=16, width=0.1)


def faces(n: int = 6, px: int = 16) -> torch.Tensor:
    return torch.rand(n, 3, px, px, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_without_kinds_the_faces_are_the_same_object_and_nothing_is_drawn():
    given, before = faces(), torch.get_rng_state()
    assert augment(given, ()) is given
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("kind", ALL)
def test_each_augmentation_changes_differently_each_time_and_again_from_the_same_state(kind):
    state = torch.get_rng_state()
    first, second = augment(faces(), [kind]), augment(faces(), [kind])
    assert first.shape == faces().shape
    assert not torch.equal(first, faces()) and not torch.equal(first, second)
    torch.set_rng_state(state)
    assert torch.equal(augment(faces(), [kind]), first)


def test_gradients_flow_through_all_augmentations_and_are_finite():
    given = faces().requires_grad_()
    augment(given, ALL).square().sum().backward()
    assert given.grad.isfinite().all()
    assert (given.grad.flatten(1).abs().sum(dim=1) > 0).all()


def test_a_translation_moves_by_at_most_an_eighth_and_brings_zeros():
    torch.manual_seed(1)
    given = faces(200)
    padded = torch.nn.functional.pad(given, (2, 2, 2, 2))
    seen = set()
    for face, wide in zip(translation(given), padded, strict=True):
        fits = [
            (y, x)
            for y in range(5)
            for x in range(5)
            if torch.equal(wide[:, y : y + 16, x : x + 16], face)
        ]
        assert len(fits) == 1
        seen.add(fits[0])
    assert len(seen) == 25  # every shift of -2 to 2 in both directions


def test_a_cutout_is_one_square_of_at_most_half_the_side():
    torch.manual_seed(1)
    gone = cutout(torch.ones(300, 3, 16, 16)) == 0
    assert torch.equal(gone[:, 0], gone[:, 2])
    heights, widths = gone[:, 0].any(dim=2).sum(dim=1), gone[:, 0].any(dim=1).sum(dim=1)
    assert torch.equal(gone[:, 0].sum(dim=(1, 2)), heights * widths)
    assert heights.max() == widths.max() == 8
    assert heights.min() == 4  # around a point of the edge


def test_r1_is_half_the_mean_squared_slope():
    torch.manual_seed(0)
    critics, given = Critics(SMALL, 3), faces(3)
    by_hand = []
    for face in given:
        one = face[None].clone().requires_grad_()
        critics.real(one).sum().backward()
        by_hand.append(one.grad.square().sum() / 2)
    penalty = r1_penalty(critics, given)
    torch.testing.assert_close(penalty, torch.stack(by_hand).mean(), rtol=1e-5, atol=0)
    critics.zero_grad()
    penalty.backward()
    assert critics.face_trunk.layers.conv16.weight.grad.abs().sum() > 0
    assert critics.classifier.weight.grad is None


def test_r1_has_the_slope_of_what_is_quadratic_in_the_head():
    torch.manual_seed(0)
    critics = Critics(SMALL, 3)
    penalty = r1_penalty(critics, faces(3))
    penalty.backward()
    weight = critics.discriminator.weight
    torch.testing.assert_close((weight.grad * weight).sum(), 2 * penalty, rtol=1e-4, atol=0)


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
def test_schedules_begin_full_and_end_at_nothing(schedule):
    training = FaceTraining(iterations=100, schedule=schedule)
    shares = [learning_rate_share(training, step) for step in range(101)]
    assert shares[0] == 1
    assert shares[50] == (1 if schedule == "constant" else pytest.approx(0.5))
    assert shares[100] == (1 if schedule == "constant" else 0)
    assert shares == sorted(shares, reverse=True)
    assert learning_rate_share(training, 500) == shares[100]  # a run made longer


def test_cosine_and_linear_differ():
    early = [
        learning_rate_share(FaceTraining(iterations=100, schedule=kind), 10)
        for kind in ("linear", "cosine")
    ]
    assert early == pytest.approx([0.9, 0.97553], abs=1e-5)


def test_warm_up_is_a_line_up_to_the_full_rate_and_the_schedule_follows():
    training = FaceTraining(iterations=100, warmup=20, schedule="linear")
    shares = [learning_rate_share(training, step) for step in range(101)]
    assert shares[:20] == pytest.approx([(i + 1) / 20 for i in range(20)])
    assert shares[20] == 1 and shares[60] == pytest.approx(0.5) and shares[100] == 0


def test_learning_rates_are_set_only_if_asked_for():
    optimiser = torch.optim.SGD([torch.zeros(1)], lr=0.123)
    set_learning_rates([optimiser], FaceTraining(), 7)
    assert optimiser.param_groups[0]["lr"] == 0.123
    set_learning_rates([optimiser], FaceTraining(learning_rate=0.4, warmup=4), 1)
    assert optimiser.param_groups[0]["lr"] == pytest.approx(0.2)


def test_spectral_norm_bounds_the_largest_singular_value_of_every_convolution():
    torch.manual_seed(0)
    trunk = FaceTrunk(CriticSettings(face_px=16, width=0.1, spectral_norm=True))
    layers = [m for m in trunk.layers if isinstance(m, torch.nn.Conv2d)]
    with torch.no_grad():
        for layer in layers:
            layer.parametrizations.weight.original.mul_(30)
    for _ in range(40):
        trunk(faces())
    trunk.eval()
    assert len(layers) == 4
    for layer in layers:
        norm = torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item()
        assert norm == pytest.approx(1, abs=0.01)


def test_spectral_norm_has_the_gradient_of_the_quotient():
    layer = torch.nn.Conv2d(3, 5, 4).double()
    norm = SpectralNorm(layer.weight, n_start=500).eval()
    given = layer.weight.detach().clone().requires_grad_()
    torch.manual_seed(0)
    direction = torch.randn_like(given)
    (norm(given) * direction).sum().backward()
    exact = given.detach().clone().requires_grad_()
    quotient = exact / torch.linalg.matrix_norm(exact.flatten(1), 2)
    (quotient * direction).sum().backward()
    torch.testing.assert_close(given.grad, exact.grad, rtol=1e-6, atol=1e-8)


def test_spectral_norm_works_in_bfloat16_and_twice_before_one_backward():
    trunk = FaceTrunk(CriticSettings(face_px=16, width=0.1, spectral_norm=True))
    with torch.autocast("cpu", torch.bfloat16):
        total = trunk(faces()).sum() + trunk(faces()).sum()
    total.backward()
    layer = trunk.layers.conv8
    assert layer.weight.dtype == layer.parametrizations.weight[0].left.dtype == torch.float32
    assert layer.parametrizations.weight.original.grad.isfinite().all()


def test_the_state_keeps_the_plain_names_without_spectral_norm_and_is_exact_with_it():
    plain = FaceTrunk(SMALL).state_dict()
    assert list(plain)[:2] == ["layers.conv16.weight", "layers.conv16.bias"]
    settings = CriticSettings(face_px=16, width=0.1, spectral_norm=True)
    a, b = FaceTrunk(settings), FaceTrunk(settings)
    a(faces())
    b.load_state_dict(a.state_dict())
    assert torch.equal(a(faces()), b(faces()))  # the power iteration goes on where it was


def test_spectral_norm_can_be_registered_on_a_linear_layer():
    layer = torch.nn.Linear(7, 5)
    register_parametrization(layer, "weight", SpectralNorm(layer.weight, n_start=100))
    assert torch.linalg.matrix_norm(layer.weight, 2).item() == pytest.approx(1, abs=1e-3)
