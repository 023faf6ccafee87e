"""Frozen, typed configuration: one source for the command line, YAML files and Python.

A variant of anything is a value, made with :func:`msgspec.structs.replace`, never a subclass.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from voice2face import plain_yaml
from voice2face.errors import SettingsError
from voice2face.files import read_regular
from voice2face.setting_errors import refused

MOST_YAML_BYTES = 4 * plain_yaml.MOST_CHARACTERS

S = TypeVar("S", bound="Settings")

Positive = Annotated[float, msgspec.Meta(gt=0, le=1e6)]
Width = Annotated[float, msgspec.Meta(ge=0.01, le=8)]
NotNegative = Annotated[float, msgspec.Meta(ge=0, le=1e6)]
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
BatchSize = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Channels = Annotated[int, msgspec.Meta(ge=1, le=65_536)]
Frames = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
FacePx = Literal[16, 32, 64, 128, 256]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all configuration: immutable, keyword-only, and strict about unknown names."""


def _check_order(name: str, ends: tuple[float, float]) -> None:
    if ends[0] > ends[1]:
        raise ValueError(f"{name} from {ends[0]} to {ends[1]}: the shorter first")


class VoiceEncoderSettings(Settings, frozen=True, kw_only=True):
    """Shape of the voice encoder."""

    n_mels: Channels = 64
    channels: Annotated[tuple[Channels, ...], msgspec.Meta(max_length=10)] = (256, 384, 576, 864)
    embedding_dim: Channels = 64
    width: Width = 1.0  # share of the channels
    # Batch normalisation and ReLU after the last convolution too, as the report's table has it.
    norm_output: bool = False


class EmbeddingSettings(Settings, frozen=True, kw_only=True):
    """What happens to a voice embedding before the generator takes it."""

    unit: bool = True  # scaled to length one; the report's table takes it as it is
    noise: NotNegative = 0.05  # while training: Gaussian, before a second normalisation


class GeneratorSettings(Settings, frozen=True, kw_only=True):
    """Shape of the generator."""

    embedding_dim: Channels = 64
    face_px: FacePx = 64
    width: Width = 1.0
    kernel: Literal[3, 4] = 4
    batch_norm: bool = False
    tanh: bool = False
    dropout: Share = 0.0


class CriticSettings(Settings, frozen=True, kw_only=True):
    """Shape of discriminator and classifier."""

    face_px: FacePx = 64
    trunk_dim: Channels = 64
    width: Width = 1.0
    kernel: Literal[3, 4] = 4
    shared_trunk: bool = True
    leaky_output: bool = False  # LeakyReLU after the trunk's last layer, as the table has it
    batch_norm: bool = False
    dropout: Share = 0.0
    spectral_norm: bool = False  # of all convolutions of the trunk (Miyato et al. 2018)


# ``auto``: the faster one on the device, which `training.precision` finds when a training starts.
Precision = Literal["auto", "fp32", "bf16"]
# Differentiable augmentation of what the critics see (Zhao et al. 2020).
FaceAugmentation = Literal["colour", "translation", "cutout"]
VoiceAugmentation = Literal["noise", "reverberation", "speed", "codec"]


class FaceTraining(Settings, frozen=True, kw_only=True):
    """How generator and critics are trained (docs/method.md, "Training")."""

    iterations: Count = 50_000
    batch_size: BatchSize = 128
    learning_rate: Positive = 2e-4
    betas: tuple[Share, Share] = (0.5, 0.999)
    crop_frames: tuple[Frames, Frames] = (300, 800)  # one length a batch, both ends included
    flip_share: Share = 0.5  # faces mirrored left to right
    pair_by: str = "identity"  # or the attribute that voices and faces have in common
    set_aside: Share = 0.0  # of the training people's recordings, which are not trained on
    ema_decay: Share = 0.0  # of the averaged generator that is released; 0: the last one is
    precision: Precision = "auto"
    # For small corpora; all off in the paper's presets.
    augment: Annotated[tuple[FaceAugmentation, ...], msgspec.Meta(max_length=3)] = ()
    r1: NotNegative = 0.0  # weight of the gradient penalty on real faces (Mescheder et al. 2018)
    r1_every: Count = 16  # iterations from one penalty to the next (lazy, Karras et al. 2020)
    label_smoothing: Share = 0.0  # the discriminator's target for real faces is 1 less this
    schedule: Literal["constant", "linear", "cosine"] = "constant"  # of the learning rate, to 0
    warmup: Annotated[int, msgspec.Meta(ge=0)] = 0  # iterations up to the full learning rate

    def __post_init__(self) -> None:
        """Refuse lengths in the wrong order."""
        _check_order("crop_frames", self.crop_frames)


class Recipe(Settings, frozen=True, kw_only=True):
    """Everything that decides what a face training computes, but for data and seed."""

    embedding: EmbeddingSettings = EmbeddingSettings()
    generator: GeneratorSettings = GeneratorSettings()
    critics: CriticSettings = CriticSettings()
    training: FaceTraining = FaceTraining()


class SpeakerTraining(Settings, frozen=True, kw_only=True):
    """How the voice encoder is trained for speaker recognition: the stage never published."""

    iterations: Count = 10_000
    batch_size: BatchSize = 128
    learning_rate: Positive = 1e-3
    weight_decay: NotNegative = 1e-4
    crop_frames: tuple[Frames, Frames] = (300, 800)
    set_aside: Share = 0.0  # of the training people's recordings, which are not trained on
    precision: Precision = "auto"
    augment: Annotated[tuple[VoiceAugmentation, ...], msgspec.Meta(max_length=4)] = ()
    augment_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5  # of the recordings of a batch
    augment_versions: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 4  # of a recording, made once
    noises: str = ""  # folder of recordings of noise, beside noise that is made
    rooms: str = ""  # folder of responses of rooms, beside rooms that are made up

    def __post_init__(self) -> None:
        """Refuse lengths in the wrong order."""
        _check_order("crop_frames", self.crop_frames)


class Run(Settings, frozen=True, kw_only=True):
    """What a run writes and when; nothing here changes what is computed."""

    checkpoint_every: Count = 1000
    sample_every: Count = 500
    log_every: Count = 10
    keep_checkpoints: Count = 2  # the last ones; the best is kept beside them
    best_by: str = "matching"  # the reading of a snapshot that says which is best; "": none
    compile: bool = False  # torch.compile
    graph: bool = False  # CUDA: one graph a step


class SpeakerRecipe(Settings, frozen=True, kw_only=True):
    """Everything that decides what a speaker training computes, but for data and seed."""

    voice_encoder: VoiceEncoderSettings = VoiceEncoderSettings()
    training: SpeakerTraining = SpeakerTraining()


def change(settings: S, changes: Mapping[str, Any], under: str = "") -> S:
    """Settings with some entries changed, each named by its path: ``{"generator.tanh": True}``.

    Args:
        settings: What is changed.
        changes: New values by path.
        under: What these settings are called in a larger whole; each path then begins with it and
            a dot.

    Raises:
        SettingsError: An entry that does not exist, or a value that it cannot have.
    """
    data: dict[str, Any] = msgspec.to_builtins(settings)
    before = f"{under}." if under else ""
    for path, value in changes.items():
        *parents, name = path.removeprefix(before).split(".")
        place = data
        for parent in parents:
            place = place[parent] if isinstance(place.get(parent), dict) else {}
        if name not in place or isinstance(place[name], dict):
            known = ", ".join(before + entry for entry in entries(settings))
            wanted = f"one of {known}" if known else f"nothing: {under} has no settings"
            near = difflib.get_close_matches(path, [before + e for e in entries(settings)], n=1)
            found = f"no such setting ({near[0]}?)" if near else "no such setting"
            raise SettingsError(path, found, wanted, "correct it")
        place[name] = value
    return decode(data, type(settings), under)


def entries(settings: Settings) -> list[str]:
    """Paths of all entries: ``["embedding.unit", "embedding.noise", …]``."""

    def walk(data: Any, prefix: str) -> list[str]:
        if not isinstance(data, dict):
            return [prefix]
        return [path for k, v in data.items() for path in walk(v, f"{prefix}.{k}" if prefix else k)]

    return walk(msgspec.to_builtins(settings), "")


def decode(data: Any, kind: type[S], source: str) -> S:
    """Check plain data (from YAML or JSON) against a settings class.

    Args:
        data: Dicts, lists and values.
        kind: The class.
        source: Where the data is from, for messages; empty: they name the entry alone.

    Raises:
        SettingsError: A name that does not exist, or a value of the wrong kind.
    """
    try:
        return msgspec.convert(data, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise refused(error, data, kind, source) from error


def parse_yaml(text: str, source: object) -> Any:
    """Plain data that is written as YAML.

    Raises:
        SettingsError: It is not YAML as :mod:`voice2face.plain_yaml` takes it.
    """
    try:
        return plain_yaml.parse(text)
    except plain_yaml.YamlError as error:
        raise SettingsError(source, f"not YAML ({error})", "plain YAML", "correct it") from error


def read_yaml(path: Path, kind: type[S]) -> S:
    """Read settings from a YAML file.

    Raises:
        SettingsError: The file is not YAML or does not fit ``kind``.
    """
    try:
        text = read_regular(path, MOST_YAML_BYTES).decode()
    except UnicodeDecodeError as error:
        raise SettingsError(path, "not UTF-8", "a YAML file", "restore it") from error
    return decode(parse_yaml(text, path), kind, str(path))


def to_yaml(settings: Settings) -> str:
    """Settings as YAML text that :func:`read_yaml` reads back to the same value."""
    return plain_yaml.dump(msgspec.to_builtins(settings))
