"""Rooms: their responses, and how a recording would sound in them."""

from typing import cast

import numpy as np

from voice2face.arrays import Float64s, Floats
from voice2face.audio.noise import Sound, as_sound, quick_length
from voice2face.audio.resample import RATE_HZ

SOUND_M_S = 343.0
# Length, width and height in m: a bathroom to a lecture room.
SMALLEST_M, LARGEST_M = (2.0, 2.0, 2.3), (9.0, 6.0, 3.5)
RT60_S = (0.2, 1.0)  # until the sound has fallen by 60 dB
FROM_WALL_M = 0.4
AWAY_M = (0.3, 2.5)  # the microphone from the mouth
# Reflections are computed one by one up to here; later they are too many to be told apart.
EARLY_S = 0.06
EDGE_S = 0.01  # before it, from which the level of what follows is taken


def room_response(rng: np.random.Generator, rt60_s: float | None = None) -> Float64s:
    """The response of a room that is drawn: walls, mouth and microphone anywhere in it.

    Args:
        rng: Draws.
        rt60_s: Time until the sound has fallen by 60 dB; None: drawn too.

    Returns:
        At 16 kHz, from the direct sound on, which is 1; shape (samples,).

    Source:
        Image sources of a rectangular room (Allen and Berkley 1979) with the absorption that
        Eyring's formula gives for the time, then Gaussian noise that dies away.
    """
    rt60_s = float(rng.uniform(*RT60_S)) if rt60_s is None else rt60_s
    size_m = rng.uniform(SMALLEST_M, LARGEST_M)
    mouth_m = rng.uniform(FROM_WALL_M, size_m - FROM_WALL_M)
    towards = rng.standard_normal(3)
    microphone_m = mouth_m + rng.uniform(*AWAY_M) * towards / np.linalg.norm(towards)
    microphone_m = np.clip(microphone_m, FROM_WALL_M, size_m - FROM_WALL_M)
    volume, surface = size_m.prod(), 2 * (size_m.prod() / size_m).sum()
    reflection = float(np.exp(-0.161 * volume / (surface * rt60_s) / 2))  # of pressure
    early = _early(size_m, mouth_m, microphone_m, reflection)
    n_edge = round(EDGE_S * RATE_HZ)
    n_tail = max(0, round(rt60_s * RATE_HZ) - len(early))
    level = float(np.sqrt(np.mean(early[-n_edge:] ** 2)))
    time_s = np.arange(n_tail) / RATE_HZ
    tail = level * rng.standard_normal(n_tail) * 10 ** (-3 * time_s / rt60_s)
    return np.concatenate([early, tail])


def response_of(recording: Sound) -> Float64s:
    """A measured response from its strongest sound on, which becomes 1."""
    start = int(np.abs(recording.astype(np.int32)).argmax())
    response = recording[start:].astype(np.float64)
    return cast("Float64s", response / (response[0] or 1.0))


def in_room(sound: Sound, response: Floats) -> Sound:
    """A recording as it would sound in a room.

    Args:
        sound: At 16 kHz, shape (samples,).
        response: Response of the room.

    Returns:
        As long, and as loud, or less where it would be above full scale.
    """
    n = quick_length(len(sound) + len(response))
    clean = sound.astype(np.float64)
    heard = np.fft.irfft(np.fft.rfft(clean, n) * np.fft.rfft(response, n), n)[: len(sound)]
    return as_sound(heard * (np.linalg.norm(clean) / (np.linalg.norm(heard) + 1e-9)))


def _early(
    size_m: Float64s, mouth_m: Float64s, microphone_m: Float64s, reflection: float
) -> Float64s:
    """Direct sound and reflections up to EARLY_S, each at the nearest sample."""
    direct_m = max(float(np.linalg.norm(mouth_m - microphone_m)), AWAY_M[0])
    reach = np.ceil((EARLY_S * SOUND_M_S + direct_m) / (2 * size_m)).astype(int)
    rooms = np.stack(np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), -1)
    rooms = rooms.reshape(-1, 1, 3)  # numbers of mirrored rooms in their lattice
    mirrored = np.array([[(k >> axis) & 1 for axis in range(3)] for k in range(8)])  # (8, 3)
    images_m = 2 * rooms * size_m + (1 - 2 * mirrored) * mouth_m  # (rooms, 8, 3)
    n_walls = (np.abs(rooms - mirrored) + np.abs(rooms)).sum(axis=-1)
    far_m = np.maximum(np.linalg.norm(images_m - microphone_m, axis=-1), AWAY_M[0])
    late = np.rint((far_m - direct_m) / SOUND_M_S * RATE_HZ).astype(int)
    heard = np.zeros(round(EARLY_S * RATE_HZ))
    inside = (late >= 0) & (late < len(heard))
    strength = reflection**n_walls * direct_m / far_m
    np.add.at(heard, late[inside], strength[inside])
    return cast("Float64s", heard / heard[0])
