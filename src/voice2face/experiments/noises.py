"""Recordings of noise, from which faces are made on purpose."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from voice2face.arrays import Float32s, Float64s, Int16s
from voice2face.audio import log_mel as log_mel_of
from voice2face.audio.noise import COLOURS, coloured_noise, levelled
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.settings import FrontEnd
from voice2face.experiments.excerpts import (
    FRAME_SAMPLES,
    FRAMES_PER_S,
    Excerpt,
    Excerpts,
    joined_samples,
)
from voice2face.experiments.recordings import Recordings
from voice2face.voice_encoders.log_mel_frames import LogMelFrames

PLAIN_NOISES, BABBLE = COLOURS, "babble"  # babble is speech
NOISES = (*PLAIN_NOISES, BABBLE)
LOUDNESS = 0.05  # of a noise, as a share of full scale (RMS); about that of speech
BABBLE_VOICES = 6


def noise(
    kind: str, seconds: float, n: int, voices: Recordings, front_end: FrontEnd, seed: int = 0
) -> Recordings:
    """Recordings of noise; voice activity detection, which would remove them, is left out.

    Args:
        kind: One of ``NOISES``. Babble is the sum of several people's speech; their mel powers add
            in the mean, since their phases are independent.
        seconds: Length of each.
        n: Number of recordings.
        voices: Recordings that babble is made from; other noises do not need them.
        front_end: Front end of the models.
        seed: Seed of the draws.

    Returns:
        ``n`` recordings without identities, named by kind and number.
    """
    rng = np.random.default_rng([seed, NOISES.index(kind)])
    n_frames = round(seconds * FRAMES_PER_S)
    if kind == BABBLE:
        several = [_babble(voices, n_frames, rng) for _ in range(n)]
        made, excerpts = [power for power, _ in several], [sound for _, sound in several]
    else:
        n_samples = n_frames * FRAME_SAMPLES + RATE_HZ // 10
        colour = next(colour for colour in COLOURS if colour == kind)
        sounds = [_as_loud(coloured_noise(n_samples, colour, rng)) for _ in range(n)]
        made = [log_mel_of(sound, front_end.log_mel)[:n_frames] for sound in sounds]
        excerpts = [(Excerpt(partial(_same, sound), 0, n_frames),) for sound in sounds]
    names = np.array([f"{kind} {i}" for i in range(n)], str)
    name = LogMelFrames(front_end).frames_hash
    return Recordings(names, np.full(n, "", str), made, {}, excerpts, name)


def _same(sound: Int16s) -> Int16s:
    return sound


def _as_loud(sound: Float64s) -> Int16s:
    """A sound at the level of speech."""
    loud = levelled(sound) * LOUDNESS * 32768
    return np.clip(np.rint(loud), -32768, 32767).astype(np.int16)


def _babble(
    voices: Recordings, n_frames: int, rng: np.random.Generator
) -> tuple[Float32s, Excerpts]:
    """Several people at once, equally loud, each from a random place on."""
    parts: list[tuple[Excerpts, int]] = []
    people = np.unique(voices.identity)
    chosen = rng.choice(people, min(BABBLE_VOICES, len(people)), replace=False)
    total = np.zeros((n_frames, voices.sounds[0].shape[1]))
    for person in chosen:
        row = rng.choice(np.flatnonzero(voices.identity == person))
        power = np.exp(np.asarray(voices.sounds[row], np.float64))
        start = int(rng.integers(len(power)))
        if voices.excerpts:
            parts.append((voices.excerpts[row], start))
        power = np.take(power, np.arange(start, start + n_frames), axis=0, mode="wrap")
        total += power / power.mean()
    mixed = (Excerpt(partial(_together, parts, n_frames), 0, n_frames),) if parts else ()
    return np.log(total).astype(np.float32), mixed


def _together(parts: Sequence[tuple[Excerpts, int]], n_frames: int) -> Int16s:
    """Sum of recordings, equally loud, each repeated from its own place on."""
    n_samples, total = n_frames * FRAME_SAMPLES, np.zeros(n_frames * FRAME_SAMPLES)
    for excerpts, start in parts:
        sound = joined_samples(excerpts).astype(float)
        begin = start * FRAME_SAMPLES
        sound = np.take(sound, np.arange(begin, begin + n_samples), mode="wrap")
        total += levelled(sound)
    return _as_loud(total)
