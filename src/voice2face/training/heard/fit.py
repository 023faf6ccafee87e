"""Read-offs fitted by ridge regression, and how sure they are, told by people left out."""

from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Float32s, Float64s, Texts
from voice2face.errors import CorpusError
from voice2face.evaluation.statistics.ridge import N_FOLDS, LinearMap, fit_ridge
from voice2face.evaluation.training_people import person_weights
from voice2face.voice_encoders.heard import YOUNGEST, AgeReadOff, ReadOff, VoiceReadOff

COVERED = 0.8  # share of people whose age lies in the interval
REFUSED = 0.002  # share of speech that may be taken for no voice
WRONG_LABELS = 0.01  # share of the calibrating people's genders
NEWTON_STEPS = 30
DIGITS = 7  # to which weights are rounded


@dataclass(frozen=True, eq=False)
class Taught:
    """Embeddings with what is to be read off.

    Attributes:
        x: Shape (n, dim).
        y: Shape (n,).
        people: Person of each, shape (n,).
    """

    x: Float32s
    y: Float64s
    people: Texts

    def __post_init__(self) -> None:
        if not len(self.x) == len(self.y) == len(self.people) or len(np.unique(self.people)) < 2:
            found = f"{len(self.x)} recordings of {len(np.unique(self.people))} people"
            raise CorpusError("what teaches", found, "two people at least", "give more recordings")

    def only(self, rows: np.ndarray) -> "Taught":
        """Some of them."""
        return Taught(self.x[rows], self.y[rows], self.people[rows])


def fit_male(taught: Taught, calibrating: Taught, seed: int = 0) -> ReadOff:
    """The logarithm of the odds that a voice is a man's.

    Args:
        taught: 1 for a man's voice, 0 for a woman's; each person and each gender counts alike.
        calibrating: Voices of other people, who only say how sure the read-off is;
            ``WRONG_LABELS`` of their genders are taken to be wrong.
        seed: Seed of who is left out together.
    """
    sides = taught.y * 2 - 1
    direction = fit_ridge(taught.x, sides[:, None], _balanced(taught), taught.people, seed)
    scores = direction(calibrating.x)[:, 0]
    slope, offset = _calibrated(scores, calibrating.y, person_weights(calibrating.people))
    return _folded(direction, slope, offset)


def fit_age(taught: Taught, seed: int = 0) -> AgeReadOff:
    """Years, with an interval that holds COVERED of the people left out; it widens with age."""
    weights = person_weights(taught.people)
    line = fit_ridge(taught.x, taught.y[:, None], weights, taught.people, seed)
    told = np.maximum(left_out(taught, weights, seed), YOUNGEST)
    tails = (1 - COVERED) / 2, (1 + COVERED) / 2
    ends = np.quantile(taught.y / told, tails, weights=weights, method="inverted_cdf")
    least, most = map(float, ends)
    years = _folded(line)
    return AgeReadOff(
        weights=years.weights,
        offset=years.offset,
        least=_rounded(min(least, 1.0)),
        most=_rounded(max(most, 1.0)),
    )


def fit_voice(speech: Taught, others: Float32s, seed: int = 0) -> VoiceReadOff:
    """About 1 for speech, -1 for other sounds; REFUSED of the speech left out is below ``least``.

    Args:
        speech: Recordings of people; ``y`` is 1 where they count for ``least``, those of ordinary
            quality, else 0.
        others: Embeddings of other sounds, shape (m, dim).
        seed: Seed of who is left out together.
    """
    both = Taught(
        np.concatenate([speech.x, others]),
        np.repeat([1.0, -1.0], [len(speech.x), len(others)]),
        np.concatenate([speech.people, [f"sound {number}" for number in range(len(others))]]),
    )
    weights = np.repeat([1 / len(speech.x), 1 / len(others)], [len(speech.x), len(others)])
    line = fit_ridge(both.x, both.y[:, None], weights, both.people, seed)
    scores = left_out(both, weights, seed)[: len(speech.x)][speech.y == 1]
    likeness, least = _folded(line), _rounded(float(np.quantile(scores, REFUSED)))
    return VoiceReadOff(weights=likeness.weights, offset=likeness.offset, least=least)


def left_out(taught: Taught, weights: Float64s, seed: int) -> Float64s:
    """What is read off each person by a fit to the others, in N_FOLDS folds, shape (n,)."""
    names, owner = np.unique(taught.people, return_inverse=True)
    fold = np.random.default_rng((seed, 1)).permutation(len(names))[owner] % N_FOLDS
    told = np.empty(len(taught.y))
    for out in (fold == number for number in np.unique(fold)):
        fitted = fit_ridge(
            taught.x[~out], taught.y[~out, None], weights[~out], taught.people[~out], seed
        )
        told[out] = fitted(taught.x[out])[:, 0]
    return told


def _balanced(taught: Taught) -> Float64s:
    """Each person counts alike among the people of a gender, and each gender alike."""
    weights = person_weights(taught.people)
    for side in (0, 1):
        rows = taught.y == side
        if not rows.any():
            raise CorpusError("gender", "one alone", "men and women", "give recordings of both")
        weights[rows] /= weights[rows].sum()
    return weights


def _calibrated(scores: Float64s, truth: Float64s, weights: Float64s) -> tuple[float, float]:
    """Slope and offset of the log odds, by maximum likelihood with some labels wrong.

    Source:
        Platt 1999; the share of wrong labels as in Rousseeuw and Christmann 2003. The expected
        labels given the last fit take the place of the labels in each Newton step (EM).
    """
    design = np.stack([scores, np.ones(len(scores))], axis=1)
    line = np.array([1.0, 0.0])
    for _ in range(NEWTON_STEPS):
        odds = design @ line
        male = 1 / (1 + np.exp(-odds))
        right = np.where(truth == 1, male, 1 - male) * (1 - WRONG_LABELS)
        wrong = np.where(truth == 1, 1 - male, male) * WRONG_LABELS
        believed = right / (right + wrong)  # that the label is right
        wanted = np.where(truth == 1, believed, 1 - believed)
        for _ in range(NEWTON_STEPS):
            male = 1 / (1 + np.exp(-design @ line))
            curvature = (design * (weights * male * (1 - male))[:, None]).T @ design
            step = np.linalg.solve(
                curvature + 1e-9 * np.eye(2), design.T @ (weights * (wanted - male))
            )
            line = line + step
            if np.abs(step).max() < 1e-8:
                break
    return float(line[0]), float(line[1])


def _folded(line: LinearMap, slope: float = 1.0, offset: float = 0.0) -> ReadOff:
    """Weights and offset of a map with one target, times a slope, plus an offset."""
    weights = line.weights[:, 0] * slope
    shift = (line.offset[0] - line.centre @ line.weights[:, 0]) * slope + offset
    return ReadOff(weights=tuple(map(_rounded, weights)), offset=_rounded(float(shift)))


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
