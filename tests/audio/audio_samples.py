"""Recordings made here: speech-like sound, noises, and files of many formats."""

import io
import struct
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE_HZ = 16_000


def speech(seconds: float, seed: int = 0) -> np.ndarray:
    """Voiced syllables under formants that move, with short pauses, int16 at 16 kHz."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    at_s = np.arange(0, seconds + 0.2, 0.2)  # a syllable each 200 ms
    low_hz = np.interp(time_s, at_s, rng.uniform(250, 900, len(at_s)))
    high_hz = np.interp(time_s, at_s, rng.uniform(900, 2600, len(at_s)))
    loudness = np.interp(time_s, at_s, rng.choice([0.05, 0.7, 1.0], len(at_s)))
    phase = 2 * np.pi * np.cumsum(110 + 20 * np.sin(2 * np.pi * 0.7 * time_s)) / RATE_HZ
    waveform = np.zeros_like(time_s)
    for harmonic in range(1, 30):
        hz = harmonic * 110
        gain = 1 / (1 + ((hz - low_hz) / 120) ** 2) + 0.5 / (1 + ((hz - high_hz) / 180) ** 2)
        waveform += gain * np.sin(harmonic * phase)
    waveform *= loudness / np.abs(waveform).max()
    return np.round(8000 * waveform + rng.normal(0, 3, len(waveform))).astype(np.int16)


def noise(kind: str, seconds: float, level: float, seed: int = 0) -> np.ndarray:
    """One of `NOISES` with this root mean square (before clipping), int16 at 16 kHz."""
    rng = np.random.default_rng(seed)
    n_samples = round(seconds * RATE_HZ)
    waveform = NOISES[kind](np.arange(n_samples) / RATE_HZ, rng)
    waveform = waveform * (level / waveform.std())
    return np.clip(np.round(waveform), -32768, 32767).astype(np.int16)


def _coloured(exponent: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    def make(time_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        spectrum = np.fft.rfft(rng.standard_normal(len(time_s)))
        hz = np.maximum(np.fft.rfftfreq(len(time_s), 1 / RATE_HZ), 20)
        return np.fft.irfft(spectrum * hz ** (-exponent / 2), len(time_s))

    return make


def _tone(hz: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    return lambda time_s, rng: np.sin(2 * np.pi * hz * time_s)


def _hum(hz: float) -> Callable[[np.ndarray, np.random.Generator], np.ndarray]:
    return lambda time_s, rng: sum(
        np.sin(2 * np.pi * k * hz * time_s + rng.uniform(0, 6)) / k for k in range(1, 20)
    )


def _clicks(time_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    waveform = np.zeros_like(time_s)
    decay = np.exp(-np.arange(800) / 60)
    for at in rng.integers(0, len(time_s) - 800, int(8 * time_s[-1])):
        waveform[at : at + 800] += rng.uniform(0.3, 1) * decay * rng.standard_normal(800)
    return waveform


NOISES = {
    "white": _coloured(0),
    "pink": _coloured(1),
    "brown": _coloured(2),
    "hum": _hum(50),
    "tone": _tone(440),
    "high tone": _tone(3000),
    "clicks": _clicks,
    "beating noise": lambda time_s, rng: (
        _coloured(1)(time_s, rng) * (1 + np.sin(2 * np.pi * 4 * time_s))
    ),
}


def write_wav(waveform: np.ndarray, rate: int = RATE_HZ) -> bytes:
    """16-bit WAV file of int16 samples, shape (samples,) or (samples, channels)."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1 if waveform.ndim == 1 else waveform.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(waveform.astype("<i2").tobytes())
    return buffer.getvalue()


def write_float_wav(waveform: np.ndarray, rate: int = RATE_HZ) -> bytes:
    """32-bit float WAV file; samples of shape (samples,) or (samples, channels)."""
    n_channels = 1 if waveform.ndim == 1 else waveform.shape[1]
    data = waveform.astype("<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, n_channels, rate, rate * 4 * n_channels, 4 * n_channels, 32)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def encode(
    waveform: np.ndarray,
    container: str,
    codec: str,
    rate: int = RATE_HZ,
    layout: str = "mono",
    *,
    pictures: bool = False,
) -> bytes:
    """A file of another format, from mono int16 at 16 kHz; every channel gets the same."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as file:
        video = _video_stream(file) if pictures else None
        stream = file.add_stream(codec, rate=rate, layout=layout)
        if video:
            _write_pictures(file, video)
        _write_sound(file, stream, waveform)
    return buffer.getvalue()


def encode_for_the_web(path: Path, waveform: np.ndarray) -> None:
    """Write an MP4 whose index comes first; FFmpeg moves it in a file that has a name alone."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as file:
        _write_sound(file, file.add_stream("aac", rate=44_100, layout="mono"), waveform)


def silent_video() -> bytes:
    """A video without an audio stream."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as file:
        _write_pictures(file, _video_stream(file))
    return buffer.getvalue()


def _video_stream(file: "av.container.OutputContainer") -> "av.VideoStream":
    stream = file.add_stream("mpeg4", rate=10)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    return stream


def _write_pictures(file: "av.container.OutputContainer", stream: "av.VideoStream") -> None:
    for number in range(5):
        picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        picture.pts, picture.time_base = number, Fraction(1, 10)
        file.mux(stream.encode(picture))
    file.mux(stream.encode(None))


def _write_sound(
    file: "av.container.OutputContainer", stream: "av.AudioStream", waveform: np.ndarray
) -> None:
    context = stream.codec_context
    n_channels = context.layout.nb_channels
    resampler = av.AudioResampler(
        context.format, context.layout, context.rate, context.frame_size or None
    )
    for start in range(0, len(waveform), 1600):
        block = np.repeat(waveform[start : start + 1600], n_channels)
        frame = av.AudioFrame.from_ndarray(block[None], format="s16", layout=context.layout.name)
        frame.sample_rate, frame.pts = RATE_HZ, start
        for resampled in resampler.resample(frame):
            file.mux(stream.encode(resampled))
    for resampled in resampler.resample(None):
        file.mux(stream.encode(resampled))
    file.mux(stream.encode(None))
