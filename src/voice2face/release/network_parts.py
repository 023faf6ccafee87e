"""The report's networks as parts of a model folder, and back in torch (needs torch)."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import nn

from voice2face.audio.settings import FrontEnd
from voice2face.errors import ModelError
from voice2face.generators import deconvolutional
from voice2face.generators.deconvolutional import DeconvolutionalPart
from voice2face.networks.modules import Generator, VoiceEncoder
from voice2face.parts import Part, PartSource
from voice2face.release.export import export_generator, export_voice_encoder
from voice2face.release.format_1 import WEIGHTS
from voice2face.release.model_folder import CONFIG, ModelConfig, read_config
from voice2face.release.writing import NewPart
from voice2face.settings import EmbeddingSettings
from voice2face.voice_encoders import convolutional
from voice2face.voice_encoders.convolutional import ConvolutionalPart


def convolutional_part(
    encoder: VoiceEncoder,
    front_end_preset: str,
    front_end: FrontEnd,
    *,
    unit: bool = True,
    half: bool = False,
) -> NewPart:
    """A trained voice encoder as a part.

    Args:
        encoder: Trained encoder.
        front_end_preset: Name of the front end.
        front_end: That it was trained on.
        unit: Scale the embedding to length one.
        half: Round weights to 16 bits, in all files (half the size; computed in 32 bits).

    Raises:
        ModelError: It holds a layer that ONNX has not, or weights that 16 bits do not hold.
    """
    part = ConvolutionalPart(
        front_end_preset=front_end_preset, front_end=front_end, network=encoder.settings, unit=unit
    )
    export = partial(export_voice_encoder, encoder.eval(), is_unit=unit, half=half)
    names = convolutional.FILE, convolutional.WEIGHTS
    return _network_part(part, encoder, export, names, half)


def deconvolutional_part(
    generator: Generator, embedding: EmbeddingSettings | None = None, *, half: bool = False
) -> NewPart:
    """A generator as a part.

    Args:
        generator: Trained generator.
        embedding: What was done to embeddings while it was trained.
        half: Round weights to 16 bits, in all files.

    Raises:
        ModelError: It holds a layer that ONNX has not, or weights that 16 bits do not hold.
    """
    part = DeconvolutionalPart(
        network=generator.settings, embedding=embedding or EmbeddingSettings()
    )
    export = partial(export_generator, generator.eval(), half=half)
    names = deconvolutional.FILE, deconvolutional.WEIGHTS
    return _network_part(part, generator, export, names, half)


def _network_part(
    part: Part,
    network: nn.Module,
    export: Callable[[Path | None], None],
    names: tuple[str, str],
    half: bool,
) -> NewPart:
    """A network as a part: its graph and its weights, in files of these names."""
    export(None)  # refused now, and not when it is written

    def write(folder: Path) -> None:
        if half:
            _round_to_half(network)
        _save_weights(network, part.role, folder / names[1], half)
        export(folder / names[0])

    return NewPart(part, write)


def model_in(folder: Path) -> Path:
    """A model folder: the one given, or ``model`` in the folder of a run."""
    if not (folder / CONFIG).is_file() and (folder / "model" / CONFIG).is_file():
        return folder / "model"
    return folder


def read_voice_encoder(folder: Path) -> tuple[VoiceEncoder, ModelConfig]:
    """The report's voice encoder of a model folder, or of a run's folder (its ``model``), in torch.

    Raises:
        ModelError: A part is missing or damaged, or it is another kind of voice encoder.
    """
    folder = model_in(folder)
    config = read_config(folder)
    part = config.voice_encoder
    if not isinstance(part, ConvolutionalPart):
        raise ModelError(folder, f"a voice encoder of kind {part.kind}", "convolutional", "choose")
    encoder = VoiceEncoder(part.network)
    _load_named(encoder, _weights_of(folder, part, convolutional.WEIGHTS), "voice_encoder.")
    return encoder.eval(), config


def read_generator(folder: Path) -> Generator:
    """The report's generator of a model folder, in torch.

    Raises:
        ModelError: A part is missing or damaged, or the model has no such generator.
    """
    part = read_config(folder).generator
    if not isinstance(part, DeconvolutionalPart):
        found = "a voice encoder alone" if part is None else f"a generator of kind {part.kind}"
        raise ModelError(folder, found, "a deconvolutional generator", "choose another model")
    generator = Generator(part.network)
    _load_named(generator, _weights_of(folder, part, deconvolutional.WEIGHTS), "generator.")
    return generator.eval()


def _weights_of(folder: Path, part: Part, name: str) -> Path:
    """The part's weights for torch: its own file, or that of both parts as in format 1."""
    return PartSource(folder, part.files).path(WEIGHTS if WEIGHTS in part.files else name)


def _round_to_half(network: nn.Module) -> None:
    with torch.no_grad():
        for tensor in network.parameters():
            if tensor.dim() >= 2:
                tensor.copy_(tensor.half().float())
                if not bool(torch.isfinite(tensor).all()):
                    found = "weights beyond 65504"
                    raise ModelError("--half", found, "what 16 bits hold", "release 32 bits")


def _save_weights(network: nn.Module, name: str, path: Path, half: bool) -> None:
    tensors: Mapping[str, torch.Tensor] = {
        f"{name}.{key}": (value.half() if half and value.dim() >= 2 else value).contiguous().cpu()
        for key, value in network.state_dict().items()
    }
    # Not save_file, which makes a file that its owner alone can read.
    path.write_bytes(save(dict(tensors)))


def _load_named(network: nn.Module, path: Path, prefix: str) -> None:
    try:
        tensors = load_file(path)
        own = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
        network.load_state_dict({k: v.float() if v.is_floating_point() else v
                                 for k, v in own.items()})  # fmt: skip
    except Exception as error:  # safetensors' and torch's own kinds
        reason = str(error).splitlines()[0]
        raise ModelError(path, reason, f"weights of the {prefix[:-1]}", "fetch it again") from error
