"""Noise of several colours, many voices at once, and a recording with either in the background."""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float64s
from voice2face.audio.resample import RATE_HZ

Sound = npt.NDArray[np.int16]
Colour = Literal["white", "pink", "brown"]
COLOURS: tuple[Colour, ...] = get_args(Colour)

# Power over frequency, f to this exponent.
SLOPES: dict[Colour, float] = {"white": 0.0, "pink": -1.0, "brown": -2.0}
LOWEST_HZ = 20.0  # below which a slope would put nearly all of the power
BABBLE_VOICES = (3, 7)  # as the MUSAN recipe has it (Snyder et al. 2018); both included


def coloured_noise(n_samples: int, colour: Colour, rng: np.random.Generator) -> Float64s:
    """Gaussian noise of root mean square 1, shape (n_samples,)."""
    n = quick_length(n_samples)
    noise = rng.standard_normal(n)
    if SLOPES[colour]:
        hz = np.maximum(np.fft.rfftfreq(n, 1 / RATE_HZ), LOWEST_HZ)
        noise = np.fft.irfft(np.fft.rfft(noise) * hz ** (SLOPES[colour] / 2), n)
    return levelled(noise[:n_samples])


def babble(voices: Sequence[Sound], n_samples: int, rng: np.random.Generator) -> Float64s:
    """Several people who speak at once, equally loud, each from a random place in a recording.

    Args:
        voices: Recordings to choose from; one at least.
        n_samples: Length.
        rng: Draws who speaks, and from where.

    Returns:
        Of root mean square 1, shape (n_samples,).
    """
    fewest, most = BABBLE_VOICES
    n_voices = min(int(rng.integers(fewest, most + 1)), len(voices))
    total = np.zeros(n_samples)
    for number in rng.choice(len(voices), n_voices, replace=False):
        total += levelled(stretch(voices[number], n_samples, rng))
    return levelled(total)


def stretch(sound: Sound, n_samples: int, rng: np.random.Generator) -> Float64s:
    """A random stretch of a sound, repeated where it ends, shape (n_samples,)."""
    start = int(rng.integers(len(sound)))
    return np.take(sound, np.arange(start, start + n_samples), mode="wrap").astype(np.float64)


def levelled(samples: Float64s) -> Float64s:
    """The sound scaled to a root mean square of 1; silence stays silent."""
    return samples / max(float(np.sqrt(np.mean(samples**2))), 1e-9)


def mixed(sound: Sound, background: Float64s, snr_db: float) -> Sound:
    """A recording with something in the background.

    Args:
        sound: Shape (samples,).
        background: Background of root mean square 1, as long.
        snr_db: Power of the recording over that of the background.

    Returns:
        As long; made quieter where the sum would be above full scale.
    """
    clean = sound.astype(np.float64)
    strength = np.sqrt(np.mean(clean**2)) * 10 ** (-snr_db / 20)
    return as_sound(clean + background * strength)


def as_sound(samples: Float64s) -> Sound:
    """Samples on the int16 scale, made quieter as a whole where they are above full scale."""
    scale = min(1.0, 32767 / max(float(np.abs(samples).max(initial=0.0)), 1.0))
    return np.asarray(np.rint(samples * scale), np.int16)


def quick_length(n: int) -> int:
    """The next power of two: a transform of a length with large factors takes long."""
    return max(2, 1 << (n - 1).bit_length())
