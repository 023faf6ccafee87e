"""Small networks and model folders that tests make for themselves."""

from pathlib import Path

import torch

from voice2face.audio.settings import FRONT_ENDS
from voice2face.networks.modules import Generator, VoiceEncoder
from voice2face.networks.variants import recipe
from voice2face.release.network_parts import convolutional_part, deconvolutional_part
from voice2face.release.writing import write_release
from voice2face.settings import Recipe, VoiceEncoderSettings

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


def small_model(
    out: Path, chosen: Recipe | None = None, preset: str = "clean", half: bool = False, **options
) -> Path:
    chosen = chosen or recipe(width=WIDTH)
    encoder, generator = small_networks(chosen)
    parts = (
        convolutional_part(
            encoder, preset, FRONT_ENDS[preset], unit=chosen.embedding.unit, half=half
        ),
        deconvolutional_part(generator, chosen.embedding, half=half),
    )
    return write_release(out, "small", parts, **options)
