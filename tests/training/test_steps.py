import copy

import pytest
import torch
import torch.nn.functional as F
from small_steps import BF16, N, batch, made, small, tensors
from torch import nn

from voice2face.networks.layers import WideConvTranspose2d
from voice2face.settings import Recipe
from voice2face.training.gan import steps
from voice2face.training.gan.compilation import compile_networks
from voice2face.training.gan.steps import FaceNetworks, iteration, make_optimisers
from voice2face.training.precision import set_arithmetic


def run(settings: Recipe, n: int = 2, team=steps.ALONE) -> tuple[FaceNetworks, list[dict]]:
    networks = made(settings)
    optimisers = make_optimisers(networks, settings)
    losses = [iteration(networks, optimisers, batch(i), settings, i, team) for i in range(n)]
    return networks, losses


class Counted:
    """How many faces went through a network, pass by pass."""

    def __init__(self, network: nn.Module) -> None:
        self.passes: list[int] = []
        network.register_forward_hook(lambda _, given, __: self.passes.append(len(given[0])))


def test_each_face_goes_through_the_trunk_once_for_the_critics_and_once_for_the_generator():
    settings = small()
    networks = made(settings)
    trunk, head = Counted(networks.critics.face_trunk), Counted(networks.critics.classifier)
    iteration(networks, make_optimisers(networks, settings), batch(), settings)
    assert trunk.passes == [2 * N, N]
    assert head.passes == [N, N]  # made faces have no identity to be told in the critics' step


def test_with_batch_normalisation_real_and_fake_faces_keep_statistics_of_their_own():
    settings = small("bn")
    networks = made(settings)
    alone = copy.deepcopy(networks)
    trunk = Counted(networks.critics.face_trunk)
    given, fake = batch(), torch.rand(N, 3, 16, 16)
    real, made_up, _ = networks.critics.compare(given.faces, fake)
    assert trunk.passes == [N, N]
    assert torch.equal(real, alone.critics.real(given.faces))
    assert torch.equal(made_up, alone.critics.real(fake))


@pytest.mark.parametrize("shared", [True, False])
def test_one_joined_pass_gives_what_separate_ones_give(shared):
    networks = made(small(**{"critics.shared_trunk": shared}))
    given, fake = batch().faces, torch.rand(N, 3, 16, 16)
    real, made_up, identity = networks.critics.compare(given, fake)
    of_real, of_identity = networks.critics(given)
    for a, b in ((real, of_real), (identity, of_identity), (made_up, networks.critics.real(fake))):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_no_gradient_is_computed_that_nobody_uses():
    settings = small()
    networks = made(settings)
    optimisers = make_optimisers(networks, settings)
    given = batch()
    with torch.no_grad():
        embedding = steps.embed(
            networks.voice_encoder, given.voices, given.noise, settings.embedding
        )
    fake = networks.generator(embedding)
    steps.critic_step(networks, optimisers, given, fake, settings.training)
    assert all(p.grad is None for p in networks.generator.parameters())
    networks.critics.zero_grad(set_to_none=True)
    steps.generator_step(networks, optimisers, given, fake, settings.training)
    assert all(p.grad is None for p in networks.critics.parameters())
    assert all(p.grad is not None for p in networks.generator.parameters())
    assert all(p.grad is None for p in networks.voice_encoder.parameters())


def plain(settings: Recipe, n: int) -> tuple[FaceNetworks, list[list[float]]]:
    """The method written plainly: passes apart, gradients everywhere, plain Adam."""
    networks = made(settings)
    optimisers = {
        name: torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999))
        for name, net in networks.trained().items()
    }
    critics, found, ones = networks.critics, [], torch.ones(N)
    bce = F.binary_cross_entropy_with_logits
    for i in range(n):
        given = batch(i)
        voice = F.normalize(networks.voice_encoder(given.voices))
        fake = networks.generator(F.normalize(voice + given.noise))
        terms = [
            bce(critics.real(given.faces), ones),
            bce(critics.real(fake.detach()), 0 * ones),
            F.cross_entropy(critics(given.faces)[1], given.face_labels),
        ]
        critics.zero_grad()
        sum(terms).backward()
        for name in ("face_trunk", "discriminator", "classifier"):
            optimisers[name].step()
        terms += [
            bce(critics.real(fake), ones),
            F.cross_entropy(critics(fake)[1], given.voice_labels),
        ]
        networks.generator.zero_grad()
        (terms[3] + terms[4]).backward()
        optimisers["generator"].step()
        found.append([term.item() for term in terms])
    return networks, found


def test_the_step_without_waste_is_the_plain_one():
    settings = small(**{"training.learning_rate": 2e-4})
    expected, losses = plain(settings, 4)
    networks, found = run(settings, 4)
    assert [list(map(float, terms.values())) for terms in found] == [
        pytest.approx(terms, rel=1e-5) for terms in losses
    ]
    for name, value in tensors(expected).items():
        torch.testing.assert_close(tensors(networks)[name], value, rtol=0, atol=1e-5)


def test_in_bf16_the_generator_meets_the_critics_after_their_step():
    settings = small(**BF16, **{"training.learning_rate": 0.05})
    networks, losses = run(settings, 1)
    before = made(settings)
    given = batch()
    embedding = steps.embed(before.voice_encoder, given.voices, given.noise, settings.embedding)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        logits = networks.critics.real(before.generator(embedding))
        stale = before.critics.real(before.generator(embedding))
    expected, wrong = (F.softplus(-part.float()).mean().item() for part in (logits, stale))
    assert abs(expected - wrong) > 0.1
    assert losses[0]["generator_adversarial"].item() == pytest.approx(expected, abs=0.02)


def test_bf16_follows_fp32_and_does_not_equal_it():
    _, exact = run(small(), 3)
    _, half = run(small(**BF16), 3)
    for a, b in zip(exact, half, strict=True):
        for name in a:
            assert b[name].dtype == torch.float32
            assert a[name].item() == pytest.approx(b[name].item(), rel=0.02)
    assert exact[0]["classifier_real"] != half[0]["classifier_real"]


def test_tf32_is_for_bf16_on_a_gpu_alone_and_the_same_order_for_fp32():
    cuda, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = cuda.allow_tf32, cudnn.allow_tf32, cudnn.deterministic
    try:
        for precision, fast in (("bf16", True), ("fp32", False)):
            set_arithmetic(torch.device("cuda"), precision)
            expected = (fast, fast, not fast)
            assert (cuda.allow_tf32, cudnn.allow_tf32, cudnn.deterministic) == expected
            other = "bf16" if precision == "fp32" else "fp32"
            set_arithmetic(torch.device("cpu"), other)
            assert (cuda.allow_tf32, cudnn.allow_tf32, cudnn.deterministic) == expected
    finally:
        cuda.allow_tf32, cudnn.allow_tf32, cudnn.deterministic = before


def test_the_fastest_convolution_is_searched_for_shapes_that_come_again_alone(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    settings = small()
    networks, found = made(settings), {}
    for name in ("voice_encoder", "generator"):
        getattr(networks, name).register_forward_hook(
            lambda *_, name=name: found.update({name: torch.backends.cudnn.benchmark})
        )
    iteration(networks, make_optimisers(networks, settings), batch(), settings)
    assert found == {"voice_encoder": False, "generator": True}
    assert torch.backends.cudnn.benchmark


def test_label_smoothing_changes_the_target_of_real_faces_alone():
    (_, [plainly]), (_, [smooth]) = (
        run(small(**{"training.label_smoothing": share}), 1) for share in (0.0, 0.2)
    )
    networks = made(small())
    logits = networks.critics.real(batch().faces)
    expected = F.binary_cross_entropy_with_logits(logits, torch.full((N,), 0.8))
    torch.testing.assert_close(smooth["discriminator_real"], expected.detach())
    for name in ("discriminator_fake", "classifier_real"):
        assert torch.equal(smooth[name], plainly[name])
    assert not torch.equal(smooth["discriminator_real"], plainly["discriminator_real"])


def test_r1_acts_every_so_many_steps_and_in_proportion(monkeypatch):
    asked = []

    def penalty(critics, real_faces):
        asked.append(real_faces)
        return 0 * critics.discriminator.weight.sum()

    monkeypatch.setattr(steps, "r1_penalty", penalty)
    run(small(**{"training.r1": 1.0, "training.r1_every": 3}), 7)
    assert len(asked) == 3  # steps 0, 3 and 6
    asked.clear()
    run(small(), 7)
    assert not asked


def test_r1_flattens_what_the_discriminator_says_of_real_faces():
    from voice2face.training.gan.stability import r1_penalty

    slopes = []
    for weight in (0.0, 100.0):
        networks, _ = run(small(**{"training.r1": weight, "training.r1_every": 2}), 12)
        slopes.append(r1_penalty(networks.critics, batch().faces).item())
    assert slopes[1] < 0.7 * slopes[0]


def test_the_critics_see_augmented_faces_of_both_kinds(monkeypatch):
    seen = []

    def seeing(faces, kinds):
        seen.append((len(faces), kinds, faces.requires_grad))
        return faces

    monkeypatch.setattr(steps, "augment", seeing)
    run(small(**{"training.augment": ["colour"]}), 1)
    assert seen == [(N, ("colour",), False), (N, ("colour",), False), (N, ("colour",), True)]


@pytest.mark.parametrize("kind", ["colour", "translation", "cutout"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_an_augmented_run_is_finite_and_depends_on_the_random_state(kind, precision):
    settings = small(**{"training.augment": [kind], "training.precision": precision})
    (first, _), (again, losses) = run(settings), run(settings)
    plainly, _ = run(small(**{"training.precision": precision}))
    weight = "generator.layers.to_rgb.weight"
    assert torch.equal(tensors(first)[weight], tensors(again)[weight])
    assert not torch.equal(tensors(first)[weight], tensors(plainly)[weight])
    assert all(loss.isfinite() for terms in losses for loss in terms.values())


def test_the_learning_rate_follows_the_schedule_of_the_recipe():
    settings = small(**{"training.schedule": "linear", "training.iterations": 10})
    networks = made(settings)
    optimisers = make_optimisers(networks, settings)
    iteration(networks, optimisers, batch(), settings, step=5)
    rates = {g["lr"] for o in optimisers.values() for g in o.param_groups}
    assert list(rates) == [pytest.approx(1e-4)]
    before = {name: value.clone() for name, value in tensors(networks).items()}
    iteration(networks, optimisers, batch(), settings, step=10)
    assert all(torch.equal(value, before[name]) for name, value in tensors(networks).items())


def test_gradients_are_averaged_between_each_backward_and_its_step():
    class Nulling:
        """A team of whom all others have the opposite gradient."""

        asked = 0

        def mean_gradients(self, parameters) -> None:
            self.asked += 1
            for parameter in parameters:
                parameter.grad.zero_()

    team, settings = Nulling(), small()
    networks, _ = run(settings, 2, team)
    assert team.asked == 4
    for name, value in tensors(made(settings)).items():
        assert torch.equal(value, tensors(networks)[name]), name


@pytest.mark.parametrize("kernel", [3, 4])
def test_the_tuned_layer_has_the_gradients_of_its_parent(kernel):
    options = {"stride": 2, "padding": 1, "output_padding": 1 if kernel == 3 else 0}
    tuned = WideConvTranspose2d(24, 16, kernel, **options)
    parent = nn.ConvTranspose2d(24, 16, kernel, **options)
    parent.load_state_dict(tuned.state_dict())
    given = torch.randn(3, 24, 4, 4, generator=torch.Generator().manual_seed(0))
    slope = torch.randn(3, 16, 8, 8, generator=torch.Generator().manual_seed(1))
    found = []
    for layer in (tuned, parent):
        x = given.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16):
            y = layer(x)
        y.backward(slope.bfloat16())
        found.append([y, x.grad, layer.weight.grad, layer.bias.grad])
    for a, b in zip(*found, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        assert (a - b).norm() < 0.01 * b.norm()
    # In 32 bits it is its parent, bit for bit.
    assert torch.equal(tuned(given), parent(given))


def test_what_cannot_be_compiled_is_said_in_one_line_and_left_as_it_was(monkeypatch, capsys):
    def broken(*_, **__):
        raise RuntimeError("no C++ compiler here\nand a long story")

    settings = small("bn")
    networks, untouched = made(settings), made(settings)
    monkeypatch.setattr("voice2face.training.gan.compilation._try", broken)
    assert not compile_networks(networks, batch(), settings)
    assert capsys.readouterr().err == (
        "not compiled, the run goes on without: no C++ compiler here\n"
    )
    monkeypatch.undo()
    assert networks.generator._compiled_call_impl is None
    optimisers, others = make_optimisers(networks, settings), make_optimisers(untouched, settings)
    iteration(networks, optimisers, batch(), settings)
    iteration(untouched, others, batch(), settings)
    for name, value in tensors(untouched).items():
        assert torch.equal(value, tensors(networks)[name]), name


def test_the_slope_penalty_goes_with_compiled_networks():
    """What was compiled has no second derivative, which the penalty needs."""
    settings = small("bn", **{"training.r1": 1.0})
    found = []
    for compiled in (True, False):
        networks = made(settings)
        critics = networks.critics
        for part in (critics.face_trunk, critics.classifier_trunk) if compiled else ():
            if part is not None:
                part.compile(backend="aot_eager")  # the compiler's graphs, without its kernels
        losses = iteration(networks, make_optimisers(networks, settings), batch(), settings)
        found.append({name: loss.item() for name, loss in losses.items()})
    assert found[0] == pytest.approx(found[1], abs=1e-5)


def test_a_trial_of_the_compiler_changes_nothing(monkeypatch):
    settings = small("bn")
    networks, untouched = made(settings), made(settings)
    state = torch.get_rng_state()
    # The compiler itself takes long.
    monkeypatch.setattr(nn.Module, "compile", lambda *_, **__: None)
    assert compile_networks(networks, batch(), settings)
    assert torch.equal(torch.get_rng_state(), state)
    for name, value in tensors(untouched).items():
        assert torch.equal(value, tensors(networks)[name]), name
    assert all(p.grad is None for p in networks.critics.parameters())
