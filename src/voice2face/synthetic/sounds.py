"""Made-up sounds that are no voice: instruments, songs without singing, alarms, noise, rain.

They teach what is not a voice, and they test whether it is refused.
"""

from collections.abc import Callable

import numpy as np

from voice2face.arrays import Float64s, Int16s
from voice2face.audio.resample import RATE_HZ

Make = Callable[[int, np.random.Generator], Float64s]

SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9))
PEAK = 0.5  # of full scale


def sound(kind: str, seconds: float, rng: np.random.Generator) -> Int16s:
    """One sound.

    Args:
        kind: One of ``SOUNDS``.
        seconds: Its length.
        rng: What makes it different from the next.

    Returns:
        int16 at 16 kHz, shape (samples,).
    """
    n = round(seconds * RATE_HZ)
    wave = SOUNDS[kind](n, rng)[:n]
    wave = wave + wave.std() * 10 ** rng.uniform(-4, -2) * rng.standard_normal(len(wave))
    return np.asarray(np.rint(wave / np.abs(wave).max() * PEAK * 32767), np.int16)


def _envelope(n: int, attack_s: float, decay_s: float, sustained: bool) -> Float64s:
    """Loudness of one note: a rise, then a slow fall or a fall at its very end."""
    t = np.arange(n) / RATE_HZ
    rise = np.minimum(t / attack_s, 1)
    if not sustained:
        return np.asarray(rise * np.exp(-t / decay_s))
    return np.asarray(rise * np.minimum((n / RATE_HZ - t) / 0.03, 1).clip(0))


class _Instrument:
    """A timbre: strengths of harmonics, how they start and fade, vibrato, breath."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.n_harmonics = int(rng.integers(1, 25))
        self.tilt = rng.uniform(0.3, 2.5)
        self.odd_only = rng.random() < 0.2
        self.stretch = rng.choice([0.0, 0.0, rng.uniform(0, 0.08)])  # of bells and bars
        self.colour = rng.uniform(0.2, 1.0, 25)
        self.attack_s = 10 ** rng.uniform(-2.7, -0.9)
        self.decay_s = 10 ** rng.uniform(-1.2, 0.3)
        self.sustained = rng.random() < 0.5
        self.vibrato = rng.choice([0.0, rng.uniform(0, 0.012)])
        self.vibrato_hz = rng.uniform(4, 7)
        self.breath = rng.choice([0.0, 10 ** rng.uniform(-3, -1)])
        self.drive = rng.choice([0.0, 0.0, rng.uniform(2, 20)])  # of a distorted guitar

    def note(self, hz: float, n: int, rng: np.random.Generator) -> Float64s:
        """One note of this pitch, shape (n,)."""
        t = np.arange(n) / RATE_HZ
        bend = self.vibrato / self.vibrato_hz * np.sin(2 * np.pi * self.vibrato_hz * t)
        wave = np.zeros(n)
        for k in range(1, self.n_harmonics + 1):
            if self.odd_only and k % 2 == 0:
                continue
            partial_hz = hz * k * (1 + self.stretch * (k - 1))
            if partial_hz > 0.46 * RATE_HZ:
                break
            phase = 2 * np.pi * partial_hz * (t + bend) + rng.uniform(0, 6)
            fading = np.exp(-t * (k - 1) * (0 if self.sustained else 0.7))
            wave += self.colour[k - 1] * k**-self.tilt * fading * np.sin(phase)
        wave += self.breath * rng.standard_normal(n)
        if self.drive:
            wave = np.tanh(self.drive * wave)
        return wave * _envelope(n, self.attack_s, self.decay_s, self.sustained)


def _pitch(root_hz: float, scale: tuple[int, ...], step: int) -> float:
    octave, degree = divmod(step, len(scale))
    return float(root_hz * 2 ** (octave + scale[degree] / 12))


def _melody(n: int, rng: np.random.Generator, low_hz: float = 60, high_hz: float = 700) -> Float64s:
    """Notes of one instrument one after another, on a beat."""
    instrument, beat_s = _Instrument(rng), rng.uniform(0.11, 0.45)
    root, scale = np.exp(rng.uniform(np.log(low_hz), np.log(high_hz))), SCALES[rng.integers(3)]
    wave, at, step = np.zeros(n + 4 * RATE_HZ), 0, int(rng.integers(0, 5))
    ring = rng.uniform(0.9, 2.0)  # notes overlap on some
    while at < n:
        length = int(beat_s * rng.choice([1, 1, 1, 2, 2, 4]) * RATE_HZ)
        step = int(np.clip(step + rng.integers(-3, 4), -3, 10))
        if rng.random() > 0.1:
            sounding = int(length * ring)
            chosen = instrument.note(_pitch(root, scale, step), sounding, rng)
            wave[at : at + sounding] += rng.uniform(0.5, 1) * chosen
        at += length
    return wave[:n]


def _chords(n: int, rng: np.random.Generator) -> Float64s:
    """Chords of one instrument, held or struck or broken."""
    instrument, beat_s = _Instrument(rng), rng.uniform(0.3, 2.0)
    root, scale = np.exp(rng.uniform(np.log(60), np.log(300))), SCALES[rng.integers(2)]
    broken_s = rng.choice([0.0, rng.uniform(0.02, 0.2)])
    wave, at = np.zeros(n + 12 * RATE_HZ), 0
    while at < n:
        length, step = int(beat_s * RATE_HZ), int(rng.integers(0, 7))
        for voice in range(int(rng.integers(2, 5))):
            begin = at + int(voice * broken_s * RATE_HZ)
            chosen = instrument.note(_pitch(root, scale, step + 2 * voice), length, rng)
            wave[begin : begin + length] += chosen
        at += length
    return wave[:n]


def _band(n: int, rng: np.random.Generator, low_hz: float, high_hz: float) -> Float64s:
    """Noise between two frequencies."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hz = np.fft.rfftfreq(n, 1 / RATE_HZ)
    spectrum *= 1 / (1 + (low_hz / np.maximum(hz, 1)) ** 4) / (1 + (hz / high_hz) ** 4)
    wave = np.fft.irfft(spectrum, n)
    return np.asarray(wave / max(wave.std(), 1e-12))


def _drums(n: int, rng: np.random.Generator) -> Float64s:
    """A pattern of bass drum, snare and cymbal."""
    beat, wave = int(rng.uniform(0.1, 0.3) * RATE_HZ), np.zeros(n + RATE_HZ)
    t = np.arange(RATE_HZ // 2) / RATE_HZ
    kick = np.sin(2 * np.pi * (rng.uniform(40, 80) * t + 4 * (1 - np.exp(-t * 30))))
    snare_hz, hat_hz = rng.uniform(300, 1500), rng.uniform(3000, 6000)
    hits = (
        kick * np.exp(-t * rng.uniform(8, 25)),
        _band(len(t), rng, snare_hz, 6000) * np.exp(-t * rng.uniform(12, 40)) * 0.4,
        _band(len(t), rng, hat_hz, 7900) * np.exp(-t * rng.uniform(20, 90)) * 0.2,
    )
    pattern = rng.random((3, 16)) < np.array([[0.3], [0.2], [0.5]])
    for number, at in enumerate(range(0, n, beat)):
        for hit, row in zip(hits, pattern, strict=True):
            if row[number % 16]:
                wave[at : at + len(t)] += hit * rng.uniform(0.6, 1)
    return wave[:n]


def _normal(wave: Float64s) -> Float64s:
    return np.asarray(wave / max(float(wave.std()), 1e-12))


def _song(n: int, rng: np.random.Generator) -> Float64s:
    """Several instruments, chords and drums together."""
    wave = rng.uniform(0.2, 1) * _normal(_chords(n, rng))
    wave += rng.uniform(0.2, 1) * _normal(_melody(n, rng, 40, 120))
    for _ in range(int(rng.integers(0, 3))):
        wave += rng.uniform(0.2, 1) * _normal(_melody(n, rng, 120, 700))
    if rng.random() < 0.7:
        wave += rng.uniform(0.1, 1) * _normal(_drums(n, rng))
    return wave


def _steps(n: int, rng: np.random.Generator) -> tuple[Float64s, Float64s]:
    """Pitch in Hz and loudness of a pattern that repeats, as alarms and telephones have it."""
    count, length = int(rng.integers(1, 6)), int(rng.uniform(0.03, 0.5) * RATE_HZ)
    pitches = np.exp(rng.uniform(np.log(250), np.log(4000), count))
    loud = (rng.random(count) < 0.8).astype(float)
    loud[0] = 1
    which = np.arange(n) // length % count
    return pitches[which], loud[which]


def _alarm(n: int, rng: np.random.Generator) -> Float64s:
    """Beeps, two-tone horns, sirens and sweeps."""
    t = np.arange(n) / RATE_HZ
    hz, loud = _steps(n, rng)
    if rng.random() < 0.5:  # a siren
        rate = rng.uniform(0.2, 8)
        wobble = np.sin(2 * np.pi * rate * t) if rng.random() < 0.5 else 2 * (t * rate % 1) - 1
        hz, loud = rng.uniform(400, 2500) * np.exp(rng.uniform(0.1, 0.8) * wobble), np.ones(n)
    phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
    wave = np.sin(phase)
    for k in range(2, int(rng.integers(2, 9))):
        wave = wave + rng.uniform(0, 1) / k * np.sin(k * phase) * (k * hz < 0.46 * RATE_HZ)
    return np.asarray(wave * np.convolve(loud, np.full(80, 1 / 80), "same"))


def _tones(n: int, rng: np.random.Generator) -> Float64s:
    """Steady tones, such as dialling ones and hum."""
    t, wave = np.arange(n) / RATE_HZ, np.zeros(n)
    if rng.random() < 0.4:
        hz = rng.choice([50, 60, 100, 120, rng.uniform(30, 400)])
        for k in range(1, int(rng.integers(3, 40))):
            if k * hz < 0.46 * RATE_HZ:
                wave += rng.uniform(0, 1) / k * np.sin(2 * np.pi * k * hz * t + rng.uniform(0, 6))
        return wave
    for hz in np.exp(rng.uniform(np.log(100), np.log(5000), int(rng.integers(1, 4)))):
        wave += np.sin(2 * np.pi * hz * t)
    return wave * (_steps(n, rng)[1] if rng.random() < 0.5 else 1)


def _bursts(n: int, rng: np.random.Generator, a_second: float, length_s: float) -> Float64s:
    """Short bursts of noise at random moments: drops, claps, crackle."""
    wave, length = np.zeros(n + RATE_HZ), int(length_s * RATE_HZ)
    decay = np.exp(-np.arange(4 * length) / length)
    shapes = [_band(4 * length, rng, *_two(rng)) * decay for _ in range(40)]
    for at in rng.integers(0, n, int(a_second * n / RATE_HZ)):
        wave[at : at + 4 * length] += shapes[rng.integers(40)] * rng.exponential()
    return wave[:n]


def _two(rng: np.random.Generator) -> tuple[float, float]:
    low = float(np.exp(rng.uniform(np.log(150), np.log(3000))))
    return low, float(low * rng.uniform(1.2, 6))


def _rain(n: int, rng: np.random.Generator) -> Float64s:
    """Drops before a hiss."""
    drops = _bursts(n, rng, 10 ** rng.uniform(1, 3), 10 ** rng.uniform(-3, -2))
    return _normal(drops) + rng.uniform(0.1, 2) * _band(n, rng, rng.uniform(200, 2000), 7900)


def _applause(n: int, rng: np.random.Generator) -> Float64s:
    """Claps of many people, now more, now fewer."""
    claps = _bursts(n, rng, 10 ** rng.uniform(0.5, 2.5), 10 ** rng.uniform(-2.6, -1.7))
    swell = np.interp(np.arange(n), np.linspace(0, n, 6), rng.uniform(0.3, 1, 6))
    return np.asarray(claps * swell + 0.02 * rng.standard_normal(n))


def _noise(n: int, rng: np.random.Generator) -> Float64s:
    """Coloured noise that swells: wind, sea, traffic, fans."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hz = np.maximum(np.fft.rfftfreq(n, 1 / RATE_HZ), 20)
    wave = _normal(np.fft.irfft(spectrum * hz ** -rng.uniform(-0.2, 1.2), n))
    if rng.random() < 0.5:
        wave = _normal(wave) + rng.uniform(0, 2) * _band(n, rng, *_two(rng))
    points = int(rng.integers(2, 40))
    swell = np.interp(np.arange(n), np.linspace(0, n, points), rng.uniform(0.1, 1, points))
    return wave * (swell if rng.random() < 0.6 else 1)


def _machine(n: int, rng: np.random.Generator) -> Float64s:
    """An engine: a pulse train whose speed changes, in a housing that resonates."""
    points = int(rng.integers(2, 9))
    hz = np.interp(np.arange(n), np.linspace(0, n, points), rng.uniform(20, 160, points))
    phase = np.cumsum(hz) / RATE_HZ % 1
    pulses = np.exp(-phase * rng.uniform(5, 60)) + rng.uniform(0, 0.5) * rng.standard_normal(n)
    t = np.arange(1600) / RATE_HZ
    body = sum(
        np.exp(-t * rng.uniform(30, 300)) * np.sin(2 * np.pi * rng.uniform(80, 3000) * t)
        for _ in range(3)
    )
    size = n + len(t)
    return np.fft.irfft(np.fft.rfft(pulses, size) * np.fft.rfft(body, size), size)[:n]


def _birds(n: int, rng: np.random.Generator) -> Float64s:
    """Chirps: short sweeps, high up."""
    wave = np.zeros(n + RATE_HZ)
    for at in rng.integers(0, n, int(rng.uniform(1, 8) * n / RATE_HZ)):
        length = int(rng.uniform(0.03, 0.3) * RATE_HZ)
        t = np.linspace(0, 1, length)
        hz = rng.uniform(1500, 6000) * np.exp(rng.uniform(-0.6, 0.6) * t + 0.1 * np.sin(40 * t))
        wave[at : at + length] += np.sin(2 * np.pi * np.cumsum(hz) / RATE_HZ) * np.hanning(length)
    return wave[:n]


SOUNDS: dict[str, Make] = {
    "instrument": _melody,
    "chords": _chords,
    "song": _song,
    "drums": _drums,
    "alarm": _alarm,
    "tones": _tones,
    "rain": _rain,
    "applause": _applause,
    "noise": _noise,
    "machine": _machine,
    "birds": _birds,
}
