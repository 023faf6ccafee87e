"""Write a released model: weights, ONNX, configuration, card; import the authors' weights (torch).

Reading one needs no torch: see :mod:`voice2face.release.inference`.
"""

import os
import pickle
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import torch
from msgspec.structs import replace
from safetensors.torch import load_file, save
from torch import Tensor, nn

from voice2face.errors import ModelError, OutputError
from voice2face.files import sha256_of, write_text
from voice2face.networks.modules import Generator, VoiceEncoder
from voice2face.release.card import model_card
from voice2face.release.export import export_generator, export_voice_encoder
from voice2face.release.model_folder import (
    CARD,
    CONFIG,
    GENERATOR,
    VOICE_ENCODER,
    WEIGHTS,
    ModelConfig,
    checked_part,
    read_config,
)
from voice2face.settings import (
    FRONT_ENDS,
    EmbeddingSettings,
    GeneratorSettings,
    VoiceEncoderSettings,
    change,
    to_yaml,
)

PARTS = {VOICE_ENCODER, GENERATOR, WEIGHTS, CONFIG, CARD}
FULL_FIRST_LAYER = {"voice_encoder": 256, "generator": 1024}
MOST_WEIGHTS = 100_000_000  # of one network; the authors' largest has 12 million


def write_release(
    out: Path,
    config: ModelConfig,
    voice_encoder: VoiceEncoder,
    generator: Generator | None,
    *,
    half: bool = False,
    remarks: str = "",
) -> Path:
    """Write a model folder; an older one there is replaced once the new one is whole.

    Args:
        out: The folder.
        config: Its checksums are filled in here.
        voice_encoder: With its weights.
        generator: With its weights; None for a voice encoder alone.
        half: Round weights to 16 bits, in all files alike (half the size; computed in 32 bits).
        remarks: Markdown for the card: what the faces look like, say.

    Returns:
        ``out``.

    Raises:
        OutputError: It could not be written, or ``out`` holds something else.
    """
    check_replaceable(out)
    networks = {"voice_encoder": voice_encoder.eval()}
    if generator is not None:
        networks["generator"] = generator.eval()  # type: ignore[assignment]
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        if half:
            for network in networks.values():
                _round_to_half(network)
        _save_weights(networks, temporary / WEIGHTS, half)
        export_voice_encoder(voice_encoder, temporary / VOICE_ENCODER, config.embedding.unit, half)
        if generator is not None:
            export_generator(generator, temporary / GENERATOR, half)
        sums = {part.name: sha256_of(part) for part in sorted(temporary.iterdir())}
        config = replace(config, sha256=sums)
        write_text(temporary / CARD, model_card(config, remarks))
        write_text(temporary / CONFIG, to_yaml(config))
        temporary.chmod(0o755)
        _take_place(temporary, out)
    except OSError as error:
        raise OutputError(out, f"could not be written ({error})", "room", "free some") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return out


def check_replaceable(out: Path) -> None:
    """See that a model may be written to ``out``: nothing is there, or an older model alone.

    Raises:
        OutputError: Something else is there.
    """
    if not os.path.lexists(out):
        return
    if out.is_symlink() or not out.is_dir():
        raise OutputError(out, "a file", "a folder", "choose another")
    others = {entry.name for entry in out.iterdir()} - PARTS
    if others or (any(out.iterdir()) and not (out / VOICE_ENCODER).is_file()):
        found = "a folder with other files"
        raise OutputError(out, found, "a new folder, or a model to replace", "choose another")


def _take_place(new: Path, out: Path) -> None:
    """Move a folder to where an older one may be; at every moment one of them is whole."""
    if not out.exists():
        new.replace(out)
        return
    old = out.with_name(f"{new.name}.old")
    out.replace(old)
    new.replace(out)
    shutil.rmtree(old, ignore_errors=True)


def read_voice_encoder(folder: Path) -> tuple[VoiceEncoder, ModelConfig]:
    """The voice encoder of a model folder, or of a run's folder (its ``model``), in torch.

    Raises:
        ModelError: A part is missing or damaged.
    """
    if not (folder / CONFIG).is_file() and (folder / "model" / CONFIG).is_file():
        folder = folder / "model"
    config = read_config(folder)
    encoder = VoiceEncoder(config.voice_encoder)
    _load_named(encoder, checked_part(folder, WEIGHTS, config), "voice_encoder.")
    return encoder.eval(), config


def read_generator(folder: Path) -> Generator:
    """The generator of a model folder, in torch.

    Raises:
        ModelError: A part is missing or damaged, or the model has no generator.
    """
    config = read_config(folder)
    if config.generator is None:
        raise ModelError(folder, "a voice encoder alone", "a generator", "choose another model")
    generator = Generator(config.generator)
    _load_named(generator, checked_part(folder, WEIGHTS, config), "generator.")
    return generator.eval()


def _round_to_half(network: nn.Module) -> None:
    with torch.no_grad():
        for tensor in network.parameters():
            if tensor.dim() >= 2:
                tensor.copy_(tensor.half().float())
                if not bool(torch.isfinite(tensor).all()):
                    found = "weights beyond 65504"
                    raise ModelError("--half", found, "what 16 bits hold", "release 32 bits")


def _save_weights(networks: Mapping[str, nn.Module], path: Path, half: bool) -> None:
    tensors = {
        f"{name}.{key}": (value.half() if half and value.dim() >= 2 else value).contiguous()
        for name, network in networks.items()
        for key, value in network.state_dict().items()
    }
    # Not save_file, which makes a file that its owner alone can read.
    path.write_bytes(save({name: tensor.cpu() for name, tensor in tensors.items()}))


def _load_named(network: nn.Module, path: Path, prefix: str) -> None:
    try:
        tensors = load_file(path)
        own = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
        network.load_state_dict({k: v.float() if v.is_floating_point() else v
                                 for k, v in own.items()})  # fmt: skip
    except Exception as error:  # safetensors' and torch's own kinds
        reason = str(error).splitlines()[0]
        raise ModelError(path, reason, f"weights of the {prefix[:-1]}", "fetch it again") from error


# The authors' weights ---------------------------------------------------------------------------


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
    config = ModelConfig(
        name="released",
        front_end_preset="released",
        front_end=FRONT_ENDS["released"],
        voice_encoder=encoder_settings,
        embedding=EmbeddingSettings(),
        generator=generator_settings,
        provenance={
            "made_by": "import-released",
            "source": "weights of the authors' released program (Wen, Singh and Raj 2019)",
            "voice_embedding.pth": sha256_of(folder / "voice_embedding.pth"),
            "generator.pth": sha256_of(folder / "generator.pth"),
        },
    )
    return write_release(out, config, encoder, generator)


def _width(state: dict[str, Tensor], axis: int, network: str, folder: Path) -> float:
    """Share of the full width, from the channels of the first layer."""
    first = next(iter(state.values()))
    if first.dim() < 3:
        raise ModelError(
            folder, f"a {network} that starts with {tuple(first.shape)}", "a convolution",
            "check which file it is",
        )  # fmt: skip
    return int(first.shape[axis]) / FULL_FIRST_LAYER[network]


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
    for name, tensor in state.items():
        if problem := _oddity(tensor):
            raise ModelError(path, f"{name}: {problem}", "plain numbers", "fetch it again")
    return state


def _oddity(tensor: Tensor) -> str | None:
    """Why a tensor can't be a weight; sizes before anything is computed from them."""
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
        return "sparse, quantised or empty storage"
    if tensor.is_complex() or tensor.dtype == torch.bool:
        return f"{tensor.dtype}"
    if tensor.numel() > MOST_WEIGHTS:
        return f"{tensor.numel()} numbers"
    return None if bool(torch.isfinite(tensor).all()) else "not finite"


def load_ordered(network: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Load tensors by their order, which is that of the released program; only names differ.

    Raises:
        ModelError: Their number or shapes are not those of the network.
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
    network.load_state_dict(dict(zip(wanted, found, strict=True)), strict=False)
