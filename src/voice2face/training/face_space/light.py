"""How the light of drawn faces becomes that of photographs (:mod:`voice2face.generators.light`)."""

import numpy as np

from voice2face.arrays import Float32s, Float64s, Floats, UInt8s
from voice2face.generators.light import Coarse
from voice2face.parts import Arrays

N_PATTERNS = 12
LEAST = 0.05  # of the drawn light's mean variance: a pattern that no draw has is not enlarged


def fit_light(seen: UInt8s, weight: Floats, drawn: Floats, inside: Float32s) -> Arrays:
    """The arrays of :mod:`voice2face.generators.light`.

    Args:
        seen: Real faces as photographed, on the mean shape, RGB, shape (n, side, side, 3).
        weight: How much each counts; they sum to one, shape (n,).
        drawn: Drawn faces on the mean shape, RGB, shape (m, side, side, 3).
        inside: How much of each pixel is the face's, shape (side, side, 1).
    """
    coarse = Coarse(inside)
    real = np.array([coarse.of(one.astype(np.float32)) for one in seen], np.float64)
    made = np.array([coarse.of(np.asarray(one, np.float32)) for one in drawn], np.float64)
    centred = (real - weight @ real) * np.sqrt(weight)[:, None]
    patterns = np.linalg.svd(centred, full_matrices=False)[2][:N_PATTERNS]
    real, made = real @ patterns.T, made @ patterns.T
    wanted = np.cov(real.T, aweights=weight)
    own = np.cov(made.T)
    own += LEAST * np.trace(own) / len(own) * np.eye(len(own))
    root = _root(own)
    back = np.linalg.inv(root)
    return {
        "light_patterns": patterns.astype(np.float32),
        "light_drawn": made.mean(axis=0).astype(np.float32),
        "light_seen": (weight @ real).astype(np.float32),
        "light_map": (back @ _root(root @ wanted @ root) @ back).astype(np.float32),
    }


def _root(covariance: Float64s) -> Float64s:
    """The symmetric root of a covariance."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)
