"""A flow at work: chance becomes codes of faces, a few steps along a field of velocities (numpy).

A small network tells how fast, and in which direction, a point between pure chance and the codes of
faces moves; codes come about by following it from time 0 to 1. ``training.flow`` trains it.

Source:
    Lipman et al. 2023, "Flow matching for generative modeling"; Liu et al. 2023, "Flow straight
    and fast"; guidance without a classifier: Ho and Salimans 2022.
"""

import math

import numpy as np

from voice2face.arrays import Float32s
from voice2face.generators.rows import times
from voice2face.parts import Arrays

# In a part's file, where layers of one shape lie in one array. ``clues``: FREQUENCIES, what is
# known of the face, and whether it is known.
ARRAYS = {
    "flow_condition_mean": "float32 known",
    "flow_condition_scale": "float32 known",
    "flow_clues": "float16 clues hidden",
    "flow_clues_bias": "float16 hidden",
    "flow_enter": "float16 code wide",
    "flow_enter_bias": "float16 wide",
    "flow_tuned": "float16 blocks hidden wide×3",
    "flow_tuned_bias": "float16 blocks wide×3",
    "flow_first": "float16 blocks wide wide",
    "flow_first_bias": "float16 blocks wide",
    "flow_second": "float16 blocks wide wide",
    "flow_second_bias": "float16 blocks wide",
    "flow_leave": "float16 wide code",
    "flow_leave_bias": "float16 code",
}
FREQUENCIES = 64  # numbers that say what time it is: sines and cosines
FASTEST = 100.0  # of them, in radians from time 0 to 1
EPSILON = 1e-5  # of the normalisation of layers


class Velocity:
    """The field, and the way through it.

    Args:
        arrays: As ARRAYS names them; others are not looked at.
    """

    def __init__(self, arrays: Arrays) -> None:
        self._of = {name: arrays[name].astype(np.float32) for name in ARRAYS}

    @property
    def code_dim(self) -> int:
        """Numbers of a code."""
        return len(self._of["flow_leave_bias"])

    def drawn(
        self, known: Float32s, start: Float32s, *, n_steps: int = 8, guidance: float = 1.0
    ) -> Float32s:
        """Codes of people of whom something is known.

        Args:
            known: What is known of each, shape (n, known).
            start: Where each begins, standard normal for a draw, shape (n, code).
            n_steps: Steps by the midpoint rule, each of two looks at the field.
            guidance: 1: the people of whom this is known. More: further from all people, so that
                what is known shows more.

        Returns:
            Shape (n, code).
        """
        code, step = start.astype(np.float32), np.float32(1 / n_steps)
        known = (known - self._of["flow_condition_mean"]) / self._of["flow_condition_scale"]
        for number in range(n_steps):
            time = number / n_steps
            half = code + step / 2 * self._guided(code, time, known, guidance)
            code = code + step * self._guided(half, time + 0.5 / n_steps, known, guidance)
        return code

    def _guided(self, code: Float32s, time: float, known: Float32s, guidance: float) -> Float32s:
        own = self._at(code, time, known, 1.0)
        if guidance == 1:
            return own
        anybody = self._at(code, time, np.zeros_like(known), 0.0)
        return np.asarray(anybody + np.float32(guidance) * (own - anybody), np.float32)

    def _at(self, code: Float32s, time: float, known: Float32s, is_known: float) -> Float32s:
        """The velocities at one time, shape (n, code)."""
        w = self._of
        clock = np.tile(clock_of(time), (len(code), 1))
        flag = np.full((len(code), 1), is_known, np.float32)
        clues = np.concatenate([clock, known, flag], axis=1)
        hidden = _silu(times(clues, w["flow_clues"]) + w["flow_clues_bias"])
        x = times(code, w["flow_enter"]) + w["flow_enter_bias"]
        for block in range(len(w["flow_first"])):
            tuned = times(hidden, w["flow_tuned"][block]) + w["flow_tuned_bias"][block]
            shift, scale, gate = np.split(tuned, 3, axis=1)
            inner = _normalised(x) * (1 + scale) + shift
            inner = _silu(times(inner, w["flow_first"][block]) + w["flow_first_bias"][block])
            change = times(inner, w["flow_second"][block]) + w["flow_second_bias"][block]
            x = x + (1 + gate) * change
        return np.asarray(times(x, w["flow_leave"]) + w["flow_leave_bias"], np.float32)


def clock_of(time: float) -> Float32s:
    """What time it is, as sines and cosines, shape (FREQUENCIES,)."""
    rates = np.exp(np.linspace(0, math.log(FASTEST), FREQUENCIES // 2))
    return np.concatenate([np.sin(time * rates), np.cos(time * rates)]).astype(np.float32)


def _silu(x: Float32s) -> Float32s:
    return np.asarray(x / (1 + np.exp(-np.clip(x, -60, 60))), np.float32)


def _normalised(x: Float32s) -> Float32s:
    centred = x - x.mean(axis=1, keepdims=True)
    variance = (centred**2).mean(axis=1, keepdims=True)
    return np.asarray(centred / np.sqrt(variance + np.float32(EPSILON)), np.float32)
