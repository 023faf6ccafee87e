"""One iteration: a critic step, then a generator step ("Training" of docs/method.md)."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam

from voice2face.networks.modules import Critics, Generator, unit
from voice2face.settings import EmbeddingSettings, FaceTraining, Recipe
from voice2face.training.data.batch import Batch
from voice2face.training.distributed import ALONE, Team
from voice2face.training.gan.stability import augment, r1_penalty, set_learning_rates


@dataclass
class FaceNetworks:
    """The networks of a face training; the voice encoder is frozen."""

    voice_encoder: nn.Module
    generator: Generator
    critics: Critics

    @classmethod
    def make(cls, recipe: Recipe, encoder: nn.Module, n_labels: int) -> "FaceNetworks":
        """New generator and critics beside an encoder.

        Args:
            recipe: Their shapes.
            encoder: From stretches (batch, frame_dim, frames) to embeddings; frozen here.
            n_labels: People, or groups.

        Returns:
            With PyTorch's default initialisation, from its global random state.
        """
        encoder = encoder.eval().requires_grad_(False)
        return cls(encoder, Generator(recipe.generator), Critics(recipe.critics, n_labels))

    def named(self) -> dict[str, nn.Module]:
        """Each network by its full name."""
        critics = {n: m for n, m in self.critics.named_children() if m is not None}
        return {"voice_encoder": self.voice_encoder, "generator": self.generator, **critics}

    def trained(self) -> dict[str, nn.Module]:
        """Networks that this training changes: all but the voice encoder."""
        return {name: net for name, net in self.named().items() if name != "voice_encoder"}

    def to(self, device: torch.device) -> "FaceNetworks":
        """Move all to a device, pictures' networks with their channels last (faster there)."""
        self.voice_encoder.to(device)
        for net in (self.generator, self.critics):
            net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return self


Optimisers = dict[str, Adam]


def make_optimisers(networks: FaceNetworks, recipe: Recipe) -> Optimisers:
    """One Adam for each network that is trained, with a fused kernel where there is one."""
    training = recipe.training
    fused = next(networks.generator.parameters()).device.type in ("cpu", "cuda")
    return {
        name: Adam(net.parameters(), training.learning_rate, training.betas, fused=fused)
        for name, net in networks.trained().items()
    }


def embed(encoder: nn.Module, voices: Tensor, noise: Tensor, settings: EmbeddingSettings) -> Tensor:
    """What the generator is given: e = unit(encoder(voice)), then unit(e + noise).

    Args:
        encoder: In evaluation mode.
        voices: (batch, frame_dim, frames).
        noise: (batch, embedding_dim), scaled.
        settings: Whether the embedding is scaled to length one.

    Returns:
        (batch, embedding_dim), without gradient.
    """
    with torch.no_grad():
        embedding: Tensor = encoder(voices).float()
        if settings.unit:
            return unit(unit(embedding) + noise)
        return embedding + noise


def critic_step(
    networks: FaceNetworks,
    optimisers: Optimisers,
    batch: Batch,
    fake_faces: Tensor,
    training: FaceTraining,
    step: int = 0,
    team: Team = ALONE,
) -> dict[str, Tensor]:
    """BCE(D(real), 1) + BCE(D(fake), 0) + CE(C(real), identity of the face), and one step.

    Args:
        networks: Their critics are changed.
        optimisers: One a network.
        batch: Its faces and their labels are used.
        fake_faces: Made from the batch's voices; no gradient flows back to the generator.
        training: Precision; what the critics see and are asked, for small corpora.
        step: Iterations before this one.
        team: Processes that train together.

    Returns:
        The three terms, before the step.
    """
    real_faces = augment(batch.faces, training.augment)
    with _precision(batch.faces.device, training):
        shown = augment(fake_faces.detach(), training.augment)
        real, fake, identity = networks.critics.compare(real_faces, shown)
    losses = {
        "discriminator_real": _bce(real, 1.0 - training.label_smoothing),
        "discriminator_fake": _bce(fake, 0.0),
        "classifier_real": F.cross_entropy(identity.float(), batch.face_labels),
    }
    total = torch.stack(list(losses.values())).sum()
    if training.r1 and step % training.r1_every == 0:
        weight = training.r1 * training.r1_every  # as much in all as at each step
        total = total + weight * r1_penalty(networks.critics, real_faces)
    networks.critics.zero_grad(set_to_none=True)
    total.backward()  # type: ignore[no-untyped-call]
    team.mean_gradients(networks.critics.parameters())
    for name, optimiser in optimisers.items():
        if name != "generator":
            optimiser.step()
    return _values(losses)


def generator_step(
    networks: FaceNetworks,
    optimisers: Optimisers,
    batch: Batch,
    fake_faces: Tensor,
    training: FaceTraining,
    team: Team = ALONE,
) -> dict[str, Tensor]:
    """BCE(D(fake), 1) + CE(C(fake), identity of the voice), and one step of the generator.

    Args:
        networks: Their generator is changed; the critics are those after their step.
        optimisers: One a network.
        batch: The labels of its voices are used.
        fake_faces: Made from the batch's voices, with their graph.
        training: Precision; what the critics see.
        team: Processes that train together.

    Returns:
        The two terms, before the step.
    """
    with _precision(fake_faces.device, training):
        fake, identity = networks.critics(augment(fake_faces, training.augment))
    losses = {
        "generator_adversarial": _bce(fake, 1.0),
        "generator_identity": F.cross_entropy(identity.float(), batch.voice_labels),
    }
    weights = list(networks.generator.parameters())
    networks.generator.zero_grad(set_to_none=True)
    # `inputs`: no gradient is computed for the critics' weights, which this step leaves alone.
    total = torch.stack(list(losses.values())).sum()
    total.backward(inputs=weights)  # type: ignore[no-untyped-call]
    team.mean_gradients(weights)
    optimisers["generator"].step()
    return _values(losses)


def iteration(
    networks: FaceNetworks,
    optimisers: Optimisers,
    batch: Batch,
    recipe: Recipe,
    step: int = 0,
    team: Team = ALONE,
) -> dict[str, Tensor]:
    """One iteration.

    Args:
        networks: Changed, but for the voice encoder.
        optimisers: One a network.
        batch: Batch of this process.
        recipe: What to compute.
        step: Iterations before this one; the schedule and the penalty on real faces go by it.
        team: Processes whose gradients are averaged.

    Returns:
        The five losses, of this process' batch, in the order of the reference arrays.
    """
    set_learning_rates(optimisers.values(), recipe.training, step)
    embedding = hear(networks, batch, recipe)
    return both_steps(networks, optimisers, batch, embedding, recipe, step, team)


def hear(networks: FaceNetworks, batch: Batch, recipe: Recipe) -> Tensor:
    """What the generator is given for the voices of a batch: (batch, embedding_dim)."""
    with _precision(batch.faces.device, recipe.training), _of_any_length():
        return embed(networks.voice_encoder, batch.voices, batch.noise, recipe.embedding)


def both_steps(
    networks: FaceNetworks,
    optimisers: Optimisers,
    batch: Batch,
    embedding: Tensor,
    recipe: Recipe,
    step: int = 0,
    team: Team = ALONE,
) -> dict[str, Tensor]:
    """An iteration after :func:`hear`; its shapes don't depend on the length of the voices.

    Args and result are those of :func:`iteration`; of the batch, voices and noise are not used.
    """
    training = recipe.training
    with _precision(embedding.device, training):
        fake_faces = networks.generator(embedding)
    losses = critic_step(networks, optimisers, batch, fake_faces, training, step, team)
    return losses | generator_step(networks, optimisers, batch, fake_faces, training, team)


def _precision(device: torch.device, training: FaceTraining) -> torch.autocast:
    # One for each pass, never one around a whole iteration: until it ends it keeps the bfloat16
    # copies of the weights, so that the generator's step would meet the critics before theirs.
    return torch.autocast(device.type, torch.bfloat16, enabled=training.precision == "bf16")


@contextlib.contextmanager
def _of_any_length() -> Iterator[None]:
    """Without cuDNN's search for the fastest convolution, which would run for each new length."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before


def _values(losses: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: loss.detach() for name, loss in losses.items()}


def _bce(logits: Tensor, target: float) -> Tensor:
    # In 32 bits whatever the precision of the networks: bfloat16 has only 8 bits of it.
    return F.binary_cross_entropy_with_logits(
        logits.float(), torch.full_like(logits, target, dtype=torch.float32)
    )
