"""Settings of the front ends: which samples are speech, and how their spectra are computed."""

from typing import Annotated, Literal

import msgspec

from voice2face.settings import Channels, Frames, Settings, Share

Hertz = Annotated[float, msgspec.Meta(ge=0, le=24_000)]
ShortTime = Annotated[float, msgspec.Meta(ge=0.001, le=1)]


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


class Windows(Settings, frozen=True, kw_only=True):
    """Windows of a short-time spectrum; lengths in seconds."""

    sample_rate: Annotated[int, msgspec.Meta(ge=8000, le=48_000)] = 16_000
    window_s: ShortTime = 0.025
    hop_s: ShortTime = 0.01

    @property
    def window_samples(self) -> int:
        """Samples of a window."""
        return round(self.window_s * self.sample_rate)

    @property
    def hop_samples(self) -> int:
        """Samples from one window to the next."""
        return round(self.hop_s * self.sample_rate)

    def check_band(self, low_hz: float, high_hz: float) -> None:
        """Refuse filters from one frequency to another that the sample rate does not reach.

        Raises:
            ValueError: They are in the wrong order, or too high.
        """
        if not low_hz < high_hz <= self.sample_rate / 2:
            raise ValueError(
                f"low_hz {low_hz} and high_hz {high_hz}: the lower first, "
                f"at most half the rate, {self.sample_rate / 2}"
            )


class LogMel(Windows, frozen=True, kw_only=True):
    """Window, hop and filters of the spectrogram; lengths in seconds, frequencies in Hz."""

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
        if self.window_samples > self.n_fft:
            found = f"window_s of {self.window_samples} samples"
            raise ValueError(f"{found}: at most n_fft, {self.n_fft}")
        self.check_band(self.low_hz, self.high_hz)
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
