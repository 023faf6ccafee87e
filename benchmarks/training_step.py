"""The training step; target: 3 times the plain recipe's rate, 60 % of the bf16 matrix rate.

The rival is the released program as docs/method.md has it: fp32, the trunk twice over the same
faces, gradients for the frozen encoder and, in the generator's step, for the critics. Full width,
batch 128, one thread on one core, taken in turns within one process; judged by processor time,
which other programs on the machine disturb less than they do the clock.
"""

import copy
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmarks.harness import Figure, NotHereError, Result, figure, run_process
from benchmarks.inputs import Inputs

if TYPE_CHECKING:
    from torch import nn

    from voice2face.settings import Recipe
    from voice2face.training.data.batch import Batch
    from voice2face.training.gan.steps import FaceNetworks

BATCH = 128
N_IDENTITIES = 500
N_FRAMES = (300, 430, 550, 680, 800)  # one length a round; the recipe's mean is 550
MATRIX = 4096  # side of the square matrices


def measure(inputs: Inputs) -> Result:
    """Rounds of the plain step, of the project's in both precisions and of a matrix product."""
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise NotHereError("torch; install voice2face[train]") from error
    answer = inputs.folder / "training_step.json"
    command = [sys.executable, "-m", "benchmarks.training_step", answer]
    run_process(command, n_cores=1)
    found = json.loads(answer.read_text("utf-8"))
    peaks = {
        name: run_process([*command, "--only", name], n_cores=1).peak_mb
        for name in ("plain", "bf16")
    }
    return Result(
        command="one iteration of voice2face train face, batch 128, full width, one core",
        figures=_figures(found, peaks),
        about={
            "rival": "docs/method.md on the released program: fp32, double trunk passes, gradients "
            "everywhere, contiguous layout, plain Adam",
            "threads": 1,
            "frames of the voices, by round": N_FRAMES,
            "multiply-adds a sample, without waste": found["multiply_adds"],
        },
    )


def _figures(found: dict[str, Any], peaks: dict[str, float]) -> tuple[Figure, ...]:
    seconds = {name: [cpu for cpu, _ in found[name]] for name in ("plain", "bf16", "fp32")}
    rates = [2e-9 * MATRIX**3 / cpu for cpu, _ in found["matrix"]]
    ours = [
        2e-9 * BATCH * n / cpu
        for n, cpu in zip(found["multiply_adds"], seconds["bf16"], strict=True)
    ]
    shares = [a / b for a, b in zip(ours, rates, strict=True)]
    return (
        *(figure(f"{name}, processor s an iteration", seconds[name]) for name in seconds),
        *(figure(f"{name}, clock s an iteration", [w for _, w in found[name]]) for name in seconds),
        figure("plain / bf16", _ratios(seconds["plain"], seconds["bf16"]), at_least=3.0),
        figure("plain / fp32", _ratios(seconds["plain"], seconds["fp32"])),
        figure("bf16 matrix product, GFLOP/s", rates),
        figure("bf16 step, GFLOP/s", ours),
        figure("bf16 step / matrix product", shares, at_least=0.6),
        *(figure(f"{name}, peak_mb", [peak]) for name, peak in peaks.items()),
    )


def _ratios(plain: list[float], ours: list[float]) -> list[float]:
    return [a / b for a, b in zip(plain, ours, strict=True)]


def multiply_adds(n_frames: int) -> int:
    """Multiply-adds of a sample in an iteration without waste; biases and activations left out.

    The gradient of a layer's weights and that of its input cost as much again as its output each.
    The encoder gives outputs only; the trunk sees a real and a made face in the critics' step, and
    the made one again in the generator's, without gradients of weights.
    """
    import torch

    from voice2face.networks.modules import VoiceEncoder
    from voice2face.settings import Recipe, VoiceEncoderSettings
    from voice2face.training.gan.steps import FaceNetworks

    recipe = Recipe()
    with torch.device("meta"):
        networks = FaceNetworks.make(recipe, VoiceEncoder(VoiceEncoderSettings()), N_IDENTITIES)
        voice = torch.empty(1, 64, n_frames)
        noise = torch.empty(1, recipe.generator.embedding_dim)
        face = torch.empty(1, 3, recipe.critics.face_px, recipe.critics.face_px)
    encoder = _of_layers(networks.voice_encoder, voice)
    generator = _of_layers(networks.generator, noise)
    critics = _of_layers(networks.critics.face_trunk, face)
    of_critics = 2 * (3 * sum(critics) - critics[0]) + 2 * sum(critics)
    return sum(encoder) + 3 * sum(generator) - generator[0] + of_critics


def _of_layers(network: "nn.Module", given: Any) -> list[int]:
    """Multiply–adds of each convolution, in order."""
    from torch import nn

    counts: list[int] = []

    def count(layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        weight: Any = layer.weight
        # A kernel lies once at each output pixel; a transposed one at each input pixel.
        places = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
        counts.append(weight.numel() * places[0, 0].numel())

    for layer in network.modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d):
            layer.register_forward_hook(count)
    network(given)
    return counts


def plain_step(networks: "FaceNetworks", recipe: "Recipe") -> "Callable[[Batch], None]":
    """The recipe as docs/method.md says that the released program works."""
    import torch
    import torch.nn.functional as F
    from torch.optim import Adam

    parts = networks.named()
    encoder, generator, trunk = (parts[n] for n in ("voice_encoder", "generator", "face_trunk"))
    discriminator, classifier = parts["discriminator"], parts["classifier"]
    encoder.requires_grad_(True)
    training = recipe.training
    optimisers = {
        name: Adam(net.parameters(), training.learning_rate, training.betas)
        for name, net in parts.items()
        if name != "voice_encoder"
    }
    real, fake = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
    bce = F.binary_cross_entropy_with_logits

    def step(batch: "Batch") -> None:
        embedding = F.normalize(encoder(batch.voices))
        made = generator(F.normalize(embedding + batch.noise))
        for net in parts.values():
            net.zero_grad()
        loss = bce(discriminator(trunk(batch.faces)), real)
        loss = loss + bce(discriminator(trunk(made.detach())), fake)
        loss = loss + F.cross_entropy(classifier(trunk(batch.faces)), batch.face_labels)
        loss.backward()
        for name in ("face_trunk", "discriminator", "classifier"):
            optimisers[name].step()
        generator.zero_grad()
        loss = bce(discriminator(trunk(made)), real)
        loss = loss + F.cross_entropy(classifier(trunk(made)), batch.voice_labels)
        loss.backward()
        optimisers["generator"].step()

    return step


def own_step(networks: "FaceNetworks", recipe: "Recipe") -> "Callable[[Batch], None]":
    """The project's."""
    from voice2face.training.gan.steps import iteration, make_optimisers

    optimisers = make_optimisers(networks, recipe)

    def step(batch: "Batch") -> None:
        iteration(networks, optimisers, batch, recipe)

    return step


def _batch(n_frames: int) -> "Batch":
    import torch

    from voice2face.training.data.batch import Batch

    return Batch(
        voices=torch.randn(BATCH, 64, n_frames),
        voice_labels=torch.randint(N_IDENTITIES, (BATCH,)),
        faces=torch.rand(BATCH, 3, 64, 64) * 2 - 1,
        face_labels=torch.randint(N_IDENTITIES, (BATCH,)),
        noise=0.05 * torch.randn(BATCH, 64),
    )


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the processor and of the clock."""
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return time.process_time() - cpu, time.perf_counter() - wall


def _contestants(names: tuple[str, ...]) -> "dict[str, Callable[[Batch], None]]":
    import torch

    from voice2face.networks.modules import VoiceEncoder
    from voice2face.settings import Recipe, VoiceEncoderSettings, change
    from voice2face.training.gan.steps import FaceNetworks

    torch.manual_seed(0)
    recipe, cpu = Recipe(), torch.device("cpu")
    made = FaceNetworks.make(recipe, VoiceEncoder(VoiceEncoderSettings()), N_IDENTITIES)
    steps: dict[str, Callable[[Batch], None]] = {}
    for name in names:
        networks = copy.deepcopy(made)
        if name == "plain":
            steps[name] = plain_step(networks, recipe)
        else:
            chosen = change(recipe, {"training.precision": name})
            steps[name] = own_step(networks.to(cpu), chosen)
    return steps


def main(
    answer: Path,
    only: Annotated[str | None, typer.Option(help="plain, bf16 or fp32, for its peak.")] = None,
    rounds: int = len(N_FRAMES),
) -> None:
    import torch

    torch.set_num_threads(1)
    names = (only,) if only else ("plain", "bf16", "fp32")
    steps = _contestants(names)
    for step in steps.values():
        step(_batch(N_FRAMES[0]))  # the first iteration also makes room and compiles kernels
    if only:
        return
    matrix = torch.randn(MATRIX, MATRIX).bfloat16()
    found: dict[str, Any] = {name: [] for name in (*names, "matrix", "multiply_adds")}
    for n_frames in N_FRAMES[:rounds]:
        batch = _batch(n_frames)
        for name, step in steps.items():
            given = batch if name == "plain" else batch.to(torch.device("cpu"))
            found[name].append(_timed(lambda step=step, given=given: step(given)))  # type: ignore[misc]
        product = min(_timed(lambda: matrix @ matrix) for _ in range(3))
        found["matrix"].append(product)
        found["multiply_adds"].append(multiply_adds(n_frames))
    answer.write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    typer.run(main)
