"""One iteration of the method: a critic step, then a generator step (METHOD.md, "Training")."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam

from voice2face.networks import Critics, Generator, VoiceEncoder, unit
from voice2face.settings import EmbeddingSettings, Recipe, VoiceEncoderSettings


@dataclass(frozen=True)
class Batch:
    """Voices and faces of one iteration, drawn independently of each other.

    Attributes:
        voices: Normalised log-mel, shape (batch, n_mels, frames).
        voice_labels: Whose voice, shape (batch,).
        faces: In [-1, 1], shape (batch, 3, face_px, face_px).
        face_labels: Whose face, shape (batch,).
        noise: Added to the embedding, already scaled, shape (batch, embedding_dim).
    """

    voices: Tensor
    voice_labels: Tensor
    faces: Tensor
    face_labels: Tensor
    noise: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same on a device, faces with their channels last."""
        voices, labels, noise = (
            part.to(device) for part in (self.voices, self.voice_labels, self.noise)
        )
        faces = self.faces.to(device, memory_format=torch.channels_last)
        return Batch(voices, labels, faces, self.face_labels.to(device), noise)


@dataclass
class FaceNetworks:
    """The networks of a face training; the voice encoder is frozen."""

    voice_encoder: VoiceEncoder
    generator: Generator
    critics: Critics

    @classmethod
    def make(cls, recipe: Recipe, voice: VoiceEncoderSettings, n_labels: int) -> "FaceNetworks":
        """New networks with PyTorch's default initialisation, from its global random state."""
        encoder = VoiceEncoder(voice).eval().requires_grad_(False)
        return cls(encoder, Generator(recipe.generator), Critics(recipe.critics, n_labels))

    def named(self) -> dict[str, nn.Module]:
        """Each network by its full name."""
        critics = {n: m for n, m in self.critics.named_children() if m is not None}
        return {"voice_encoder": self.voice_encoder, "generator": self.generator, **critics}

    def trained(self) -> dict[str, nn.Module]:
        """Those that this training changes: all but the voice encoder."""
        return {name: net for name, net in self.named().items() if name != "voice_encoder"}

    def to(self, device: torch.device) -> "FaceNetworks":
        """Move all to a device, pictures' networks with their channels last (faster there)."""
        self.voice_encoder.to(device)
        for net in (self.generator, self.critics):
            net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return self


Optimisers = dict[str, Adam]


def make_optimisers(networks: FaceNetworks, recipe: Recipe) -> Optimisers:
    """One Adam for each network that is trained."""
    return {
        name: Adam(net.parameters(), recipe.training.learning_rate, recipe.training.betas)
        for name, net in networks.trained().items()
    }


def embed(
    encoder: VoiceEncoder, voices: Tensor, noise: Tensor, settings: EmbeddingSettings
) -> Tensor:
    """What the generator is given: e = unit(encoder(voice)), then unit(e + noise).

    Args:
        encoder: In evaluation mode.
        voices: (batch, n_mels, frames).
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
    networks: FaceNetworks, optimisers: Optimisers, batch: Batch, fake_faces: Tensor
) -> dict[str, Tensor]:
    """BCE(D(real), 1) + BCE(D(fake), 0) + CE(C(real), identity of the face), and one step.

    Args:
        networks: Their critics are changed.
        optimisers: One a network.
        batch: Its faces and their labels are used.
        fake_faces: Made from the batch's voices; no gradient flows back to the generator.

    Returns:
        The three terms, before the step.
    """
    real, identity = networks.critics(batch.faces)
    fake = networks.critics.real(fake_faces.detach())
    losses = {
        "discriminator_real": _bce(real, 1.0),
        "discriminator_fake": _bce(fake, 0.0),
        "classifier_real": F.cross_entropy(identity.float(), batch.face_labels),
    }
    networks.critics.zero_grad(set_to_none=True)
    torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
    for name, optimiser in optimisers.items():
        if name != "generator":
            optimiser.step()
    return losses


def generator_step(
    networks: FaceNetworks, optimisers: Optimisers, batch: Batch, fake_faces: Tensor
) -> dict[str, Tensor]:
    """BCE(D(fake), 1) + CE(C(fake), identity of the voice), and one step of the generator.

    Args:
        networks: Their generator is changed; the critics are those after their step.
        optimisers: One a network.
        batch: The labels of its voices are used.
        fake_faces: Made from the batch's voices, with their graph.

    Returns:
        The two terms, before the step.
    """
    fake, identity = networks.critics(fake_faces)
    losses = {
        "generator_adversarial": _bce(fake, 1.0),
        "generator_identity": F.cross_entropy(identity.float(), batch.voice_labels),
    }
    networks.generator.zero_grad(set_to_none=True)
    # `inputs`: no gradient is computed for the critics' weights, which this step leaves alone.
    total = torch.stack(list(losses.values())).sum()
    total.backward(inputs=list(networks.generator.parameters()))  # type: ignore[no-untyped-call]
    optimisers["generator"].step()
    return losses


def iteration(
    networks: FaceNetworks, optimisers: Optimisers, batch: Batch, recipe: Recipe
) -> dict[str, Tensor]:
    """One iteration; returns its five losses, in the order of the reference arrays."""
    half = torch.autocast(
        batch.faces.device.type, torch.bfloat16, enabled=recipe.training.precision == "bf16"
    )
    with half:
        embedding = embed(networks.voice_encoder, batch.voices, batch.noise, recipe.embedding)
        fake_faces = networks.generator(embedding)
        losses = critic_step(networks, optimisers, batch, fake_faces)
        return losses | generator_step(networks, optimisers, batch, fake_faces)


def _bce(logits: Tensor, target: float) -> Tensor:
    # In 32 bits whatever the precision of the networks: bfloat16 has only 8 bits of it.
    return F.binary_cross_entropy_with_logits(
        logits.float(), torch.full_like(logits, target, dtype=torch.float32)
    )
