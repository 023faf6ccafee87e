"""Small networks and model folders that tests make for themselves."""

import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save

from voice2face.audio.settings import FRONT_ENDS
from voice2face.files import sha256_of
from voice2face.generators import deconvolutional
from voice2face.generators.deconvolutional import DeconvolutionalPart
from voice2face.networks.modules import Generator, VoiceEncoder
from voice2face.networks.variants import recipe
from voice2face.release.format_1 import WEIGHTS, Format1
from voice2face.release.model_folder import CONFIG, read_config
from voice2face.release.network_parts import convolutional_part, deconvolutional_part
from voice2face.release.writing import write_release
from voice2face.settings import Recipe, VoiceEncoderSettings, to_yaml
from voice2face.voice_encoders import convolutional
from voice2face.voice_encoders.convolutional import ConvolutionalPart

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


def as_format_1(folder: Path, out: Path) -> Path:
    """What ``small_model`` wrote into a folder, written as format 1 had it."""
    config = read_config(folder)
    encoder, generator = config.parts
    assert isinstance(encoder, ConvolutionalPart) and isinstance(generator, DeconvolutionalPart)
    out.mkdir()
    weights = {}
    for kind in (convolutional, deconvolutional):
        shutil.copy(folder / kind.FILE, out)
        weights |= load_file(folder / kind.WEIGHTS)
    (out / WEIGHTS).write_bytes(save(weights))
    old = Format1(
        name=config.name,
        front_end_preset=encoder.front_end_preset,
        front_end=encoder.front_end,
        voice_encoder=encoder.network,
        embedding=generator.embedding,
        generator=generator.network,
        provenance=config.provenance,
        sha256={path.name: sha256_of(path) for path in out.iterdir()},
    )
    (out / CONFIG).write_text(to_yaml(old), "utf-8")
    return out


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
