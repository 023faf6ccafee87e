"""The folder of a released model: what lies in it, and how it is checked (no torch)."""

import importlib
from pathlib import Path
from typing import Any

import msgspec

from voice2face.errors import ModelError, SettingsError
from voice2face.files import sha256_of
from voice2face.generators.kinds import GENERATORS
from voice2face.matchers.kinds import MATCHERS
from voice2face.parts import (
    GeneratorPart,
    Part,
    Role,
    VoiceEncoderPart,
)
from voice2face.release.format_1 import Format1
from voice2face.settings import S, Settings, decode, parse_yaml
from voice2face.voice_encoders.kinds import READ_OFFS, VOICE_ENCODERS

FORMAT_VERSION = 2
CONFIG, CARD = "config.yaml", "README.md"
# Models in the package, by name; the first is the default.
SHIPPED_MODELS = {
    name: Path(__file__).parents[1] / "assets" / "models" / name for name in ("face-space", "gan")
}
BUNDLED = SHIPPED_MODELS["face-space"]
MAX_CONFIG_BYTES = 1 << 20
KINDS = VOICE_ENCODERS | GENERATORS | READ_OFFS | MATCHERS

Facts = dict[str, str | int | float | bool | None]


class ModelConfig(Settings, frozen=True, kw_only=True):
    """What ``config.yaml`` holds: the parts of the model, and where it came from.

    Attributes:
        format_version: Version of the file's format.
        name: Name in messages, on pictures and on the page.
        parts: At most one of each role; always a voice encoder.
        provenance: Facts about how it was made.
    """

    format_version: int = FORMAT_VERSION
    name: str
    parts: tuple[Part, ...]
    provenance: Facts = msgspec.field(default_factory=dict)

    def part(self, role: Role) -> Part | None:
        """The part of a role; None where the model has none."""
        return next((part for part in self.parts if part.role == role), None)

    @property
    def voice_encoder(self) -> VoiceEncoderPart:
        """The voice encoder's part."""
        part = self.part("voice_encoder")
        assert isinstance(part, VoiceEncoderPart)  # read_config has seen to it
        return part

    @property
    def generator(self) -> GeneratorPart | None:
        """The generator's part; None: a voice encoder alone (``train voice``)."""
        part = self.part("generator")
        return part if isinstance(part, GeneratorPart) else None

    @property
    def sha256(self) -> dict[str, str]:
        """Checksum of each file of all parts, by name."""
        return {name: sum_ for part in self.parts for name, sum_ in sorted(part.files.items())}


def part_class(kind: str) -> type[Part]:
    """The struct of a kind of parts, one of KINDS."""
    module, _, name = KINDS[kind].partition(":")
    found: type[Part] = getattr(importlib.import_module(module), name)
    return found


def read_config(folder: Path) -> ModelConfig:
    """Read the configuration of a model folder, of this format or an older one.

    Raises:
        ModelError: It is missing, damaged, or of a later format than this program knows.
    """
    path = folder / CONFIG
    if not path.is_file():
        found = f"no {CONFIG} in it" if folder.is_dir() else "no such folder"
        wanted = f"a model's folder or one of {', '.join(SHIPPED_MODELS)}"
        raise ModelError(folder, found, wanted, "correct the name")
    if path.stat().st_size > MAX_CONFIG_BYTES:
        raise ModelError(path, "more than 1 MiB", "a short YAML file", "fetch the model again")
    try:
        data = parse_yaml(path.read_text("utf-8"), path)
        version = data["format_version"]
    except (SettingsError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise _damaged(path, "not a model's configuration") from error
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ModelError(
            path, f"format {version}", f"at most {FORMAT_VERSION}", "update voice2face"
        )
    if version == 1:
        return _checked(_of_format_1(_decoded(data, Format1, path), path), path)
    config = _decoded(data | {"parts": []}, ModelConfig, path)
    listed = data.get("parts")
    if not isinstance(listed, list):
        raise _damaged(path, "no list of parts")
    parts = tuple(_part(one, path) for one in listed)
    return _checked(msgspec.structs.replace(config, parts=parts), path)


def _part(data: Any, path: Path) -> Part:
    """A part by the kind that it names."""
    data = data if isinstance(data, dict) else {}
    kind = str(data.get("kind")).replace("_", "-")  # as the face space's was once written
    if kind not in KINDS:
        found = f"a part of kind {kind!r}"[:80]
        raise ModelError(path, found, f"one of {', '.join(KINDS)}", "update voice2face")
    return _decoded(data | {"kind": kind}, part_class(kind), path, f"{kind} part: ")


def _decoded(data: object, kind: type[S], path: Path, what: str = "") -> S:
    try:
        return decode(data, kind, str(path))
    except SettingsError as error:
        entry = error.thing.removeprefix(f"{path}: ").removeprefix(str(path))
        raise _damaged(path, f"{what}{entry} {error.found}") from error


def _of_format_1(old: Format1, path: Path) -> ModelConfig:
    if set(old.sha256) != old.wanted:
        raise _damaged(path, f"checksums of {', '.join(old.sha256) or 'nothing'}"[:200])
    return ModelConfig(name=old.name, parts=old.parts(), provenance=old.provenance)


def _checked(config: ModelConfig, path: Path) -> ModelConfig:
    """The configuration, after checking that its parts can form a model."""
    if not config.name.strip() or not config.name.isprintable():
        raise _damaged(path, f"the name {config.name!r}"[:80])
    roles = [part.role for part in config.parts]
    if "voice_encoder" not in roles or len(roles) > len(set(roles)):
        found = f"parts that are {', '.join(roles) or 'none'}"[:200]
        raise ModelError(path, found, "one voice encoder, one of each", "fetch the model again")
    for part in config.parts:
        if not part.files and part.needs_files:
            raise _damaged(path, f"checksums of nothing for the {part.role} ({part.kind})")
    return config


def hash_of(folder: Path) -> str:
    """Identifier of a model: the sha256 of its ``config.yaml``, as 64 digits.

    That file holds the checksums of all other parts, but for the card.

    Raises:
        ModelError: It is missing.
    """
    if not (folder / CONFIG).is_file():
        raise _missing(folder / CONFIG)
    return sha256_of(folder / CONFIG)


def check_present(folder: Path, config: ModelConfig) -> None:
    """See that all files but the weights for torch are there, before anything is computed.

    Raises:
        ModelError: One is missing.
    """
    for name in config.sha256:
        if not name.endswith(".safetensors") and not (folder / name).is_file():
            raise _missing(folder / name)


def _missing(path: Path) -> ModelError:
    return ModelError(path, "missing", "every part of the model", "fetch the model again")


def _damaged(path: Path, found: str) -> ModelError:
    return ModelError(path, found, "the file as it was released", "fetch the model again")
