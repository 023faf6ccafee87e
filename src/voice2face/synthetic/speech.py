"""What a made-up voice says: random syllables as tracks of articulation over time.

What is said is nuisance: it depends on the speaker only through the tempo asked for.
"""

from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Float64s

FRAME_S = 0.01

# Average formants of 33 men, Hz: Peterson and Barney 1952, Table II.
VOWELS = np.array(
    [
        (270, 2290, 3010),  # heed
        (390, 1990, 2550),  # hid
        (530, 1840, 2480),  # head
        (660, 1720, 2410),  # had
        (730, 1090, 2440),  # hod
        (570, 840, 2410),  # hawed
        (440, 1020, 2240),  # hood
        (300, 870, 2240),  # who'd
        (640, 1190, 2390),  # hud
        (490, 1350, 1690),  # heard
    ],
    dtype=np.float64,
)
NASAL = np.array((250.0, 1200.0, 2300.0))
CONSONANTS = ("none", "stop", "fricative", "nasal", "glide")
CONSONANT_SHARES = (0.15, 0.3, 0.2, 0.2, 0.15)


@dataclass(frozen=True)
class Speech:
    """Articulation over time, one value each 10 ms.

    Attributes:
        voicing: Strength of the vocal folds' sound, 0 to 1, shape (frames,).
        friction: Strength of hissing at a consonant, 0 to 1, shape (frames,).
        friction_hz: Where the hissing is strongest, for a man, shape (frames,).
        formants: First three resonances of an average man, Hz, shape (frames, 3).
        melody: Pitch movement, natural logarithm of a ratio, shape (frames,).
    """

    voicing: Float64s
    friction: Float64s
    friction_hz: Float64s
    formants: Float64s
    melody: Float64s


@dataclass
class _Score:
    """Key moments, between which articulation moves in straight lines."""

    times: list[float]
    rows: list[list[float]]

    def add(
        self, time: float, voicing: float, hiss: tuple[float, float], vowel: Float64s, melody: float
    ) -> None:
        self.times.append(time)
        self.rows.append([voicing, *hiss, *vowel.tolist(), melody])


def random_speech(rng: np.random.Generator, seconds: float, syllable_s: float) -> Speech:
    """Random words in phrases with pauses between them.

    Args:
        rng: What is said.
        seconds: Length.
        syllable_s: Average length of a syllable.
    """
    score = _Score([], [])
    range_of_melody = rng.uniform(0.6, 1.4)
    time = rng.uniform(0.02, 0.15)
    while time < seconds or not score.times:
        time = _add_phrase(score, rng, time, syllable_s, range_of_melody)
        time += rng.uniform(0.12, 0.35)
    table = np.array(score.rows)
    frames = np.arange(round(seconds / FRAME_S)) * FRAME_S
    tracks = np.stack([np.interp(frames, score.times, column) for column in table.T], axis=1)
    return Speech(tracks[:, 0], tracks[:, 1], tracks[:, 2], tracks[:, 3:6], tracks[:, 6])


def _add_phrase(
    score: _Score, rng: np.random.Generator, time: float, syllable_s: float, melody_range: float
) -> float:
    n_syllables = int(rng.integers(4, 10))
    question = rng.random() < 0.25
    score.add(time, 0.0, (0.0, 3000.0), VOWELS[8], 0.0)
    for number in range(n_syllables):
        progress = number / n_syllables
        fall = 0.12 - 0.28 * progress
        if question and progress > 0.6:
            fall += 0.5 * (progress - 0.6)
        accent = rng.choice([0.0, 0.0, 0.18]) + rng.normal(0, 0.03)
        length = syllable_s * rng.uniform(0.65, 1.45)
        time = _add_syllable(score, rng, time, length, melody_range * (fall + accent))
    vowel = np.array(score.rows[-1][3:6])
    score.add(time, 0.0, (0.0, 3000.0), vowel, score.rows[-1][6] - 0.05)
    return time


def _add_syllable(
    score: _Score, rng: np.random.Generator, time: float, length: float, melody: float
) -> float:
    vowel = VOWELS[rng.integers(len(VOWELS))] * rng.normal(1, 0.03, 3)
    onset = str(rng.choice(CONSONANTS, p=CONSONANT_SHARES))
    loudness = rng.uniform(0.6, 1.0)
    begin = time + _add_onset(score, rng, onset, time, length, vowel, melody)
    end = time + length
    silent = (0.0, 3000.0)
    score.add(begin, 0.8 * loudness, silent, 0.75 * vowel + 0.25 * VOWELS[8], melody)
    score.add(begin + 0.3 * (end - begin), loudness, silent, vowel, melody + 0.03)
    score.add(end - 0.015, 0.7 * loudness, silent, 0.85 * vowel + 0.15 * VOWELS[8], melody - 0.03)
    return end


def _add_onset(
    score: _Score,
    rng: np.random.Generator,
    onset: str,
    time: float,
    length: float,
    vowel: Float64s,
    melody: float,
) -> float:
    """Add the consonant; returns how long it lasts, in seconds."""
    hiss_hz = float(rng.choice([1800.0, 2800.0, 4200.0, 5500.0])) * rng.uniform(0.9, 1.1)
    if onset == "stop":
        closed = min(0.05, 0.25 * length)
        score.add(time + 0.008, 0.0, (0.0, hiss_hz), vowel, melody)
        score.add(time + closed, 0.0, (0.02, hiss_hz), vowel, melody)
        score.add(time + closed + 0.005, 0.0, (0.9, hiss_hz), vowel, melody)
        return closed + 0.02
    if onset == "fricative":
        hissing = min(0.1, 0.4 * length)
        strength = rng.uniform(0.25, 0.6)
        score.add(time + 0.015, 0.05, (strength, hiss_hz), vowel, melody)
        score.add(time + hissing, 0.05, (strength, hiss_hz), vowel, melody)
        return hissing + 0.02
    if onset in ("nasal", "glide"):
        voiced = min(0.07, 0.3 * length)
        shape = NASAL if onset == "nasal" else VOWELS[rng.choice([0, 7, 9])]
        score.add(time + 0.01, 0.4, (0.0, hiss_hz), shape, melody)
        score.add(time + voiced, 0.45, (0.0, hiss_hz), shape, melody)
        return voiced + 0.02
    return 0.02
