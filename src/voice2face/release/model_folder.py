"""The folder of a released model: what lies in it, and how it is checked (no torch)."""

from pathlib import Path

import msgspec

from voice2face.errors import ModelError, SettingsError
from voice2face.files import sha256_of
from voice2face.settings import (
    EmbeddingSettings,
    FrontEnd,
    GeneratorSettings,
    Settings,
    VoiceEncoderSettings,
    decode,
    parse_yaml,
)

FORMAT_VERSION = 1
CONFIG, CARD, WEIGHTS = "config.yaml", "README.md", "weights.safetensors"
VOICE_ENCODER, GENERATOR = "voice_encoder.onnx", "generator.onnx"
BUNDLED = Path(__file__).parents[1] / "assets" / "model"
MAX_CONFIG_BYTES = 1 << 20


class ModelConfig(Settings, frozen=True, kw_only=True):
    """What ``config.yaml`` holds: all that is needed to use the model, and where it came from."""

    format_version: int = FORMAT_VERSION
    name: str
    front_end_preset: str
    front_end: FrontEnd
    voice_encoder: VoiceEncoderSettings
    embedding: EmbeddingSettings = EmbeddingSettings()
    generator: GeneratorSettings | None = None  # none: a voice encoder alone (`train voice`)
    provenance: dict[str, str | int | float | bool | None] = msgspec.field(default_factory=dict)
    sha256: dict[str, str] = msgspec.field(default_factory=dict)


def read_config(folder: Path) -> ModelConfig:
    """Read the configuration of a model folder.

    Raises:
        ModelError: It is missing, damaged, or of a later format than this program knows.
    """
    path = folder / CONFIG
    if not path.is_file():
        found = f"no {CONFIG} in it" if folder.is_dir() else "no such folder"
        raise ModelError(folder, found, "the folder of a released model", "check --model")
    if path.stat().st_size > MAX_CONFIG_BYTES:
        raise ModelError(path, "more than 1 MiB", "a short YAML file", "fetch the model again")
    try:
        data = parse_yaml(path.read_text("utf-8"), path)
        version = data["format_version"] if isinstance(data, dict) else None
    except (SettingsError, UnicodeDecodeError, KeyError) as error:
        raise _damaged(path, "not a model's configuration") from error
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ModelError(
            path, f"format {version}", f"at most {FORMAT_VERSION}", "update voice2face"
        )
    try:
        config = decode(data, ModelConfig, str(path))
    except SettingsError as error:
        entry = error.thing.removeprefix(f"{path}: ")
        raise _damaged(path, f"{entry} {error.found}") from error
    if not config.name.strip() or not config.name.isprintable():
        raise _damaged(path, f"the name {config.name!r}"[:80])
    if set(config.sha256) != {*networks_of(config), WEIGHTS}:
        raise _damaged(path, f"checksums of {', '.join(config.sha256) or 'nothing'}"[:200])
    return config


def hash_of(folder: Path) -> str:
    """What names a model beyond doubt: the sha256 of its ``config.yaml``, as 64 digits.

    That file holds the checksums of all other parts, but for the card.

    Raises:
        ModelError: It is missing.
    """
    if not (folder / CONFIG).is_file():
        raise _missing(folder / CONFIG)
    return sha256_of(folder / CONFIG)


def resolve(model: str | Path | None, revision: str | None = None) -> Path:
    """The folder of a model, wherever a user may name one.

    Args:
        model: A folder; ``"org/name"`` or ``"org/name@revision"`` on the hub, where neither that
            nor ``org`` is a folder here (``"hf://org/name"`` is never taken for one); None: the
            bundled model.
        revision: Branch, tag or commit on the hub.

    Returns:
        Its folder, which is not looked into here unless it comes from the hub.

    Raises:
        ModelError: The model can't be had from the hub, or a revision of a folder is asked for.
        MissingExtraError: A name of the hub without the extra ``hub``.
    """
    from voice2face.release.hub_access import hub_name

    name = None if model is None else hub_name(str(model))
    if name is not None:
        from voice2face.release.hub import fetch

        return fetch(name.at(revision))
    if revision is not None:
        raise ModelError(
            model or "the bundled model", "a revision of a folder", "one of a model on the hub",
            "name the model as org/name, or leave the revision out",
        )  # fmt: skip
    return BUNDLED if model is None else Path(model)


def networks_of(config: ModelConfig) -> tuple[str, ...]:
    """Names of the networks' files."""
    return (VOICE_ENCODER, GENERATOR) if config.generator else (VOICE_ENCODER,)


def checked_part(folder: Path, name: str, config: ModelConfig) -> Path:
    """Path of one file of the model, after its checksum was compared.

    Raises:
        ModelError: The file is missing, or is not the one that was released.
    """
    path = folder / name
    if not path.is_file():
        raise _missing(path)
    if sha256_of(path) != config.sha256.get(name):
        raise _damaged(path, f"its checksum is not that in {CONFIG}")
    return path


def check_present(folder: Path, config: ModelConfig) -> None:
    """See that the networks are there, before anything is computed.

    Raises:
        ModelError: One is missing.
    """
    for name in networks_of(config):
        if not (folder / name).is_file():
            raise _missing(folder / name)


def _missing(path: Path) -> ModelError:
    return ModelError(path, "missing", "every part of the model", "fetch the model again")


def _damaged(path: Path, found: str) -> ModelError:
    return ModelError(path, found, "the file as it was released", "fetch the model again")
