"""Recordings as another channel would have carried them: telephone, MP3, a room."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voice2face.audio import extract, load_clip
from voice2face.corpus import Corpus
from voice2face.errors import AudioError
from voice2face.experiments.speech import Speech

RATE_HZ = 16_000
PHONE_HZ = (300.0, 3400.0)
MU = 255  # of ITU-T G.711
MP3_BIT_S = 24_000
RT60_S, DIRECT_DB = 0.6, 0.0  # a living room, a few steps from the microphone

Sound = npt.NDArray[np.int16]
Channel = Callable[[Sound], Sound]


def telephone(sound: Sound) -> Sound:
    """300 to 3400 Hz at 8 kHz and 8 bits, with the companding of ITU-T G.711 (µ-law).

    Args:
        sound: At 16 kHz, shape (samples,).

    Returns:
        At 16 kHz, as long.
    """
    n = _quick_length(len(sound))
    spectrum = np.fft.rfft(sound.astype(np.float64), n)
    hz = np.fft.rfftfreq(n, 1 / RATE_HZ)
    spectrum[(hz < PHONE_HZ[0]) | (hz > PHONE_HZ[1])] = 0
    at_8_khz = np.fft.irfft(spectrum, n)[::2] / 32768
    level = np.sign(at_8_khz) * np.log1p(MU * np.minimum(np.abs(at_8_khz), 1)) / np.log1p(MU)
    level = np.rint(level * 127) / 127
    heard = np.sign(level) * np.expm1(np.abs(level) * np.log1p(MU)) / MU
    wide = np.zeros(len(spectrum), complex)
    narrow = np.fft.rfft(heard)
    wide[: len(narrow)] = 2 * narrow
    return _as_sound(np.fft.irfft(wide, n)[: len(sound)] * 32768)


def mp3(sound: Sound) -> Sound:
    """Coded as MP3 at 24 kbit/s and decoded again.

    Args:
        sound: At 16 kHz, shape (samples,).

    Raises:
        AudioError: This build of FFmpeg has no encoder for it.
    """
    import av

    memory = io.BytesIO()
    try:
        with av.open(memory, "w", format="mp3") as file:
            stream = file.add_stream("libmp3lame", rate=RATE_HZ, layout="mono")
            stream.bit_rate = MP3_BIT_S
            frame = av.AudioFrame.from_ndarray(sound[None], format="s16", layout="mono")
            frame.sample_rate = RATE_HZ
            resampler = av.AudioResampler(
                stream.codec_context.format, "mono", RATE_HZ, stream.codec_context.frame_size
            )
            for part in (*resampler.resample(frame), *resampler.resample(None)):
                file.mux(stream.encode(part))
            file.mux(stream.encode(None))
    except (av.FFmpegError, ValueError) as error:
        raise AudioError("MP3", str(error), "an encoder", "install another PyAV") from error
    memory.seek(0)
    return load_clip(memory)


def reverberation(sound: Sound, seed: int = 0) -> Sound:
    """In a room: the direct sound, and noise that falls by 60 dB in 0.6 s and is as strong.

    Args:
        sound: At 16 kHz, shape (samples,).
        seed: Of the room.

    Returns:
        As long, and as loud.
    """
    n_room = round(RT60_S * RATE_HZ)
    time_s = np.arange(n_room) / RATE_HZ
    room = np.random.default_rng(seed).standard_normal(n_room) * 10 ** (-3 * time_s / RT60_S)
    room *= 10 ** (-DIRECT_DB / 20) / np.linalg.norm(room)
    room[0] += 1
    n = _quick_length(len(sound) + n_room)
    heard = np.fft.irfft(np.fft.rfft(sound.astype(np.float64), n) * np.fft.rfft(room, n), n)
    heard = heard[: len(sound)]
    loudness = np.linalg.norm(sound.astype(np.float64)) / (np.linalg.norm(heard) + 1e-9)
    return _as_sound(heard * loudness)


CHANNELS: dict[str, Channel] = {
    "telephone": telephone,
    "MP3": mp3,
    "reverberation": reverberation,
}


def recordings_of(corpus: Corpus, split: str) -> dict[str, Path]:
    """The files that recordings were made from, by the recording's name; those still there."""
    found = {}
    for voices in corpus.iter_voices(split):
        for clip, source, path in zip(voices.clip, voices.source, voices.path, strict=True):
            root = Path(corpus.source(int(source)).path)
            root = root if root.is_dir() else root.parent
            file = root / str(path)
            if file.is_file():
                found[str(clip)] = file
    return found


def through(
    corpus: Corpus, speech: Speech, files: dict[str, Path], channel: Channel
) -> tuple[Speech, npt.NDArray[np.int64]]:
    """Recordings read again, changed, and brought to log-mel as the corpus' own were.

    Args:
        corpus: Whose front end is used.
        speech: Which recordings.
        files: As of :func:`recordings_of`.
        channel: Changes a waveform.

    Returns:
        Those that could be read and still hold speech, and their numbers in ``speech``.
    """
    mels, rows = [], []
    for row, clip in enumerate(speech.clip):
        try:
            sound = channel(load_clip(files[str(clip)]))
            heard = extract(sound, corpus.info.front_end, RATE_HZ, check_speech=False)
        except (AudioError, KeyError):
            continue
        mels.append(heard.log_mel)
        rows.append(row)
    kept = speech.only(np.array(rows, np.int64))
    return Speech(kept.clip, kept.identity, mels, kept.attributes), np.array(rows, np.int64)


def _as_sound(samples: npt.NDArray[np.float64]) -> Sound:
    return np.asarray(np.clip(np.rint(samples), -32768, 32767), np.int16)


def _quick_length(n: int) -> int:
    """The next power of two: a transform of a length with large factors takes long."""
    return max(2, 1 << (n - 1).bit_length())
