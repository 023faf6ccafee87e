"""Rooms that are made up."""

import numpy as np
import pytest

from voice2face.audio.noise import COLOURS, as_sound, babble, coloured_noise, levelled, mixed
from voice2face.audio.rooms import in_room, response_of, room_response

RATE_HZ = 16_000


@pytest.mark.parametrize("rt60_s", [0.3, 0.6, 1.0])
def test_a_room_falls_by_60_db_in_the_time_that_is_asked_for(rt60_s):
    found = []
    for seed in range(8):
        response = room_response(np.random.default_rng(seed), rt60_s)
        assert response[0] == 1 and np.isfinite(response).all()
        left = np.cumsum(response[40:][::-1] ** 2)[::-1]
        level = 10 * np.log10(left / left[0])
        found.append(3 * (np.argmax(level < -25) - np.argmax(level < -5)) / RATE_HZ)
    assert np.mean(found) == pytest.approx(rt60_s, rel=0.1)


def test_rooms_differ_and_the_direct_sound_comes_first():
    rooms = [room_response(np.random.default_rng(seed)) for seed in range(6)]
    assert len({len(room) for room in rooms}) == 6
    same = room_response(np.random.default_rng(2))
    np.testing.assert_array_equal(same, rooms[2])
    click = np.zeros(4000, np.int16)
    click[500] = 20_000
    heard = in_room(click, rooms[0]).astype(float)
    assert np.abs(heard[:500]).max() <= 1 < np.abs(heard[500])
    # As loud as before, but for what lies beyond the end.
    assert np.linalg.norm(heard) == pytest.approx(20_000, rel=0.01)


def test_a_measured_response_starts_at_its_strongest_sound():
    response = response_of(np.array([0, 3, -8000, 4000, 0, -800], np.int16))
    assert response.tolist() == [1, -0.5, 0, 0.1]


@pytest.mark.parametrize("colour", COLOURS)
def test_noise_falls_with_frequency_as_its_colour_says(colour):
    noise = coloured_noise(1 << 17, colour, np.random.default_rng(0))
    assert np.sqrt((noise**2).mean()) == pytest.approx(1, abs=0.01)
    power, hz = np.abs(np.fft.rfft(noise)) ** 2, np.fft.rfftfreq(1 << 17, 1 / RATE_HZ)
    low, high = (power[(hz > f) & (hz < 1.2 * f)].mean() for f in (200, 3200))
    slope = np.log2(high / low) / 4 * 10 * np.log10(2)  # dB an octave
    assert slope == pytest.approx({"white": 0, "pink": -3, "brown": -6}[colour], abs=0.3)


def test_babble_is_several_voices_of_the_same_strength():
    rng = np.random.default_rng(0)
    tones = [
        np.sin(np.arange(16_000) * hz / 2546) * level
        for hz, level in ((440, 50), (1000, 9000), (3000, 900))
    ]
    heard = babble([np.asarray(tone, np.int16) for tone in tones], 8000, rng)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(8000)))
    peaks = [spectrum[int(hz / 2 - 8) : int(hz / 2 + 8)].max() for hz in (440, 1000, 3000)]
    assert max(peaks) < 1.6 * min(peaks)
    assert np.sqrt((heard**2).mean()) == pytest.approx(1)


def test_a_sum_above_full_scale_is_made_quieter_as_a_whole():
    loud = as_sound(np.array([40_000.0, -20_000.0]))
    assert loud.tolist() == [32_767, -16_384]
    silence = mixed(np.zeros(100, np.int16), levelled(np.ones(100)), 0)
    assert not silence.any()
