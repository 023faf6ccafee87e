"""The voice of a synthetic person: a source–filter synthesiser.

Pulses of the vocal folds and noise of the breath pass through the resonances of the vocal tract,
frame by frame (Fant's source–filter theory; formants in cascade as in Klatt 1980).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float64s, Int16s
from voice2face.synthetic.latent import Heard, oldness
from voice2face.synthetic.speech import FRAME_S, Speech, random_speech

SAMPLE_RATE = 16_000
HOP = round(FRAME_S * SAMPLE_RATE)
WINDOW = 2 * HOP
N_FFT = 5 * HOP  # the window and 30 ms of ringing after it

# Average pitch of 33 men and 28 women, Hz, and women's formants relative to men's: rounded from
# Peterson and Barney 1952, Table II.
PITCH_HZ = {"male": 130.0, "female": 220.0}
FORMANT_SCALE = {"male": 1.0, "female": 1.17}
HIGH_FORMANTS_HZ = (3500.0, 4500.0)  # a uniform tube of 17.5 cm resonates each 1000 Hz
BANDWIDTHS_HZ = np.array((70.0, 90.0, 130.0, 200.0, 250.0))


@dataclass(frozen=True)
class Larynx:
    """How a voice sounds, whatever it says; all that :func:`synthesise` takes from a person.

    Attributes:
        pitch_hz: Average pitch.
        formant_scale: Resonances relative to an average man's, shape (5,).
        bandwidth_scale: Damping of the resonances.
        jitter: Standard deviation of a period, relative to it.
        shimmer: Standard deviation of a pulse's strength, relative to it.
        tremor: Depth of the slow wavering of pitch, natural logarithm of a ratio.
        breath: Strength of the breath's noise beside the pulses.
        syllable_s: Average length of a syllable.
    """

    pitch_hz: float
    formant_scale: Float64s
    bandwidth_scale: float
    jitter: float
    shimmer: float
    tremor: float
    breath: float
    syllable_s: float


def larynx_of(heard: Heard) -> Larynx:
    """The larynx of a person's heard half: real in direction, with invented strengths."""
    old = oldness(heard.age)
    # Age lowers women's voices and raises old men's a little.
    drift = -0.15 * old if heard.sex == "female" else 0.15 * max(0.0, old - 0.4)
    tract = FORMANT_SCALE[heard.sex] * math.exp(-0.06 * heard.size)
    shape = np.exp(heard.weight * np.array((-0.07, 0.0, 0.03, 0.03, 0.03)))
    rough = math.exp(0.3 * heard.roughness)
    return Larynx(
        pitch_hz=PITCH_HZ[heard.sex] * math.exp(0.09 * heard.pitch + drift),
        formant_scale=tract * shape,
        bandwidth_scale=1 + 0.8 * old,
        jitter=(0.004 + 0.025 * old**2) * rough,
        shimmer=(0.03 + 0.25 * old) * rough,
        tremor=0.005 + 0.05 * old**2,
        breath=0.03 * math.exp(0.4 * heard.breathiness + 1.5 * old),
        syllable_s=0.17 * (1 + 0.6 * old) * math.exp(-0.1 * heard.rate),
    )


def synthesise(heard: Heard, rng: np.random.Generator, seconds: float) -> Int16s:
    """One recording of a voice.

    What is said, the noise (10 to 40 dB below the voice), the channel and the level are nuisance,
    drawn from ``rng``. Of the person it depends on the heard half only.

    Args:
        heard: The heard half of the person.
        rng: Nuisance, independent of the person.
        seconds: Length.

    Returns:
        Mono at 16 kHz, shape (samples,).
    """
    larynx = larynx_of(heard)
    speech = random_speech(rng, seconds, larynx.syllable_s)
    voice = _speak(larynx, speech, rng)
    return _record(voice, rng)[: round(seconds * SAMPLE_RATE)]


def _speak(larynx: Larynx, speech: Speech, rng: np.random.Generator) -> Float64s:
    """The voice alone, shape (samples,)."""
    n_frames = len(speech.voicing)
    n_samples = (n_frames + 1) * HOP
    out = _spectra(_pulses(larynx, speech, rng, n_samples), n_frames)
    breath = _spectra(rng.standard_normal(n_samples), n_frames)
    out += larynx.breath * speech.voicing[:, None] * breath
    out *= _tract(larynx, speech)
    hissing = np.flatnonzero(speech.friction > 1e-3)
    out[hissing] += _friction(larynx, speech, hissing) * breath[hissing]
    return _overlap_add(np.fft.irfft(out, N_FFT, axis=1), n_samples)


def _pulses(larynx: Larynx, speech: Speech, rng: np.random.Generator, n_samples: int) -> Float64s:
    """Pulses of the vocal folds, each with the energy of its period, shape (samples,)."""
    seconds = np.arange(len(speech.melody)) * FRAME_S
    wavering = np.sin(2 * np.pi * (rng.uniform(4, 6) * seconds + rng.random()))
    mood = rng.normal(0, 0.03)
    pitch = larynx.pitch_hz * np.exp(speech.melody + mood + larynx.tremor * wavering)
    turns = np.concatenate([[0.0], np.cumsum(pitch * FRAME_S)])
    ends = np.arange(len(turns)) * HOP
    at = np.interp(np.arange(1, int(turns[-1])), turns, ends)
    period = np.gradient(at)
    at = np.clip(at + period * larynx.jitter * rng.standard_normal(len(at)), 0, n_samples - 2)
    strength = np.interp(at, ends[1:] - HOP, speech.voicing) * np.sqrt(period)
    strength *= np.maximum(0.1, 1 + larynx.shimmer * rng.standard_normal(len(at)))
    whole = at.astype(np.int64)
    part = at - whole
    out = np.zeros(n_samples)
    np.add.at(out, whole, strength * (1 - part))
    np.add.at(out, whole + 1, strength * part)
    return out


def _tract(larynx: Larynx, speech: Speech) -> npt.NDArray[np.complex128]:
    """Response of glottis, vocal tract and lips to a pulse, shape (frames, bins)."""
    n_frames = len(speech.voicing)
    high = np.broadcast_to(HIGH_FORMANTS_HZ, (n_frames, 2))
    formants = np.concatenate([speech.formants, high], axis=1) * larynx.formant_scale
    radius = np.exp(-np.pi * BANDWIDTHS_HZ * larynx.bandwidth_scale / SAMPLE_RATE)
    linear = -2 * radius * np.cos(2 * np.pi * formants / SAMPLE_RATE)  # (frames, 5)
    # -6 dB an octave: the glottis falls by 12, the lips give back 6.
    poles = np.zeros((n_frames, 12))
    poles[:, 0], poles[:, 1] = 1.0, -0.93
    for number in range(5):
        shifted = np.zeros_like(poles)
        shifted[:, 1:] += linear[:, number, None] * poles[:, :-1]
        shifted[:, 2:] += radius[number] ** 2 * poles[:, :-2]
        poles += shifted
    return np.asarray(poles.sum(axis=1, keepdims=True) / np.fft.rfft(poles, N_FFT, axis=1))


def _friction(larynx: Larynx, speech: Speech, frames: npt.NDArray[np.intp]) -> Float64s:
    """Colour of the hissing in some frames, shape (frames, bins)."""
    hz = np.fft.rfftfreq(N_FFT, 1 / SAMPLE_RATE) + 1
    centre = np.minimum(speech.friction_hz[frames] * larynx.formant_scale[2], 6500)
    octaves = np.log2(hz[None, :] / centre[:, None])
    return np.asarray(0.25 * speech.friction[frames, None] * np.exp(-((octaves / 0.55) ** 2)))


def _record(voice: Float64s, rng: np.random.Generator) -> Int16s:
    """What a microphone in a room makes of a voice, shape (samples,)."""
    n_samples = len(voice)
    n_fft = 2 ** math.ceil(math.log2(n_samples))
    hz = np.fft.rfftfreq(n_fft, 1 / SAMPLE_RATE)
    octave = np.log2(np.maximum(hz, 30) / 1000)
    decibel = _smooth_curve(rng, octave)
    low_cut = 1 / (1 + (rng.uniform(40, 120) / np.maximum(hz, 1)) ** 4)
    high_cut = 1 / (1 + (hz / rng.uniform(5500, 9000)) ** 8)
    channel = 10 ** (decibel / 20) * low_cut * high_cut
    hum = np.fft.rfft(rng.standard_normal(n_samples), n_fft)
    hum *= 2 ** (rng.uniform(-0.8, 0.0) * octave)  # white to -5 dB an octave
    noise = np.fft.irfft(hum, n_fft)[:n_samples]
    snr_db = rng.uniform(10, 40)
    noise *= _rms(voice) / max(_rms(noise), 1e-12) * 10 ** (-snr_db / 20)
    heard = np.fft.irfft(np.fft.rfft(voice + noise, n_fft) * channel, n_fft)[:n_samples]
    level = 10 ** (rng.uniform(-30, -20) / 20) * 32768
    loud = heard * (level / max(_rms(heard), 1e-12))
    return np.asarray(np.clip(np.round(loud), -32768, 32767), dtype=np.int16)


def _smooth_curve(rng: np.random.Generator, octave: Float64s) -> Float64s:
    """A random smooth gain in decibel, standard deviation about 3, of the octave's shape."""
    waves = [
        rng.normal(0, 3 / number) * np.cos(number * np.pi * octave / 8 + rng.uniform(0, 2 * np.pi))
        for number in (1, 2, 3)
    ]
    return np.asarray(np.sum(waves, axis=0))


def _spectra(samples: Float64s, n_frames: int) -> npt.NDArray[np.complex128]:
    """Spectra of overlapping windows, shape (frames, bins)."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP][:n_frames]
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    return np.asarray(np.fft.rfft(windows * taper, N_FFT, axis=1))


def _overlap_add(frames: Float64s, n_samples: int) -> Float64s:
    """Add up frames that begin one hop after another, shape (samples,)."""
    n_frames, width = frames.shape
    n_hops = width // HOP
    parts = frames.reshape(n_frames, n_hops, HOP)
    out = np.zeros((n_frames + n_hops, HOP))
    for hop in range(n_hops):
        out[hop : hop + n_frames] += parts[:, hop]
    return out.reshape(-1)[:n_samples]


def _rms(samples: Float64s) -> float:
    return float(np.sqrt(np.mean(samples**2)))
