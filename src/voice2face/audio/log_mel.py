"""Log-mel spectrogram, its normalisation per recording, and its shortest length."""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float32s, Float64s
from voice2face.audio.settings import LogMel
from voice2face.audio.windows import triangles
from voice2face.errors import AudioError, SettingsError

# Windows worked on at once. More are slower: their spectra would outgrow what the allocator keeps
# at hand, and fresh pages cost more than the arithmetic. Memory does not grow with the recording.
CHUNK_FRAMES = 48
GROUP_FILTERS = 16


@lru_cache(maxsize=8)
def mel_filterbank(settings: LogMel = LogMel()) -> Float64s:  # noqa: B008 (frozen)
    """Triangular filters, equally wide in mel, that turn a power spectrum into bands.

    Args:
        settings: FFT length, number of filters and their range in Hz.

    Returns:
        Weights in 1/Hz, shape (n_fft // 2 + 1, n_mels), read-only; each triangle has unit area
        over frequency.

    Raises:
        SettingsError: More filters than the FFT's bins can tell apart.

    Source:
        "From sound to features" of docs/method.md: mel = 2595·log10(1 + f/700), edges rounded to
        FFT bins.
    """
    low, high = 2595 * np.log10(1 + np.array([settings.low_hz, settings.high_hz]) / 700)
    edges_hz = 700 * (10 ** (np.linspace(low, high, settings.n_mels + 2) / 2595) - 1)
    bin_hz = settings.sample_rate / settings.n_fft
    edges = np.round(edges_hz / bin_hz)
    if np.any(np.diff(edges) < 1):
        raise SettingsError(
            "log_mel",
            f"{settings.n_mels} filters on {settings.n_fft // 2 + 1} FFT bins",
            "every filter at least two bins wide",
            "take fewer filters or a longer FFT",
        )
    weights = triangles(np.arange(settings.n_fft // 2 + 1.0), edges)
    filters = weights * (2 / ((edges[2:] - edges[:-2]) * bin_hz))
    filters.flags.writeable = False
    return filters


def log_mel(
    waveform: npt.NDArray[Any],
    settings: LogMel = LogMel(),  # noqa: B008 (frozen)
) -> Float32s:
    """Log-mel spectrogram of one recording.

    Args:
        waveform: Mono speech on the int16 scale, shape (samples,).
        settings: Window, hop and filters; lengths in seconds, frequencies in Hz.

    Returns:
        Natural log of mel power, shape (frames, n_mels); not normalised.

    Raises:
        AudioError: The waveform is empty, not finite, not mono, or shorter than one window.

    Source:
        "From sound to features" of docs/method.md, which also says where the two presets differ.
    """
    _check(waveform, settings)
    hop, window = settings.hop_samples, settings.window_samples
    kept = len(waveform) if settings.keep_ragged_window else len(waveform) - window
    n_frames = kept // hop + 1
    taper = np.hamming(window)
    bands = np.empty((n_frames, settings.n_mels), np.float32)
    # Rows as long as the FFT and zero after the window: faster than to let the FFT pad them.
    rows = np.zeros((CHUNK_FRAMES, settings.n_fft))
    for start in range(0, n_frames, CHUNK_FRAMES):
        stop = min(start + CHUNK_FRAMES, n_frames)
        chunk = rows[: stop - start]
        np.multiply(_windows(waveform, start, stop, settings), taper, out=chunk[:, :window])
        bands[start:stop] = _log_power(chunk, settings)
    return bands


def normalise(bands: Float32s, out: Float32s | None = None) -> Float32s:
    """Give every mel band of a recording zero mean and unit (population) standard deviation.

    Args:
        bands: Log-mel spectrogram, shape (frames, n_mels).
        out: Where the result goes, which may be ``bands``; None: a new array.

    Returns:
        The normalised spectrogram, same shape; a band that never changes becomes zero.
    """
    mean = bands.mean(axis=0, dtype=np.float64)
    squares = np.zeros_like(mean)
    for start in range(0, len(bands), CHUNK_FRAMES):  # no second copy in double precision
        squares += ((bands[start : start + CHUNK_FRAMES] - mean) ** 2).sum(axis=0)
    deviation = np.sqrt(squares / len(bands)) + np.finfo(np.float32).eps
    normalised: Float32s = np.subtract(bands, mean.astype(np.float32), out=out)
    normalised /= deviation.astype(np.float32)
    return normalised


def tile(features: Float32s, min_frames: int) -> Float32s:
    """Repeat a short sequence up to ``min_frames`` frames; a longer one stays as it is.

    Args:
        features: One row per frame, shape (frames, n_mels).
        min_frames: Frames that the result has at least.

    Returns:
        Shape (max(frames, min_frames), n_mels).
    """
    if len(features) >= min_frames:
        return features
    repeated: Float32s = features[np.arange(min_frames) % len(features)]
    return repeated


def _check(waveform: npt.NDArray[Any], settings: LogMel) -> None:
    if waveform.ndim != 1 or len(waveform) == 0:
        found = f"an array of shape {waveform.shape}"
        raise AudioError("waveform", found, "mono samples", "read it with load_clip")
    if waveform.dtype != np.int16 and not np.isfinite(waveform).all():
        raise AudioError("waveform", "NaN or infinite samples", "numbers", "repair the recording")
    window = settings.window_samples
    if len(waveform) < window and not settings.keep_ragged_window:
        found = f"{len(waveform)} samples"
        raise AudioError("waveform", found, f"one window ({window})", "record longer")


def _log_power(rows: Float64s, settings: LogMel) -> Float64s:
    # Double precision costs little here, and with float32 a quiet band beside a loud one would
    # come near the 1e-4 that it may differ from the reference.
    spectrum = np.fft.rfft(rows)  # (frames, n_fft // 2 + 1)
    parts = spectrum.view(np.float64)  # real and imaginary in turn
    np.square(parts, out=parts)
    power = parts[:, ::2] + parts[:, 1::2]
    mel_power = np.empty((len(rows), settings.n_mels))
    for bands, bins, filters in _filter_groups(settings):
        np.matmul(power[:, bins], filters, out=mel_power[:, bands])
    return np.log(np.maximum(mel_power, settings.floor, out=mel_power), out=mel_power)


@lru_cache(maxsize=8)
def _filter_groups(settings: LogMel) -> list[tuple[slice, slice, Float64s]]:
    """Groups of neighbouring filters with the bins that they reach, a quarter of all products."""
    filters = mel_filterbank(settings)
    groups = []
    for start in range(0, settings.n_mels, GROUP_FILTERS):
        bands = slice(start, start + GROUP_FILTERS)
        reached = np.flatnonzero(filters[:, bands].any(axis=1))
        bins = slice(int(reached[0]), int(reached[-1]) + 1)
        groups.append((bands, bins, np.ascontiguousarray(filters[bins, bands])))
    return groups


def _windows(waveform: npt.NDArray[Any], start: int, stop: int, settings: LogMel) -> Float64s:
    """Pre-emphasised windows ``start`` to ``stop``, shape (stop - start, window).

    Where windows are pre-emphasised one by one, the sample before the first of a window is the last
    of the window before it, which lies in this window's own future: an accident of the released
    program, kept.
    """
    if not settings.pre_emphasis_in_window:
        return _plain_windows(waveform, start, stop, settings, settings.pre_emphasis)
    before = min(start, 1)
    plain = _plain_windows(waveform, start - before, stop, settings)
    windows = plain[before:].copy()
    windows[:, 1:] -= settings.pre_emphasis * plain[before:, :-1]
    windows[1 - before :, 0] -= settings.pre_emphasis * plain[:-1, -1]
    return windows


def _plain_windows(
    waveform: npt.NDArray[Any], start: int, stop: int, settings: LogMel, pre_emphasis: float = 0.0
) -> Float64s:
    """Windows of the waveform, which is pre-emphasised as a whole if at all.

    Those that run over its end are filled by repeating their own samples.
    """
    hop, window = settings.hop_samples, settings.window_samples
    first, last = start * hop, (stop - 1) * hop + window
    before = min(first, 1)
    samples = waveform[first - before : last].astype(np.float64)
    if pre_emphasis:
        samples[1:] -= pre_emphasis * samples[:-1]
    samples = samples[before:]
    if last > len(waveform):  # a window without samples is zero
        return np.stack(
            [np.resize(samples[hop * n :][:window], window) for n in range(stop - start)]
        )
    strides = (hop * samples.itemsize, samples.itemsize)
    return np.ndarray((stop - start, window), np.float64, samples, strides=strides)
