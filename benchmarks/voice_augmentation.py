"""Voices changed in the mel domain against changed waveforms; target: at most 0.6 of it left.

Of real recordings the waveform is changed, and beside it the spectrogram alone, as the speaker
stage does. Their mean difference in dB, over all bands and frames of a recording, is set against
that of another random draw of the same change to the waveform, and of leaving the spectrogram as it
is, of which at most 0.6 may be left. What a model learns from it is another question.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from benchmarks.harness import Figure, Result, figure
from benchmarks.inputs import Inputs
from benchmarks.prepare_runs import real
from voice2face.audio import load_clip, log_mel, voiced_samples
from voice2face.settings import FRONT_ENDS
from voice2face.training.speaker import voice_augmentation as change
from voice2face.training.speaker.mel_bands import Bands

Wave = npt.NDArray[np.float64]
LOG_MEL = FRONT_ENDS["clean"].log_mel
BANDS = Bands.of(LOG_MEL)
DB = 10 / np.log(10)  # of a natural logarithm of power
RATE_HZ = LOG_MEL.sample_rate
EVERY, MOST, LEAST_S, PEAK = 9, 40, 2, 12_000  # recordings that are taken, and how loud
SNR_DB = 10.0
ROOMS = ((0.4, 3.0), (0.8, 0.0))  # reverberation time in s, direct over late sound in dB
INSIDE = "telephone, inside its band"
QUIETER = 0.7  # so that a room does not clip


def measure(inputs: Inputs) -> Result:
    waves = list(_recordings())
    rng, torch_rng = np.random.default_rng(0), torch.Generator().manual_seed(0)
    found: dict[str, list[tuple[float, float, float]]] = {}
    for index, wave in enumerate(waves):
        others = [waves[(index + k) % len(waves)] for k in (1, 2, 3, 4)]
        for name, wanted, again, made, unchanged in _changes(wave, others, rng, torch_rng):
            n = min(map(len, (wanted, made, unchanged)))
            nan = float("nan")
            far = nan if again is None else _far(again[:n], wanted[:n])
            rest = _far(made[:n], wanted[:n]), far, _far(unchanged[:n], wanted[:n])
            found.setdefault(name, []).append(rest)
    return Result("voice2face train voice --augment …", tuple(_figures(found)), {"n": len(waves)})


def _figures(found: dict[str, list[tuple[float, float, float]]]) -> Iterator[Figure]:
    for name, rows in found.items():
        ours, again, nothing = np.mean(rows, axis=0)
        yield figure(f"{name}: mel domain, dB", [float(ours)])
        if np.isfinite(again):
            yield figure(f"{name}: another draw, dB", [float(again)])
        yield figure(f"{name}: unchanged, dB", [float(nothing)])
        if name != INSIDE:  # where there is next to nothing to explain
            yield figure(f"{name}: share left", [float(ours / nothing)], at_most=0.6)


def _recordings() -> Iterator[Wave]:
    for path in sorted(real("open", "voice").glob("*.ogg"))[::EVERY][:MOST]:
        wave = voiced_samples(load_clip(path)).astype(float)
        if len(wave) > LEAST_S * RATE_HZ:
            yield wave / max(1.0, np.abs(wave).max() / PEAK)


Changed = tuple[str, Wave, Wave | None, Wave, Wave]


def _changes(
    wave: Wave, others: list[Wave], rng: np.random.Generator, torch_rng: torch.Generator
) -> Iterator[Changed]:
    """Name, waveform changed, changed once more, spectrogram changed, unchanged: log-mels."""
    plain = _log_mel(wave)
    power = torch.tensor(plain)[None].exp()  # (1, frames, bands)
    for kind, shape in (("white", BANDS.emphasis), ("pink", BANDS.pink)):
        draws = [_log_mel(wave + _noise(wave, kind, rng)) for _ in range(2)]
        noisy = change.add_steady_noise(power, shape, _one(SNR_DB), BANDS, torch_rng)
        yield f"{kind} noise, 10 dB", draws[0], draws[1], _log(noisy), plain
    voices = [np.resize(other, len(wave)) for other in others]
    voices = [voice / np.sqrt((voice**2).mean()) for voice in voices]
    babble = sum(voices) * np.sqrt(
        (wave**2).mean() / (sum(voices) ** 2).mean() / 10 ** (SNR_DB / 10)
    )
    heard = sum(torch.tensor(_log_mel(1500 * voice))[None].exp() for voice in voices)
    noisy = change.add_babble(power, heard, _one(SNR_DB), BANDS, torch_rng)
    yield "babble, 10 dB", _log_mel(wave + babble), _log_mel(wave - babble), _log(noisy), plain
    for decay_s, direct_db in ROOMS:
        draws = [_log_mel(_room(wave, decay_s, direct_db, rng)) for _ in range(2)]
        quiet = power * QUIETER**2
        made = change.reverberate(quiet, _one(decay_s), _one(direct_db), BANDS, torch_rng)
        yield f"room, {decay_s} s", draws[0], draws[1], _log(made), plain + 2 * np.log(QUIETER)
    for speed in (0.9, 1.1):
        faster = _log_mel(_resampled(wave, speed))
        made = change.change_speed(torch.tensor(plain)[None], _one(speed), len(faster), BANDS)
        place = np.minimum((np.arange(len(faster)) * speed).astype(int), len(plain) - 1)
        yield f"speed × {speed}", faster, None, made[0].numpy(), plain[place]
    made = _log(change.telephone(power, _one(35.0), BANDS, torch_rng))
    called = _log_mel(_telephone(wave))
    yield "telephone", called, None, made, plain
    inside = np.asarray((BANDS.centre_hz > 300) & (BANDS.centre_hz < 3400))
    yield INSIDE, called[:, inside], None, made[:, inside], plain[:, inside]


def _far(a: Wave, b: Wave) -> float:
    return float(DB * np.abs(a - b).mean())


def _one(value: float) -> Tensor:
    return torch.tensor(value).reshape(1, 1, 1)


def _log(power: Tensor) -> Wave:
    return np.asarray(power[0].clamp(min=LOG_MEL.floor).log().numpy())


def _log_mel(wave: Wave) -> Wave:
    return np.asarray(log_mel(np.clip(np.round(wave), -32768, 32767).astype(np.int16), LOG_MEL))


def _noise(wave: Wave, kind: str, rng: np.random.Generator) -> Wave:
    noise = rng.normal(size=len(wave))
    if kind == "pink":
        hertz = np.maximum(np.fft.rfftfreq(len(noise), 1 / RATE_HZ), 15.6)
        noise = np.fft.irfft(np.fft.rfft(noise) / np.sqrt(hertz), len(noise))
    return noise * np.sqrt((wave**2).mean() / (noise**2).mean() / 10 ** (SNR_DB / 10))


def _room(wave: Wave, decay_s: float, direct_db: float, rng: np.random.Generator) -> Wave:
    """Noise that decays by 60 dB in ``decay_s``, after the direct sound."""
    n = int(1.2 * decay_s * RATE_HZ)
    response = rng.normal(size=n) * 10 ** (-3 * np.arange(n) / RATE_HZ / decay_s)
    response *= np.sqrt(10 ** (-direct_db / 10) / (response**2).sum())
    response[0] += 1
    return QUIETER * _filtered(wave, response, 0)


def _resampled(wave: Wave, speed: float) -> Wave:
    n = int(len(wave) / speed)
    lines, kept = np.fft.rfft(wave), np.zeros(n // 2 + 1, complex)
    n_lines = min(len(kept), len(lines))
    kept[:n_lines] = lines[:n_lines]
    return np.asarray(np.fft.irfft(kept, n) * n / len(wave))


def _telephone(wave: Wave) -> Wave:
    """300 to 3400 Hz, 8000 samples a second, 8 bits by the mu law."""
    narrow = _filtered(wave, _low_pass(3400) - _low_pass(300), 400)[::2] / 32768
    mu = 255
    coded = np.round(127 * np.sign(narrow) * np.log1p(mu * np.abs(narrow)) / np.log1p(mu)) / 127
    heard = np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(mu)) / mu * 32768
    twice = np.zeros(2 * len(heard))
    twice[::2] = 2 * heard
    return _filtered(twice, _low_pass(3900), 400)


def _low_pass(hertz: float) -> Wave:
    """801 taps, a sinc under a Kaiser window."""
    share = 2 * hertz / RATE_HZ
    return np.asarray(share * np.sinc(share * np.arange(-400, 401)) * np.kaiser(801, 6))


def _filtered(wave: Wave, response: Wave, delay: int) -> Wave:
    n = len(wave) + len(response)
    lines = np.fft.rfft(wave, n) * np.fft.rfft(response, n)
    return np.asarray(np.fft.irfft(lines, n)[delay : delay + len(wave)])
