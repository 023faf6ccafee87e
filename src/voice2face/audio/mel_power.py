"""Mel power spectrogram with Slaney's filters, frames centred (numpy)."""

from functools import lru_cache

import numpy as np

from voice2face.arrays import Float32s, Float64s, Int16s
from voice2face.audio.settings import Hertz, Windows
from voice2face.audio.windows import triangles
from voice2face.errors import AudioError
from voice2face.settings import Channels

CHUNK_FRAMES = 256  # worked on at once; more outgrow the processor's cache
LINEAR_BELOW_HZ = 1000.0  # Slaney's scale: linear below, logarithmic above
HZ_PER_MEL = 200 / 3
MELS_PER_NAT = 27 / np.log(6.4)


class MelPower(Windows, frozen=True, kw_only=True):
    """Window, hop and filters; lengths in seconds, frequencies in Hz. The FFT is of one window."""

    n_mels: Channels = 40
    low_hz: Hertz = 0.0
    high_hz: Hertz = 8000.0

    def __post_init__(self) -> None:
        """Refuse what does not fit together."""
        self.check_band(self.low_hz, self.high_hz)


def n_frames(n_samples: int, settings: MelPower = MelPower()) -> int:  # noqa: B008 (frozen)
    """Frames of a waveform: one centred at each hop, the first at its first sample."""
    return 1 + n_samples // settings.hop_samples


@lru_cache(maxsize=8)
def slaney_filters(settings: MelPower = MelPower()) -> Float32s:  # noqa: B008 (frozen)
    """Triangular filters that turn a power spectrum into bands.

    Returns:
        Weights in 1/Hz, shape (window_samples // 2 + 1, n_mels), read-only; each triangle has unit
        area over frequency.

    Source:
        Slaney 1998, "Auditory Toolbox"; librosa's default (``filters.mel``).
    """
    ends = _mel(np.array([settings.low_hz, settings.high_hz]))
    edges = _hertz(np.linspace(ends[0], ends[1], settings.n_mels + 2))
    bins = np.fft.rfftfreq(settings.window_samples, 1 / settings.sample_rate)
    filters = (triangles(bins, edges) * (2 / (edges[2:] - edges[:-2]))).astype(np.float32)
    filters.flags.writeable = False
    return filters


def mel_power(
    waveform: Int16s,
    gain: float = 1.0,
    settings: MelPower = MelPower(),  # noqa: B008 (frozen)
    frames: tuple[int, int] | None = None,
) -> Float32s:
    """Mel power of some frames of one recording; what lies off its ends is zero.

    Args:
        waveform: Mono int16, shape (samples,).
        gain: What its samples, in [-1, 1], are multiplied by.
        settings: Window, hop and filters.
        frames: The first, and the one after the last; by default all of them. Frames past the end
            are those of silence.

    Returns:
        Power, no logarithm, shape (frames, n_mels).

    Raises:
        AudioError: The waveform is not mono int16.

    Source:
        librosa's ``feature.melspectrogram``: Hann window, frames centred, padded with zeros.
    """
    if waveform.dtype != np.int16 or waveform.ndim != 1:
        found = f"{waveform.dtype} samples of shape {waveform.shape}"
        raise AudioError("waveform", found, "mono int16", "read the recording with load_clip")
    start, stop = frames or (0, n_frames(len(waveform), settings))
    window, hop = settings.window_samples, settings.hop_samples
    taper = (np.hanning(window + 1)[:-1] * (gain / 32768)).astype(np.float32)
    filters = slaney_filters(settings)
    bands = np.empty((max(stop - start, 0), settings.n_mels), np.float32)
    for first in range(start, stop, CHUNK_FRAMES):
        last = min(first + CHUNK_FRAMES, stop)
        begin = first * hop - window // 2
        stretch = _padded(waveform, begin, begin + (last - first - 1) * hop + window)
        rows = np.lib.stride_tricks.sliding_window_view(stretch, window)[::hop]
        spectra = np.fft.rfft(rows * taper, axis=1)
        bands[first - start : last - start] = (spectra.real**2 + spectra.imag**2) @ filters
    return bands


def _padded(waveform: Int16s, begin: int, end: int) -> Int16s:
    """Samples from ``begin`` to ``end``, zero where there are none."""
    inside = waveform[max(begin, 0) : max(end, 0)]
    before = min(max(-begin, 0), end - begin)
    return np.pad(inside, (before, end - begin - before - len(inside)))


def _mel(hz: Float64s) -> Float64s:
    knee = LINEAR_BELOW_HZ / HZ_PER_MEL
    above = knee + MELS_PER_NAT * np.log(np.maximum(hz, LINEAR_BELOW_HZ) / LINEAR_BELOW_HZ)
    return np.where(hz < LINEAR_BELOW_HZ, hz / HZ_PER_MEL, above)


def _hertz(mel: Float64s) -> Float64s:
    knee = LINEAR_BELOW_HZ / HZ_PER_MEL
    above = LINEAR_BELOW_HZ * np.exp((np.maximum(mel, knee) - knee) / MELS_PER_NAT)
    return np.where(mel < knee, mel * HZ_PER_MEL, above)
