"""The authors' weights as a model folder (needs torch)."""

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from voice2face.audio.settings import FRONT_ENDS
from voice2face.errors import ModelError
from voice2face.files import sha256_of
from voice2face.networks.modules import Generator, VoiceEncoder
from voice2face.release.model_folder import Facts
from voice2face.release.network_parts import convolutional_part, deconvolutional_part
from voice2face.release.writing import write_release
from voice2face.settings import GeneratorSettings, VoiceEncoderSettings, change

FULL_FIRST_LAYER = {"voice_encoder": 256, "generator": 1024}


def import_released(folder: Path, out: Path) -> Path:
    """Turn the authors' ``voice_embedding.pth`` and ``generator.pth`` into a model folder.

    Raises:
        ModelError: A file is missing, is no state dict of these networks, or holds code.
    """
    voice = read_state_dict(folder / "voice_embedding.pth")
    face = read_state_dict(folder / "generator.pth")
    encoder_settings = change(
        VoiceEncoderSettings(), {"width": _width(voice, 0, "voice_encoder", folder)}
    )
    generator_settings = change(
        GeneratorSettings(), {"width": _width(face, 1, "generator", folder)}
    )
    encoder, generator = VoiceEncoder(encoder_settings), Generator(generator_settings)
    load_ordered(encoder, voice, str(folder / "voice_embedding.pth"))
    load_ordered(generator, face, str(folder / "generator.pth"))
    provenance: Facts = {
        "made_by": "import-released",
        "source": "weights of the authors' released program (Wen, Singh and Raj 2019)",
        "voice_embedding.pth": sha256_of(folder / "voice_embedding.pth"),
        "generator.pth": sha256_of(folder / "generator.pth"),
    }
    parts = (
        convolutional_part(encoder, "released", FRONT_ENDS["released"]),
        deconvolutional_part(generator),
    )
    return write_release(out, "released", parts, provenance)


def _width(state: dict[str, Tensor], axis: int, network: str, folder: Path) -> float:
    """Share of the full width, from the channels of the first layer."""
    first, full = next(iter(state.values())), FULL_FIRST_LAYER[network]
    if first.dim() < 3 or first.shape[axis] > full:
        raise ModelError(
            folder, f"a {network} that starts with {tuple(first.shape)}",
            f"a convolution of at most {full} channels", "check which file it is",
        )  # fmt: skip
    return int(first.shape[axis]) / full


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Tensors of a ``.pth`` file, in their order; anything but tensors is refused.

    Raises:
        ModelError: The file is missing, damaged, or would run code when unpickled.
    """
    if not path.is_file():
        raise ModelError(path, "missing", "the authors' file", "check the folder's name")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            path, "code in the file, or no state dict", "tensors alone", "do not trust this file"
        ) from error
    except Exception as error:  # a damaged file makes torch raise a dozen kinds
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(path, f"damaged ({reason})", "a state dict", "fetch it again") from error
    if not isinstance(state, dict) or not all(
        isinstance(k, str) and isinstance(v, Tensor) for k, v in state.items()
    ):
        raise ModelError(path, "not a state dict", "tensors by name", "check which file it is")
    if not state:
        raise ModelError(path, "no tensors", "a state dict", "check which file it is")
    return state


def load_ordered(network: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Load tensors by their order, which is that of the released program; only names differ.

    Raises:
        ModelError: Their number or shapes are not those of the network, or one is not finite.
    """
    wanted = {k: v for k, v in network.state_dict().items() if "num_batches" not in k}
    found = [v for k, v in tensors.items() if "num_batches" not in k]
    shapes = [tuple(v.shape) for v in found]
    expected = [tuple(v.shape) for v in wanted.values()]
    if shapes != expected:
        pairs = enumerate(zip(shapes, expected, strict=False))
        odd = [f"tensor {i} is {a}, not {b}" for i, (a, b) in pairs if a != b]
        found_shapes = odd[0] if odd else f"{len(shapes)} tensors"
        raise ModelError(
            source,
            f"other shapes ({found_shapes})",
            f"the {len(expected)} tensors of this network",
            "check which file it is",
        )
    for tensor in found:
        is_plain = tensor.layout is torch.strided and tensor.device.type == "cpu"
        if not (is_plain and tensor.is_floating_point() and bool(torch.isfinite(tensor).all())):
            odd_one = "a tensor that is not of finite floats"
            raise ModelError(source, odd_one, "plain numbers", "fetch it again")
    network.load_state_dict(dict(zip(wanted, found, strict=True)), strict=False)
