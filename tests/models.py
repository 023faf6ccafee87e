"""Small networks and model folders that tests make for themselves."""

from pathlib import Path

import torch

from voice2face.networks.modules import Generator, VoiceEncoder
from voice2face.networks.variants import recipe
from voice2face.release.model_folder import ModelConfig
from voice2face.release.writing import write_release
from voice2face.settings import FRONT_ENDS, Recipe, VoiceEncoderSettings

WIDTH = 0.06


def lively(network: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """Give batch normalisation statistics that are not those of a new network."""
    rng = torch.Generator().manual_seed(seed)
    for name, buffer in network.named_buffers():
        if name.endswith("running_mean"):
            buffer.copy_(0.2 * torch.randn(buffer.shape, generator=rng))
        elif name.endswith("running_var"):
            buffer.copy_(0.5 + torch.rand(buffer.shape, generator=rng))
    return network.eval()


def small_networks(chosen: Recipe, seed: int = 0) -> tuple[VoiceEncoder, Generator]:
    torch.manual_seed(seed)
    encoder = lively(VoiceEncoder(VoiceEncoderSettings(width=WIDTH)))
    return encoder, lively(Generator(chosen.generator))


def small_model(out: Path, chosen: Recipe | None = None, preset: str = "clean", **options) -> Path:
    chosen = chosen or recipe(width=WIDTH)
    encoder, generator = small_networks(chosen)
    config = ModelConfig(
        name="small",
        front_end_preset=preset,
        front_end=FRONT_ENDS[preset],
        voice_encoder=VoiceEncoderSettings(width=WIDTH),
        embedding=chosen.embedding,
        generator=chosen.generator,
    )
    return write_release(out, config, encoder, generator, **options)
