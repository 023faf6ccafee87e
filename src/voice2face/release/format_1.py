"""Model folders of format 1, which held the report's two networks and nothing else."""

import msgspec

from voice2face.audio.settings import FrontEnd
from voice2face.generators import deconvolutional
from voice2face.generators.deconvolutional import DeconvolutionalPart
from voice2face.parts import Part
from voice2face.settings import EmbeddingSettings, GeneratorSettings, Settings, VoiceEncoderSettings
from voice2face.voice_encoders import convolutional
from voice2face.voice_encoders.convolutional import ConvolutionalPart

WEIGHTS = "weights.safetensors"  # of both networks, for torch


class Format1(Settings, frozen=True, kw_only=True):
    """What ``config.yaml`` held."""

    format_version: int = 1
    name: str
    front_end_preset: str
    front_end: FrontEnd
    voice_encoder: VoiceEncoderSettings
    embedding: EmbeddingSettings = EmbeddingSettings()
    generator: GeneratorSettings | None = None
    provenance: dict[str, str | int | float | bool | None] = msgspec.field(default_factory=dict)
    sha256: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def wanted(self) -> set[str]:
        """Names of the files that must have a checksum."""
        files = {convolutional.FILE, WEIGHTS}
        return files if self.generator is None else {*files, deconvolutional.FILE}

    def parts(self) -> tuple[Part, ...]:
        """The parts, as format 2 has them."""
        encoder = ConvolutionalPart(
            files={name: self.sha256[name] for name in (convolutional.FILE, WEIGHTS)},
            front_end_preset=self.front_end_preset,
            front_end=self.front_end,
            network=self.voice_encoder,
            unit=self.embedding.unit,
        )
        if self.generator is None:
            return (encoder,)
        generator = DeconvolutionalPart(
            files={name: self.sha256[name] for name in (deconvolutional.FILE, WEIGHTS)},
            network=self.generator,
            embedding=self.embedding,
        )
        return encoder, generator
