"""A recording as another channel would have carried it: telephone, codecs, a room, noise."""

import io
from collections.abc import Callable

import numpy as np

from voice2face.audio.coding import encoded
from voice2face.audio.load import load_clip
from voice2face.audio.noise import Colour, Sound, as_sound, coloured_noise, mixed, quick_length
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.rooms import in_room

PHONE_HZ = (300.0, 3400.0)
MU = 255  # of ITU-T G.711
RT60_S, DIRECT_DB = 0.6, 0.0  # a living room, a few steps from the microphone

Channel = Callable[[Sound], Sound]


def telephone(sound: Sound) -> Sound:
    """300 to 3400 Hz at 8 kHz and 8 bits, with the companding of ITU-T G.711 (µ-law).

    Args:
        sound: At 16 kHz, shape (samples,).

    Returns:
        At 16 kHz, as long.
    """
    n = quick_length(len(sound))
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
    return as_sound(np.fft.irfft(wide, n)[: len(sound)] * 32768)


def mp3(sound: Sound) -> Sound:
    """Coded as MP3 at 24 kbit/s and decoded again; as :func:`coded`."""
    return coded(sound, "libmp3lame", "mp3", RATE_HZ, 24_000)


def opus(sound: Sound) -> Sound:
    """Coded as Opus at 12 kbit/s, as messengers do, and decoded again; as :func:`coded`."""
    return coded(sound, "libopus", "ogg", 48_000, 12_000)


def amr(sound: Sound) -> Sound:
    """Coded as AMR at 12.2 kbit/s, as mobile telephones do, and decoded again; as :func:`coded`."""
    return coded(sound, "libopencore_amrnb", "amr", 8_000, 12_200)


def coded(sound: Sound, codec: str, container: str, rate_hz: int, bit_s: int) -> Sound:
    """A recording, coded and decoded again.

    Args:
        sound: At 16 kHz, shape (samples,).
        codec: FFmpeg's name of the encoder.
        container: FFmpeg's name of the container.
        rate_hz: Samples a second in it.
        bit_s: Bits a second.

    Returns:
        At 16 kHz; a little longer than it was.

    Raises:
        AudioError: This build of FFmpeg has no such encoder.
    """
    file = encoded(sound, container, codec, rate_hz=rate_hz, bits_per_s=bit_s)
    return load_clip(io.BytesIO(file))


def reverberation(sound: Sound, seed: int = 0) -> Sound:
    """A recording in a room: the direct sound, and as strong, noise that falls by 60 dB in 0.6 s.

    Args:
        sound: At 16 kHz, shape (samples,).
        seed: Seed of the room.

    Returns:
        As long, and as loud.
    """
    n_room = round(RT60_S * RATE_HZ)
    time_s = np.arange(n_room) / RATE_HZ
    room = np.random.default_rng(seed).standard_normal(n_room) * 10 ** (-3 * time_s / RT60_S)
    room *= 10 ** (-DIRECT_DB / 20) / np.linalg.norm(room)
    room[0] += 1
    return in_room(sound, room)


def with_noise(
    sound: Sound, snr_db: float, rng: np.random.Generator, colour: Colour = "white"
) -> Sound:
    """A recording with steady noise in the background.

    Args:
        sound: Shape (samples,).
        snr_db: Power of the recording over that of the noise.
        rng: Draws the noise.
        colour: White; pink, as strong in each octave; or brown.

    Returns:
        As long; made quieter where the sum would be above full scale.
    """
    return mixed(sound, coloured_noise(len(sound), colour, rng), snr_db)
