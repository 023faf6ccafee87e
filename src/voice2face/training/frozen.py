"""The frozen voice encoder that a face training hears with, of whatever kind."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from voice2face.errors import ModelError, TrainingError
from voice2face.files import sha256_of
from voice2face.parts import PartSource, VoiceEncoderPart
from voice2face.plugins import allowed_plugins, is_plugin
from voice2face.release.hub import resolve
from voice2face.release.model_folder import read_config
from voice2face.release.network_parts import convolutional_part, model_in, read_voice_encoder
from voice2face.release.writing import NewPart, copied_part
from voice2face.voice_encoders import ge2e, heard, onnx_file
from voice2face.voice_encoders.adapted import HEAD, AdaptedPart, Head, write_head
from voice2face.voice_encoders.convolutional import ConvolutionalPart
from voice2face.voice_encoders.ge2e import Ge2ePart
from voice2face.voice_encoders.onnx_file import OnnxFilePart
from voice2face.voice_encoders.plugin import named_encoder
from voice2face.voice_encoders.protocol import FrameEncoder, VoiceEncoder
from voice2face.voice_encoders.whole import as_frame_encoder

SHIPPED = "ge2e"  # the encoder that comes with the program


class PooledFrames(nn.Module):
    """Embeddings of stretches, pooled by the encoder itself (no gradient).

    Args:
        encoder: Any.
    """

    def __init__(self, encoder: FrameEncoder) -> None:
        super().__init__()
        self._encoder = encoder

    def forward(self, frames: Tensor) -> Tensor:
        """(batch, frame_dim, frames) → (batch, dim), on the same device."""
        stretches = frames.detach().float().cpu().numpy()
        pooled = np.stack([self._encoder.pooled(one.T) for one in stretches])
        return torch.from_numpy(pooled).to(frames.device)


@dataclass(frozen=True)
class FrozenEncoder:
    """A voice encoder, as a training needs it.

    Attributes:
        part: What is known of it, with the checksums of its files.
        frames: Gives the sequence that is kept of each recording.
        network: From prepared stretches of it, (batch, frame_dim, frames), to embeddings.
        folder: Where its files lie; None where it has none.
        provenance: What its model folder says of its making.
        place: Path of its one file, if that has another name than in a model folder.
        heard: What is read off its embeddings; None where nothing is.
    """

    part: VoiceEncoderPart
    frames: FrameEncoder
    network: nn.Module
    folder: Path | None
    provenance: Mapping[str, Any]
    place: Path | None = None
    heard: NewPart | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """What a model on top of it says of its making."""
        return {f"voice encoder: {key}": value for key, value in self.provenance.items()}

    def new_parts(self, *, unit: bool, half: bool = False) -> list[NewPart]:
        """The encoder as a part of a model that is written, and what is read off it as another.

        Args:
            unit: Its embedding is scaled to length one, where its network is ours to write.
            half: Round its weights to 16 bits, where its network is ours to write.

        Raises:
            ModelError: It can't be written.
        """
        encoder = self._new_part(unit, half)
        return [encoder] if self.heard is None else [encoder, self.heard]

    def check_takes_head(self) -> None:
        """Refuse an encoder whose windows no head may pool.

        Raises:
            TrainingError: It is of another kind.
        """
        if not isinstance(self.part, Ge2ePart | OnnxFilePart):
            raise TrainingError(
                "a head", f"a voice encoder of kind {self.part.kind} under it",
                "ge2e, or FILE.onnx", "train that one itself, or choose another",
            )  # fmt: skip

    def with_head(self, head: Head) -> NewPart:
        """The encoder with a head that pools its windows, as one part; nothing is read off it.

        Raises:
            TrainingError: It takes none.
        """
        self.check_takes_head()
        assert isinstance(self.part, Ge2ePart | OnnxFilePart)
        frozen = self._new_part(unit=True, half=False)

        def write(folder: Path) -> None:
            frozen.write(folder)
            write_head(folder / HEAD, head)

        return NewPart(AdaptedPart(encoder=msgspec.structs.replace(self.part, files={})), write)

    def _new_part(self, unit: bool, half: bool) -> NewPart:
        part = self.part
        if isinstance(part, ConvolutionalPart):
            network: Any = self.network
            return convolutional_part(
                network.cpu(), part.front_end_preset, part.front_end, unit=unit, half=half
            )
        if self.folder is None:
            return NewPart(part, lambda _: None)
        return copied_part(self.folder, part, self.place)


def open_frozen(name: str | Path | None = None) -> FrozenEncoder:
    """The encoder that a user names.

    Args:
        name: A model folder, a run's folder, or a model of the hub; ``ge2e``; ``FILE.onnx`` with
            ``FILE.yaml`` beside it; ``package:Class``; None: that of the bundled model.

    Raises:
        ModelError: It can't be read.
        SettingsError: The class can't be imported.
    """
    text = "" if name is None else str(name)
    if text == SHIPPED and not Path(text).is_dir():
        return _shipped()
    if text.endswith(".onnx"):
        return _file(Path(text))
    if is_plugin(text) and not Path(text).is_dir():
        plugin, own, code = named_encoder(text)
        # Frames that were kept are those of the same code.
        frames = as_frame_encoder(own, f"{plugin.sha256} {code}")
        return FrozenEncoder(plugin, frames, PooledFrames(frames), None, {"made_by": text})
    return _in_folder(model_in(resolve(name)))


def _shipped() -> FrozenEncoder:
    for file in (ge2e.SHIPPED, heard.SHIPPED):
        if not file.is_file():
            raise ModelError(file, "missing", "a file of the program", "install voice2face again")
    folder, part = ge2e.SHIPPED.parent, Ge2ePart(files={ge2e.FILE: sha256_of(ge2e.SHIPPED)})
    made = part.open(PartSource(folder, part.files))
    told = heard.LinearReadOffsPart(files={heard.FILE: sha256_of(heard.SHIPPED)})
    read_offs = copied_part(folder, told, heard.SHIPPED)
    facts = {"made_by": f"{part.kind}, shipped with voice2face"}
    return _of(part, made, folder, facts, heard=read_offs)


def _file(path: Path) -> FrozenEncoder:
    made = onnx_file.OnnxFile(path)
    part = onnx_file.OnnxFilePart(files={onnx_file.FILE: sha256_of(path)}, settings=made.settings)
    return _of(part, made, path.parent, {"made_by": path.name}, place=path)


def _in_folder(folder: Path) -> FrozenEncoder:
    config = read_config(folder)
    part = config.voice_encoder
    made = part.open(PartSource(folder, part.files, plugins=allowed_plugins()))
    told = config.part("heard")
    read_offs = None if told is None else copied_part(folder, told)
    found = _of(part, made, folder, config.provenance, heard=read_offs)
    if isinstance(part, ConvolutionalPart):
        return replace(found, network=read_voice_encoder(folder)[0])
    return found


def _of(
    part: VoiceEncoderPart,
    made: VoiceEncoder,
    folder: Path,
    provenance: Mapping[str, Any],
    **more: Any,
) -> FrozenEncoder:
    frames = as_frame_encoder(made, part.sha256)
    return FrozenEncoder(part, frames, PooledFrames(frames), folder, provenance, **more)
