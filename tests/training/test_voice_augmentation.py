"""Augmented spectrograms against those of waveforms to which the same was done."""

import numpy as np
import pytest
import torch

from voice2face.audio import log_mel, normalise
from voice2face.settings import LogMel
from voice2face.synthetic import CohortSettings, sample_person, synthesise
from voice2face.training.speaker.mel_bands import Bands
from voice2face.training.speaker.voice_augmentation import (
    add_babble,
    add_steady_noise,
    change_speed,
    reverberate,
    telephone,
)
from voice2face.training.speaker.voice_augmenter import Augmenter, augment, draw_ways

SETTINGS = LogMel()
BANDS = Bands.of(SETTINGS)
DB = 10 / np.log(10)
ALL = ("noise", "reverberation", "speed", "codec")


@pytest.fixture(scope="module")
def voices():
    """Three voices, three seconds each, on the int16 scale."""
    people = [sample_person(CohortSettings(n_identities=3, seed=5), n) for n in range(3)]
    waves = [synthesise(p.heard, np.random.default_rng(n), 3) for n, p in enumerate(people)]
    return [0.3 * wave.astype(np.float64) for wave in waves]


def spectrogram(wave):
    return log_mel(np.round(wave).clip(-32768, 32767).astype(np.int16), SETTINGS)


def power_of(wave):
    return torch.from_numpy(spectrogram(wave))[None].exp()


def distance(a, b):
    """Mean absolute difference in dB."""
    return DB * np.abs(a - b).mean()


def as_log(power):
    return power[0].clamp(min=SETTINGS.floor).log().numpy()


def one(value):
    return torch.full((1, 1, 1), float(value))


def rng():
    return torch.Generator().manual_seed(0)


def scaled_noise(wave, seed, snr_db):
    noise = np.random.default_rng(seed).normal(size=len(wave))
    return noise * np.sqrt((wave**2).mean() / (noise**2).mean() / 10 ** (snr_db / 10))


@pytest.mark.parametrize("snr_db", [0, 10, 20])
def test_white_noise_is_as_near_to_that_of_a_waveform_as_another_waveform_is(voices, snr_db):
    wave = voices[0]
    first, second = (spectrogram(wave + scaled_noise(wave, seed, snr_db)) for seed in (0, 1))
    drawn = as_log(add_steady_noise(power_of(wave), BANDS.emphasis, one(snr_db), BANDS, rng()))
    assert distance(drawn, first) < 1.15 * distance(second, first)
    assert abs((drawn - first).mean() * DB) < 0.5
    assert abs(drawn.std(axis=0).mean() / first.std(axis=0).mean() - 1) < 0.12
    assert distance(spectrogram(wave), first) > 1.3 * distance(drawn, first)


def test_noise_alone_has_the_mean_and_the_spread_of_noise():
    wave = np.random.default_rng(2).normal(size=160_000) * 1000
    real = np.exp(spectrogram(wave))
    faint = torch.full((1, len(real), 64), 1e-3)
    noise = add_steady_noise(faint, BANDS.emphasis, one(-60), BANDS, rng())[0].numpy()
    shape = noise.mean(axis=0) / real.mean(axis=0)
    assert np.allclose(shape / shape.mean(), 1, atol=0.15)
    relative = [x.std(axis=0) / x.mean(axis=0) for x in (noise, real)]
    assert np.allclose(relative[0], relative[1], rtol=0.15)


def test_babble_adds_the_power_of_the_others(voices):
    wave, other = voices[0], voices[1] * np.sqrt((voices[0] ** 2).mean() / (voices[1] ** 2).mean())
    n = min(len(wave), len(other))
    wave, other = wave[:n], other[:n]
    real = spectrogram(wave + other / np.sqrt(10))
    drawn = as_log(add_babble(power_of(wave), 7 * power_of(other), one(10), BANDS, rng()))
    assert distance(drawn, real) < 0.75 * distance(spectrogram(wave), real)
    assert abs((drawn - real).mean() * DB) < 0.5


def test_reverberation_is_as_near_to_a_room_as_another_room_is(voices):
    def room(seed, rt60_s=0.5, direct_db=3):
        n = round(1.2 * rt60_s * 16_000)
        tail = np.random.default_rng(seed).normal(size=n)
        tail *= 10 ** (-3 * np.arange(n) / 16_000 / rt60_s)
        tail *= np.sqrt(10 ** (-direct_db / 10) / (tail**2).sum())
        tail[0] += 1
        return np.convolve(voices[0], tail)[: len(voices[0])]

    first, second = spectrogram(room(0)), spectrogram(room(1))
    drawn = as_log(reverberate(power_of(voices[0]), one(0.5), one(3), BANDS, rng()))
    assert distance(drawn, first) < 1.2 * distance(second, first)
    assert distance(drawn, first) < 0.95 * distance(spectrogram(voices[0]), first)


def test_the_tail_of_a_click_falls_by_60_db_in_its_time():
    click = torch.zeros(1, 101, 64)
    click[:, 0] = 1e12
    draws = rng()
    free = torch.stack([reverberate(click, one(0.5), one(0), BANDS, draws) for _ in range(100)])
    level = 10 * free.mean(dim=(0, 1, 3)).log10()
    assert (level[10] - level[35]).item() == pytest.approx(30, abs=0.5)
    tail = free[:, :, 1:].sum() / free[:, :, 0].sum()
    # As much energy as the direct sound, but the first of it falls into the click's own frame.
    decay = 10 ** (-6 * 0.01 / 0.5)
    assert tail.item() == pytest.approx(decay / (2 - decay), abs=0.05)


@pytest.mark.parametrize("speed", [0.9, 1.1])
def test_speed_moves_time_and_frequency_together(voices, speed):
    wave = voices[0]
    n = int(len(wave) / speed)
    spectrum, moved = np.fft.rfft(wave), np.zeros(n // 2 + 1, complex)
    kept = min(len(spectrum), len(moved))
    moved[:kept] = spectrum[:kept]
    real = normalise(spectrogram(np.fft.irfft(moved, n) * n / len(wave)))
    mel = torch.from_numpy(spectrogram(wave))[None]
    drawn = normalise(change_speed(mel, one(speed), len(real), BANDS)[0].numpy())
    frames = np.minimum((np.arange(len(real)) * speed).astype(int), mel.shape[1] - 1)
    slower = normalise(mel[0].numpy()[frames])
    assert np.abs(drawn - real).mean() < 0.55 * np.abs(slower - real).mean()


def test_speed_one_changes_nothing(voices):
    mel = torch.from_numpy(spectrogram(voices[0]))[None]
    same = change_speed(mel, one(1), mel.shape[1], BANDS)
    assert torch.allclose(same, mel, atol=1e-3)


def test_a_telephone_keeps_its_band_and_loses_the_rest(voices):
    power = power_of(voices[0])
    heard = telephone(power, one(35), BANDS, rng())
    lost = 10 * (power.mean(dim=(0, 1)) / heard.mean(dim=(0, 1))).log10()
    inside = (BANDS.centre_hz > 350) & (BANDS.centre_hz < 3200)
    assert lost[inside].abs().max() < 1
    outside = lost[(BANDS.centre_hz < 200) | (BANDS.centre_hz > 4000)]
    assert outside.min() > 10 and outside.median() > 30


def test_the_share_of_a_batch_is_drawn_and_each_kind_is_as_likely():
    ways = draw_ways(ALL, 20_000, 0.6, rng())
    assert ways.count("") / 20_000 == pytest.approx(0.4, abs=0.02)
    for kind in ("room", "speed", "telephone"):
        assert ways.count(kind) / 20_000 == pytest.approx(0.15, abs=0.01)
    for kind in ("white", "pink", "babble"):
        assert ways.count(kind) / 20_000 == pytest.approx(0.05, abs=0.01)


def test_what_is_not_augmented_stays_and_what_is_has_unit_bands(voices):
    mels = [spectrogram(wave) for wave in voices]
    augmenter = Augmenter.of(mels, SETTINGS)
    batch = torch.from_numpy(np.stack([normalise(m)[:220] for m in mels]))[[0, 1, 2, 0, 1, 2, 0]]
    levels = augmenter.levels[[0, 1, 2, 0, 1, 2, 0]]
    ways = ["", "white", "pink", "babble", "room", "speed", "telephone"]
    first, again = (augment(batch, levels, ways, 200, BANDS, rng()) for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(first[0], batch[0, :200])
    for row in range(1, 7):
        assert not torch.allclose(first[row], batch[row, :200], atol=0.1)
        assert first[row].mean(dim=0).abs().max() < 1e-4
        assert (first[row].std(dim=0, correction=0) - 1).abs().max() < 1e-3
    assert torch.isfinite(first).all()


def test_levels_undo_the_normalisation(voices):
    mel = spectrogram(voices[0])
    mean, deviation = Augmenter.of([mel], SETTINGS).levels[0].numpy()
    assert np.allclose(normalise(mel) * deviation + mean, mel, atol=1e-4)


def test_processes_take_parts_of_one_plan():
    augmenter = Augmenter(torch.zeros(8, 2, 64), BANDS)
    plans = [
        augmenter.plan(ALL, 0.9, 8, part, torch.Generator().manual_seed(4))
        for part in (slice(0, 8), slice(0, 4), slice(4, 8))
    ]
    assert [*plans[1].ways, *plans[2].ways] == [*plans[0].ways]
    assert plans[1].seed != plans[2].seed  # other noise
