"""What channels take from a sound, and what they leave."""

import numpy as np
import pytest

from voice2face.audio.channels import (
    Channel,
    amr,
    mp3,
    opus,
    reverberation,
    telephone,
    with_noise,
)
from voice2face.audio.noise import Colour

RATE_HZ = 16_000


def _tones(*hertz: float, seconds: float = 1.0) -> np.ndarray:
    time_s = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * hz * time_s) for hz in hertz)
    return np.asarray(4000 * sound, np.int16)


def _power_db(sound: np.ndarray, hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    near = np.abs(np.fft.rfftfreq(len(sound), 1 / RATE_HZ) - hz) < 20
    return float(10 * np.log10(spectrum[near].sum() + 1e-9))


@pytest.mark.parametrize("channel", [telephone, mp3, opus, amr, reverberation])
def test_a_channel_leaves_about_the_length(channel: Channel) -> None:
    for n in (16_000, 12_345):
        heard = channel(_tones(1000)[:n])
        assert heard.dtype == np.int16
        # Coded sound comes in whole frames, and with the coder's delay.
        assert abs(len(heard) - n) <= (2500 if channel in (mp3, opus, amr) else 0)


def test_a_telephone_passes_its_band_alone() -> None:
    sound = _tones(100, 1000, 5000)
    heard = telephone(sound)
    assert _power_db(heard, 1000) == pytest.approx(_power_db(sound, 1000), abs=0.5)
    for hz in (100, 5000):
        assert _power_db(heard, hz) < _power_db(sound, hz) - 30


def test_a_telephone_has_the_noise_of_eight_bits() -> None:
    """G.711 keeps about 38 dB between a tone and its coding noise, whatever the tone's level."""
    for level in (1.0, 0.1):
        sound = np.asarray(_tones(1000) * level, np.int16)
        noise = telephone(sound)[2000:-2000].astype(float) - sound[2000:-2000]
        ratio = 10 * np.log10((sound[2000:-2000].astype(float) ** 2).mean() / (noise**2).mean())
        assert 30 < ratio < 45


def test_mp3_changes_a_sound_and_keeps_its_tone() -> None:
    sound = _tones(1000)
    heard = mp3(sound)
    assert _power_db(heard, 1000) == pytest.approx(_power_db(sound, 1000), abs=1.5)
    assert not np.array_equal(heard[: len(sound)], sound)


def test_a_room_goes_on_after_the_sound() -> None:
    sound = np.zeros(16_000, np.int16)
    sound[1000:1100] = _tones(1000)[:100]
    heard = reverberation(sound)
    assert not heard[:1000].any()
    # In 0.3 s it falls by half of 60 dB.
    levels = [np.sqrt((heard[i : i + 800].astype(float) ** 2).mean()) for i in (1500, 6300)]
    assert 20 * np.log10(levels[0] / levels[1]) == pytest.approx(30, abs=4)
    np.testing.assert_array_equal(heard, reverberation(sound))


@pytest.mark.parametrize("channel", [opus, amr])
def test_speech_codecs_keep_a_tone_roughly(channel: Channel) -> None:
    sound = _tones(1000)
    assert _power_db(channel(sound), 1000) == pytest.approx(_power_db(sound, 1000), abs=7)


@pytest.mark.parametrize("colour", ["white", "pink"])
def test_noise_is_as_strong_as_asked(colour: Colour) -> None:
    sound = _tones(1000)
    heard = with_noise(sound, 10, np.random.default_rng(0), colour)
    noise = heard.astype(float) - sound
    ratio = 10 * np.log10((sound.astype(float) ** 2).mean() / (noise**2).mean())
    assert ratio == pytest.approx(10, abs=0.1)
    tilt = _power_db(np.asarray(noise, np.int16), 300) - _power_db(
        np.asarray(noise, np.int16), 6000
    )
    assert tilt == pytest.approx(13 if colour == "pink" else 0, abs=6)


def test_noise_on_a_loud_recording_clips_nothing() -> None:
    loud = np.asarray(_tones(1000) * 8.0, np.int16)
    heard = with_noise(loud, 0, np.random.default_rng(0))
    assert np.abs(heard.astype(int)).max() <= 32_767
    assert (np.abs(heard.astype(int)) == 32_767).sum() <= 2
