"""A voice encoder of somebody else's: a class in a module, named as ``package:Class``.

It is made with its settings and has what ``voice_encoders.protocol.VoiceEncoder`` says:
``dim`` and ``embed``. See docs/add-a-voice-encoder.md.
"""

import sys
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec

from voice2face.files import sha256_of
from voice2face.parts import PartSource, VoiceEncoderPart
from voice2face.plugins import NAME, import_allowed, import_class, made
from voice2face.voice_encoders.protocol import VoiceEncoder


class VoiceEncoderPlugin(VoiceEncoderPart, frozen=True, kw_only=True, tag="voice-encoder-plugin"):
    """A voice encoder that is a class outside the package.

    Attributes:
        use: ``package:Class``.
        settings: What it is made with.
    """

    needs_files: ClassVar[bool] = False

    use: Annotated[str, msgspec.Meta(pattern=f"^{NAME}$")]
    settings: dict[str, Any] = msgspec.field(default_factory=dict)

    def open(self, source: PartSource) -> VoiceEncoder:
        """The encoder.

        Raises:
            ModelError: Its module is not allowed, or it can't be made.
            SettingsError: It can't be imported.
        """
        return _made(import_allowed(self.use, source.plugins, source.folder), self)

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        return {"voice encoder": self.use}


def named_encoder(use: str) -> tuple[VoiceEncoderPlugin, VoiceEncoder, str]:
    """The encoder that a user names, with its own settings, and the checksum of its module's file.

    Raises:
        ModelError: It can't be made.
        SettingsError: It can't be imported.
    """
    found = import_class(use)
    part = VoiceEncoderPlugin(use=use)
    code = getattr(sys.modules[found.__module__], "__file__", None)
    return part, _made(found, part), sha256_of(Path(code)) if code else ""


def _made(found: type[Any], part: VoiceEncoderPlugin) -> VoiceEncoder:
    made_of = {"settings": dict(part.settings)}
    encoder: VoiceEncoder = made(found, part.use, made_of, ("dim", "embed"))
    return encoder
