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
Hertz = Annotated[float, msgspec.Meta(ge=0, le=24_000)]
ShortTime = Annotated[float, msgspec.Meta(ge=0.001, le=1)]
FacePx = Literal[16, 32, 64, 128, 256]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all configuration: immutable, keyword-only, and strict about unknown names."""


def _check_order(name: str, ends: tuple[float, float]) -> None:
    if ends[0] > ends[1]:
        raise ValueError(f"{name} from {ends[0]} to {ends[1]}: the shorter first")


class VoiceActivity(Settings, frozen=True, kw_only=True):
    """Settings of voice activity detection (docs/method.md, "From sound to features")."""

    aggressiveness: Literal[0, 1, 2, 3] = 2
    frame_s: Annotated[float, msgspec.Meta(ge=0.01, le=0.03)] = 0.02
    ring_s: Annotated[float, msgspec.Meta(ge=0.01, le=60)] = 0.05  # int(50 / 20) = 2 frames
    trigger_share: Share = 0.9
    # The detector adapts to what it is asked. The released program asks about every frame of the
    # ring at each step (so about most frames more than once); `clean` asks once a frame.
    ask_whole_ring: bool = False

    def __post_init__(self) -> None:
        """Refuse a ring that holds no frame."""
        if self.ring_s < self.frame_s:
            raise ValueError(f"ring_s of {self.ring_s}: at least one frame, {self.frame_s}")


class LogMel(Settings, frozen=True, kw_only=True):
    """Window, hop and filters of the spectrogram; lengths in seconds, frequencies in Hz."""

    sample_rate: Annotated[int, msgspec.Meta(ge=8000, le=48_000)] = 16_000
    window_s: ShortTime = 0.025
    hop_s: ShortTime = 0.01
    n_fft: Channels = 1024
    n_mels: Channels = 64
    low_hz: Hertz = 20.0
    high_hz: Hertz = 7200.0
    pre_emphasis: Share = 0.97
    floor: Annotated[float, msgspec.Meta(ge=1e-30, le=1e6)] = 1e-5
    # The released program filters each window by itself, taking for the "sample before the first"
    # the last sample of the previous window; `clean` filters the whole signal.
    pre_emphasis_in_window: bool = False
    # A window that runs over the end: filled by repeating its own samples, or dropped.
    keep_ragged_window: bool = False

    def __post_init__(self) -> None:
        """Refuse what does not fit together."""
        window = round(self.window_s * self.sample_rate)
        if window > self.n_fft:
            raise ValueError(f"window_s of {window} samples: at most n_fft, {self.n_fft}")
        if not self.low_hz < self.high_hz <= self.sample_rate / 2:
            raise ValueError(
                f"low_hz {self.low_hz} and high_hz {self.high_hz}: the lower first, "
                f"at most half the rate, {self.sample_rate / 2}"
            )
        if self.n_mels > self.n_fft // 2:
            raise ValueError(f"n_mels of {self.n_mels}: at most n_fft / 2, {self.n_fft // 2}")


class FrontEnd(Settings, frozen=True, kw_only=True):
    """From a recording to the features that the voice encoder takes."""

    voice_activity: VoiceActivity = VoiceActivity()
    log_mel: LogMel = LogMel()
    min_frames: Frames = 1000  # shorter sequences are repeated up to this length
    min_speech_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 1.0


FRONT_ENDS: dict[str, FrontEnd] = {
    # What the authors' program does, bit by bit.
    "released": FrontEnd(
        voice_activity=VoiceActivity(ask_whole_ring=True),
        log_mel=LogMel(pre_emphasis_in_window=True, keep_ragged_window=True),
    ),
    # What models trained by this project use: the same numbers without the accidents.
    "clean": FrontEnd(),
}


Geometry = Literal["released", "tight", "normalised", "normalised-close"]
NORMALISED: frozenset[Geometry] = frozenset({"normalised", "normalised-close"})
Removable = Literal["hair", "background"]


class FaceFilters(Settings, frozen=True, kw_only=True):
    """Thresholds for faces that are good enough to learn from; `faces.quality` defines them.

    The thresholds leave at least 97 % of the pictures of AVSpeech and of VoxCeleb. Frontal faces
    only, as in the crops that Wen et al. trained on, need ``max_yaw_deg=30``.
    """

    min_score: Share = 0.6  # of the detector
    min_eyes_px: NotNegative = 16.0  # distance of the eyes in the picture
    max_yaw_deg: Annotated[float, msgspec.Meta(ge=0, le=90)] = 65.0
    min_sharpness: NotNegative = 0.04
    min_brightness: Annotated[float, msgspec.Meta(ge=0, le=255)] = 20.0
    max_outside: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.4  # of the crop, off the picture


class NormalisedFilters(Settings, frozen=True, kw_only=True):
    """Thresholds for faces that can be laid on the mean shape; `faces.normalise` defines them."""

    max_turned: Share = 0.1  # of the face's width, nose from the middle of the cheeks
    max_nodded: Share = 0.1  # of eyes to chin
    max_mouth: Share = 0.05  # of the face's height
    max_spectacles: Annotated[float, msgspec.Meta(ge=-10, le=100)] = 0.25
    max_burnt: Share = 0.1  # of the face's pixels
    min_brightness: Annotated[float, msgspec.Meta(ge=0, le=255)] = 50.0
    min_colour: Annotated[float, msgspec.Meta(ge=0, le=255)] = 14.0


class FaceCrop(Settings, frozen=True, kw_only=True):
    """From a picture to an aligned face."""

    px: Annotated[int, msgspec.Meta(ge=8, le=1024)] = 64
    geometry: Geometry = "released"
    filters: FaceFilters = FaceFilters()
    normalised: NormalisedFilters = NormalisedFilters()  # of the geometries NORMALISED alone
    remove: Annotated[tuple[Removable, ...], msgspec.Meta(max_length=2)] = ()
    faces_per_video: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 5

    def __post_init__(self) -> None:
        """Refuse a word that is there twice, and a close crop that is no whole pixels."""
        if len(set(self.remove)) < len(self.remove):
            raise ValueError(f"remove of {', '.join(self.remove)}: each once")
        if self.geometry == "normalised-close" and self.px % 8:
            raise ValueError(f"px of {self.px}: a multiple of 8 with normalised-close")


class NormalisedFace(Settings, frozen=True, kw_only=True):
    """From a picture to a face on the mean shape, in even light, before a plain background."""

    px: Annotated[int, msgspec.Meta(ge=8, le=1024)] = 128
    hair: bool = False  # what the picture shows around the face stays, without the background
    filters: NormalisedFilters = NormalisedFilters()


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
    augment_versions: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 4  # of each, made once
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
