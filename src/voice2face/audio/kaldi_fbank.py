"""Log-mel filterbank energies as Kaldi computes them, which most speaker encoders want (numpy)."""

from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s, Float64s, Int16s
from voice2face.audio.settings import Hertz, Windows
from voice2face.audio.windows import triangles
from voice2face.settings import Channels, Share

CHUNK_FRAMES = 256  # worked on at once
LEAST_POWER = np.finfo(np.float32).eps  # before the logarithm


class KaldiFbank(Windows, frozen=True, kw_only=True):
    """Kaldi's options that speaker encoders differ in; lengths in seconds, frequencies in Hz.

    The numbers are those of ``torchaudio.compliance.kaldi.fbank`` without dither and energy, on
    samples of the int16 scale.
    """

    window: Literal["povey", "hamming", "hanning"] = "povey"
    n_mels: Channels = 80
    low_hz: Hertz = 20.0
    high_hz: Hertz | None = None  # None: half the rate
    pre_emphasis: Share = 0.97
    subtract_mean: bool = True  # each band's mean over what enters the network at once

    @property
    def n_fft(self) -> int:
        """The next power of two."""
        return 1 << (self.window_samples - 1).bit_length()


def kaldi_fbank(
    waveform: Int16s,
    settings: KaldiFbank = KaldiFbank(),  # noqa: B008 (frozen)
) -> Float32s:
    """Energies of whole windows.

    Args:
        waveform: Mono int16 at the rate of the settings, shape (samples,).
        settings: Windows and filters.

    Returns:
        Natural logarithm, shape (frames, n_mels); no frames of less than one window.

    Source:
        Kaldi's ``feature-window.cc`` and ``mel-computations.cc`` (``snip-edges``, DC removed from
        each window, pre-emphasis within it), as their documentation describes them.
    """
    size, hop = settings.window_samples, settings.hop_samples
    if len(waveform) < size:
        return np.zeros((0, settings.n_mels), np.float32)
    rows = np.lib.stride_tricks.sliding_window_view(waveform, size)[::hop]
    taper, filters = _taper(settings), _filters(settings)
    bands = np.empty((len(rows), settings.n_mels), np.float32)
    for start in range(0, len(rows), CHUNK_FRAMES):
        chunk = rows[start : start + CHUNK_FRAMES].astype(np.float64)
        chunk -= chunk.mean(axis=1, keepdims=True)
        before = np.concatenate([chunk[:, :1], chunk[:, :-1]], axis=1)
        spectra = np.fft.rfft((chunk - settings.pre_emphasis * before) * taper, settings.n_fft)
        power = (np.abs(spectra) ** 2) @ filters
        bands[start : start + CHUNK_FRAMES] = np.log(np.maximum(power, LEAST_POWER))
    return bands - bands.mean(axis=0) if settings.subtract_mean else bands


def _taper(settings: KaldiFbank) -> Float64s:
    if settings.window == "hamming":
        return np.hamming(settings.window_samples)
    hann = np.hanning(settings.window_samples)
    return np.asarray(hann**0.85 if settings.window == "povey" else hann)


@lru_cache(maxsize=8)
def _filters(settings: KaldiFbank) -> Float64s:
    """Triangles in mel over the FFT's bins, shape (n_fft // 2 + 1, n_mels), read-only."""
    high_hz = settings.high_hz or settings.sample_rate / 2
    edges = np.linspace(_mel(settings.low_hz), _mel(high_hz), settings.n_mels + 2)
    filters = triangles(_mel(np.fft.rfftfreq(settings.n_fft, 1 / settings.sample_rate)), edges)
    filters.flags.writeable = False
    return filters


def _mel(hz: npt.ArrayLike) -> Float64s:
    return np.asarray(1127 * np.log1p(np.asarray(hz, np.float64) / 700))
