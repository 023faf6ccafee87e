"""Frozen, typed configuration: one source for the command line, YAML files and Python.

A variant of anything is a value, made with :func:`msgspec.structs.replace`, never a subclass.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import yaml

from voice2face.errors import SettingsError

S = TypeVar("S", bound="Settings")

Positive = Annotated[float, msgspec.Meta(gt=0, le=1e6)]
Width = Annotated[float, msgspec.Meta(ge=0.01, le=8)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Count = Annotated[int, msgspec.Meta(ge=1)]
FacePx = Literal[16, 32, 64, 128, 256]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all configuration: immutable, keyword-only, and strict about unknown names."""


def _check_order(name: str, ends: tuple[float, float]) -> None:
    if ends[0] > ends[1]:
        raise ValueError(f"{name} from {ends[0]} to {ends[1]}: the shorter first")


class VoiceActivity(Settings, frozen=True, kw_only=True):
    """When is somebody speaking? (METHOD.md, "Audio front end")."""

    aggressiveness: Literal[0, 1, 2, 3] = 2
    frame_s: float = 0.02
    ring_s: float = 0.05  # int(50 / 20) = 2 frames
    trigger_share: float = 0.9
    # The detector adapts to what it is asked. The released program asks about every frame of the
    # ring at each step (so about most frames more than once); `clean` asks once a frame.
    ask_whole_ring: bool = False


class LogMel(Settings, frozen=True, kw_only=True):
    """Window, hop and filters of the spectrogram; lengths in seconds, frequencies in Hz."""

    sample_rate: int = 16_000
    window_s: float = 0.025
    hop_s: float = 0.01
    n_fft: int = 1024
    n_mels: int = 64
    low_hz: float = 20.0
    high_hz: float = 7200.0
    pre_emphasis: float = 0.97
    floor: float = 1e-5
    # The released program filters each window by itself, taking for the "sample before the first"
    # the last sample of the previous window; `clean` filters the whole signal.
    pre_emphasis_in_window: bool = False
    # A window that runs over the end: filled by repeating its own samples, or dropped.
    keep_ragged_window: bool = False


class FrontEnd(Settings, frozen=True, kw_only=True):
    """From a recording to the features that the voice encoder takes."""

    voice_activity: VoiceActivity = VoiceActivity()
    log_mel: LogMel = LogMel()
    min_frames: int = 1000  # shorter sequences are repeated up to this length
    min_speech_s: float = 1.0


FRONT_ENDS: dict[str, FrontEnd] = {
    # What the authors' program does, bit by bit.
    "released": FrontEnd(
        voice_activity=VoiceActivity(ask_whole_ring=True),
        log_mel=LogMel(pre_emphasis_in_window=True, keep_ragged_window=True),
    ),
    # What models trained by this project use: the same numbers without the accidents.
    "clean": FrontEnd(),
}


class VoiceEncoderSettings(Settings, frozen=True, kw_only=True):
    """Shape of the voice encoder."""

    n_mels: Count = 64
    channels: tuple[Count, ...] = (256, 384, 576, 864)
    embedding_dim: Count = 64
    width: Width = 1.0  # share of the channels


class EmbeddingSettings(Settings, frozen=True, kw_only=True):
    """What happens to a voice embedding before the generator takes it."""

    unit: bool = True  # scaled to length one; the report's table takes it as it is
    noise: NotNegative = 0.05  # while training: Gaussian, before a second normalisation


class GeneratorSettings(Settings, frozen=True, kw_only=True):
    """Shape of the generator."""

    embedding_dim: Count = 64
    face_px: FacePx = 64
    width: Width = 1.0
    kernel: Literal[3, 4] = 4
    batch_norm: bool = False
    tanh: bool = False
    dropout: Share = 0.0


class CriticSettings(Settings, frozen=True, kw_only=True):
    """Shape of discriminator and classifier."""

    face_px: FacePx = 64
    trunk_dim: Count = 64
    width: Width = 1.0
    kernel: Literal[3, 4] = 4
    shared_trunk: bool = True
    leaky_output: bool = False  # LeakyReLU after the trunk's last layer, as the table has it
    batch_norm: bool = False
    dropout: Share = 0.0


class FaceTraining(Settings, frozen=True, kw_only=True):
    """How generator and critics are trained (METHOD.md, "Training")."""

    iterations: Count = 50_000
    batch_size: Count = 128
    learning_rate: Positive = 2e-4
    betas: tuple[Share, Share] = (0.5, 0.999)
    crop_frames: tuple[Count, Count] = (300, 800)  # one length a batch, both ends included
    flip_share: Share = 0.5  # faces mirrored left to right
    pair_by: str = "identity"  # or the attribute that voices and faces have in common
    ema_decay: Share = 0.0  # of the averaged generator that is released; 0: the last one is
    precision: Literal["fp32", "bf16"] = "fp32"

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
    batch_size: Count = 128
    learning_rate: Positive = 1e-3
    weight_decay: NotNegative = 1e-4
    crop_frames: tuple[Count, Count] = (300, 800)
    precision: Literal["fp32", "bf16"] = "fp32"

    def __post_init__(self) -> None:
        """Refuse lengths in the wrong order."""
        _check_order("crop_frames", self.crop_frames)


class Run(Settings, frozen=True, kw_only=True):
    """What a run writes and when; nothing here changes what is computed."""

    checkpoint_every: Count = 1000
    sample_every: Count = 500
    log_every: Count = 10
    keep_checkpoints: Count = 2


class SpeakerRecipe(Settings, frozen=True, kw_only=True):
    """Everything that decides what a speaker training computes, but for data and seed."""

    voice_encoder: VoiceEncoderSettings = VoiceEncoderSettings()
    training: SpeakerTraining = SpeakerTraining()


def change(settings: S, changes: Mapping[str, Any]) -> S:
    """Settings with some entries changed, each named by its path: ``{"generator.tanh": True}``.

    Raises:
        SettingsError: An entry that does not exist, or a value that it cannot have.
    """
    data: dict[str, Any] = msgspec.to_builtins(settings)
    for path, value in changes.items():
        *parents, name = path.split(".")
        place = data
        for parent in parents:
            place = place[parent] if isinstance(place.get(parent), dict) else {}
        if name not in place or isinstance(place[name], dict):
            raise SettingsError(
                path, "no such setting", f"one of {', '.join(entries(settings))}", "correct it"
            )
        place[name] = value
    return decode(data, type(settings), "settings")


def entries(settings: Settings) -> list[str]:
    """Paths of all entries: ``["embedding.unit", "embedding.noise", …]``."""

    def walk(data: Any, prefix: str) -> list[str]:
        if not isinstance(data, dict):
            return [prefix]
        return [path for k, v in data.items() for path in walk(v, f"{prefix}.{k}" if prefix else k)]

    return walk(msgspec.to_builtins(settings), "")


def decode(data: Any, kind: type[S], source: str) -> S:
    """Check plain data (from YAML or JSON) against a settings class.

    Raises:
        SettingsError: A name that does not exist, or a value of the wrong kind.
    """
    try:
        return msgspec.convert(data, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise SettingsError(
            source, str(error), f"a valid {kind.__name__}", "correct the entry"
        ) from error


def read_yaml(path: Path, kind: type[S]) -> S:
    """Read settings from a YAML file.

    Raises:
        SettingsError: The file is not YAML or does not fit ``kind``.
    """
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise SettingsError(path, f"not YAML ({reason})", "a YAML file", "restore it") from error
    return decode(data, kind, str(path))


def to_yaml(settings: Settings) -> str:
    """Settings as YAML text that :func:`read_yaml` reads back to the same value."""
    return yaml.safe_dump(msgspec.to_builtins(settings), sort_keys=False, allow_unicode=True)
