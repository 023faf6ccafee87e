"""Plain least squares hears and sees what the coupling is about, and matches by it.

Everything is measured on people who were not learned from.
"""

import numpy as np
import pytest

from voice2face.synthetic import CohortSettings, make_face, sample_person
from voice2face.synthetic.ceiling import best_matching_accuracy
from voice2face.synthetic.latent import shared_of
from voice2face.synthetic.write import make_clip

SETTINGS = CohortSettings(seed=21, clip_s=(2.0, 2.5))
N_LEARNED, N_PEOPLE, N_EACH = 140, 200, 2


def band_statistics(samples: np.ndarray) -> np.ndarray:
    """Level, spread, speed of change, and correlation of 40 mel-like bands."""
    windows = np.lib.stride_tricks.sliding_window_view(samples.astype(float), 400)[::160]
    power = np.abs(np.fft.rfft(windows * np.hamming(400), 512, axis=1)) ** 2
    edges = 700 * (np.exp(np.linspace(0.05, 2.4, 41)) - 1) / 16_000 * 512
    starts = np.maximum.accumulate(edges.astype(int) + np.arange(41) // 40)
    sums = np.cumsum(np.pad(power, ((0, 0), (1, 0))), axis=1)
    bands = np.log(
        np.maximum(sums[:, np.maximum(starts[1:], starts[:-1] + 1)] - sums[:, starts[:-1]], 1.0)
    )
    upper = np.triu_indices(40, 1)
    correlation = np.corrcoef(bands.T)[upper]
    change = np.diff(bands, axis=0).std(axis=0)
    return np.concatenate([bands.mean(axis=0), bands.std(axis=0), change, correlation])


def least_squares(inputs: np.ndarray, targets: np.ndarray, ridge: float) -> np.ndarray:
    """Predictions for everybody from a fit to the first people, shape (people, each, targets)."""
    learned = inputs[:N_LEARNED].reshape(-1, inputs.shape[-1])
    mean, spread = learned.mean(axis=0), learned.std(axis=0) + 1e-6
    z = (learned - mean) / spread
    y = np.repeat(targets[:N_LEARNED], inputs.shape[1], axis=0)
    kernel = z @ z.T + ridge * z.size * np.eye(len(z)) / len(z)
    weights = z.T @ np.linalg.solve(kernel, y - y.mean(axis=0))
    return (inputs - mean) / spread @ weights + y.mean(axis=0)


def matching_accuracy(voices: np.ndarray, faces: np.ndarray) -> float:
    """1:2 accuracy over all pairs of unlearned people, by distance."""
    voices, faces = voices[N_LEARNED:, 0], faces[N_LEARNED:, 0]
    distance = ((voices[:, None] - faces[None]) ** 2).sum(axis=-1)
    wins = np.diag(distance)[:, None] < distance
    return float(wins[~np.eye(len(wins), dtype=bool)].mean())


@pytest.fixture(scope="module")
def voices() -> np.ndarray:
    """Shape (people, each, statistics)."""
    return np.array(
        [
            [band_statistics(make_clip(SETTINGS, i, k)) for k in range(N_EACH)]
            for i in range(N_PEOPLE)
        ]
    )


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    """Shape (people, each, values)."""
    pictures = np.array(
        [[make_face(SETTINGS, i, k)[::2, ::2] for k in range(N_EACH)] for i in range(N_PEOPLE)]
    )
    return pictures.reshape(N_PEOPLE, N_EACH, -1) / 255


@pytest.fixture(scope="module")
def halves() -> tuple[np.ndarray, np.ndarray]:
    people = [sample_person(SETTINGS, i) for i in range(N_PEOPLE)]
    heard = np.array([shared_of(p.heard) for p in people])
    seen = np.array([shared_of(p.seen) for p in people])
    return heard, seen


def agreement(predicted: np.ndarray, truth: np.ndarray) -> tuple[float, list[float]]:
    """Accuracy of sex, and correlations of age, size and weight, on unlearned people."""
    guess = predicted[N_LEARNED:].reshape(-1, 4)
    true = np.repeat(truth[N_LEARNED:], N_EACH, axis=0)
    sex = float(np.mean(np.sign(guess[:, 0]) == true[:, 0]))
    return sex, [float(np.corrcoef(guess[:, k], true[:, k])[0, 1]) for k in (1, 2, 3)]


def test_a_voice_tells_what_is_heard(voices, halves):
    sex, correlations = agreement(least_squares(voices, halves[0], 0.1), halves[0])
    assert sex > 0.95
    assert min(correlations) > 0.5


def test_a_face_tells_what_is_seen(faces, halves):
    sex, correlations = agreement(least_squares(faces, halves[1], 0.02), halves[1])
    assert sex > 0.9
    assert min(correlations) > 0.5


def test_matching_is_far_above_chance_and_below_the_bound(voices, faces, halves):
    heard = least_squares(voices, halves[0], 0.1)
    seen = least_squares(faces, halves[1], 0.02)
    accuracy = matching_accuracy(SETTINGS.coupling * heard, seen)
    assert 0.72 < accuracy < best_matching_accuracy(SETTINGS.coupling).accuracy


def test_voices_of_other_people_match_by_chance(voices, faces, halves):
    heard = least_squares(voices, halves[0], 0.1)
    seen = least_squares(faces, halves[1], 0.02)
    rng = np.random.default_rng(0)
    shuffled = []
    for _ in range(30):
        order = np.r_[:N_LEARNED, N_LEARNED + rng.permutation(N_PEOPLE - N_LEARNED)]
        shuffled.append(matching_accuracy(heard[order], seen))
    assert np.mean(shuffled) == pytest.approx(0.5, abs=0.04)
