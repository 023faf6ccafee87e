"""What voices tell about faces: gender, age, and a distribution of the rest of a face's code."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Bools, Float32s, Float64s, Floats, Texts
from voice2face.training.face_space.people import People

# Ridge: strengths in mean squared standardised inputs, for each person learned from. Chosen on
# held-out people of AVSpeech, where a half or a double of each does no worse by a point.
FOR_GENDER, FOR_AGE, FOR_CODE = 0.5, 1.0, 4.0
MOST_STRETCHED = 1.5  # largest factor that brings deviations to the spread of the open faces
LEAST_LEFT = 0.2  # share of a component's variance that a voice leaves open, at least
N_FOLDS = 5
USUAL = 0.75  # share of faces that draws are mixed from
REST_STEP = 0.05  # spreads: codes of the open faces are kept in such steps
REGION = 0.9  # share of people that the distribution's region should hold
DECADE = 10.0


@dataclass(frozen=True, eq=False)
class Voices:
    """Voice embeddings, and what is known of who speaks.

    Attributes:
        embedding: Shape (n, dim).
        person: Person of each, shape (n,).
        male: Whether a man speaks; NaN where it is not known, shape (n,).
        age: Age in years, NaN where it is not known, shape (n,).
        code: Code of the speaker's face, NaN where there is none, shape (n, K).
        on_record: Whether ``male`` is on record, not what a network sees.
    """

    embedding: Float32s
    person: Texts
    male: Float64s
    age: Float64s
    code: Float64s
    on_record: bool = False


@dataclass(frozen=True, eq=False)
class Middle:
    """Means of codes by gender, and how codes change with age.

    Attributes:
        code: Mean codes of women and of men, shape (2, K).
        age: Mean ages, in years, shape (2,).
        slope: Change of the code in a decade, shape (2, K).
        spread: Spread of what gender leaves, shape (K,).
    """

    code: Float64s
    age: Float64s
    slope: Float64s
    spread: Float64s

    @classmethod
    def of(cls, codes: Float64s, male: Bools, age: Float64s, weight: Float64s) -> "Middle":
        """Fit to people, each counting as much as their weight."""
        means, ages, slopes = [], [], []
        squares = np.zeros(codes.shape[1])
        for gender in (False, True):
            of_it = male == gender
            w = weight[of_it] / weight[of_it].sum()
            mean, years = w @ codes[of_it], float(w @ age[of_it])
            left, decades = codes[of_it] - mean, (age[of_it] - years) / DECADE
            means.append(mean)
            ages.append(years)
            slopes.append((w * decades) @ left / max(float(w @ decades**2), 1e-9))
            squares += w @ left**2 / 2
        return cls(np.array(means), np.array(ages), np.array(slopes), np.sqrt(squares))

    def deviations(self, codes: Float64s, male: Bools) -> Float64s:
        """Codes less the mean of the gender, shape (n, K)."""
        return np.asarray(codes - self.code[male.astype(np.int64)])


@dataclass(frozen=True, eq=False)
class Usual:
    """Gender and weight of the people that draws are mixed from, each of shape (n,)."""

    male: Bools
    weight: Float64s


def ridge(x: Float64s, y: Float64s, strength: float) -> tuple[Float64s, Float64s]:
    """Weights (dim, targets) and offsets (targets,) of ``y ≈ x @ weights + offsets``.

    Source:
        Hoerl and Kennard 1970.
    """
    middle, offset = x.mean(axis=0), y.mean(axis=0)
    centred = x - middle
    gram = centred.T @ centred + strength * len(x) * np.eye(x.shape[1])
    weights = np.linalg.solve(gram, centred.T @ (y - offset))
    return weights, offset - middle @ weights


def fit_hearing(
    voices: list[Voices], people: People, codes: Float64s
) -> dict[str, npt.NDArray[Any]]:
    """From a voice's embedding to the distribution of the face's code.

    Gender is read off by a regression on the voices whose gender is on record, or on all if there
    are none; age on those whose age is known; what is left of the code within a gender, on those
    whose faces are known. The means by gender, the change with age and the covariance are the open
    faces', so that what a voice does not tell is drawn as it varies among them. Deviations are
    brought to their spread.

    Args:
        voices: Sets of voices.
        people: The open faces.
        codes: Codes of the open faces, shape (people, K).

    Returns:
        The arrays of :mod:`voice2face.generators.face_space` that say what voices tell, and
        ``stretched``, ``seen_code``: how codes of the voices' own faces compare with these.
    """
    embedding = np.concatenate([one.embedding for one in voices]).astype(np.float64)
    male, age = (np.concatenate([getattr(v, name) for v in voices]) for name in ("male", "age"))
    code = np.concatenate([one.code for one in voices])
    faced, aged = ~np.isnan(code[:, 0]), ~np.isnan(age)
    recorded = any(one.on_record for one in voices)
    of_record = [np.full(len(one.male), one.on_record or not recorded) for one in voices]
    sexed = ~np.isnan(male) & np.concatenate(of_record)
    mean, scale = embedding[faced].mean(axis=0), embedding[faced].std(axis=0) + 1e-6
    heard = (embedding - mean) / scale
    gender, gender_offset = ridge(heard[sexed], 2 * male[sexed, None] - 1, FOR_GENDER)
    open_faces = Middle.of(codes, people.male, people.age, people.weight)
    decades = (age[aged, None] - age[aged].mean()) / DECADE
    years, years_offset = ridge(heard[aged], decades, FOR_AGE)
    men = male[faced] > 0.5
    seen = Middle.of(code[faced], men, np.where(aged, age, 0)[faced], np.ones(int(faced.sum())))
    stretch = np.minimum(open_faces.spread / seen.spread, MOST_STRETCHED)
    target = seen.deviations(code[faced], men) * stretch
    deviation, _ = ridge(heard[faced], target, FOR_CODE)
    person = np.concatenate([one.person for one in voices])[faced]
    rest, usual = _rest(codes, people, open_faces)
    left, spread = _spread(heard[faced], target, men, person, usual, rest)
    return {
        "voice_mean": mean.astype(np.float32),
        "voice_scale": scale.astype(np.float32),
        "gender": np.append(gender[:, 0], gender_offset).astype(np.float32),
        "age": np.append(years[:, 0], years_offset).astype(np.float32),
        "deviation": deviation.astype(np.float32),
        "gender_code": open_faces.code.astype(np.float32),
        "gender_age": open_faces.age.astype(np.float32),
        "age_code": open_faces.slope.astype(np.float32),
        "spread": spread.astype(np.float32),
        "left": left.astype(np.float32),
        "rest": np.rint(np.clip(rest / REST_STEP, -127, 127)).astype(np.int8),
        "rest_step": np.float32(REST_STEP),
        "rest_male": usual.male,
        "rest_weight": usual.weight,
        "seen_code": seen.code.astype(np.float32),
        "stretched": stretch.astype(np.float32),
    }


def _rest(codes: Float64s, people: People, middle: Middle) -> tuple[Float64s, Usual]:
    """What gender and age leave of the open faces' codes, without the least usual faces.

    The furthest from the mean are mostly spectacles, shadows and paint.
    """
    men = people.male.astype(np.int64)
    decades = (people.age - middle.age[men]) / DECADE
    rest = np.asarray(codes - middle.code[men] - decades[:, None] * middle.slope[men])
    kept = usual(rest)
    return rest[kept], Usual(people.male[kept], people.weight[kept] / people.weight[kept].sum())


def usual(scores: Floats) -> Bools:
    """The share ``USUAL`` of rows that lie nearest to the mean, shape (n,)."""
    squares = (scores**2).mean(axis=1)
    return np.asarray(squares <= np.quantile(squares, USUAL))


def _spread(
    heard: Float64s,
    target: Float64s,
    men: Bools,
    person: Texts,
    people: Usual,
    rest: Float64s,
) -> tuple[Float64s, Float64s]:
    """How much voices leave open, calibrated on people who are left out of the fit.

    Returns:
        Factors that turn the rest of the open faces' codes into what a voice leaves open, for
        women and men, shape (2, K); and factors L of its covariances L Lᵀ, shape (2, K, K). The
        region that holds ``REGION`` of the draws holds as many of the people left out.
    """
    predicted = left_out(heard, target, person, FOR_CODE)
    explained = predicted.var(axis=0) / np.maximum(target.var(axis=0), 1e-9)
    left = np.sqrt(np.clip(1 - explained, LEAST_LEFT, 1))  # (K,)
    drawn = np.random.default_rng(0).chisquare(rest.shape[1], 100_000)
    scales, factors = [], []
    for gender in (False, True):
        of_it = people.male == gender
        weight = people.weight[of_it] / people.weight[of_it].sum()
        covariance = (rest[of_it] * weight[:, None]).T @ rest[of_it]
        covariance = shrunk(covariance, 1 / float((weight**2).sum()))
        factor = left[:, None] * np.linalg.cholesky(covariance)
        own = (target - predicted)[men == gender]
        distance = (np.linalg.solve(factor, own.T) ** 2).sum(axis=0)
        wanted = np.sqrt(np.quantile(distance, REGION) / np.quantile(drawn, REGION))
        scales.append(left * wanted)
        factors.append(factor * wanted)
    return np.array(scales), np.array(factors)


def shrunk(covariance: Float64s, n: float) -> Float64s:
    """A covariance of n people, the nearer to its diagonal the fewer they are.

    Few people vary little in some directions by chance alone, and others then seem far away there.
    """
    k = len(covariance)
    share = k / (k + n)
    diagonal = np.diag(np.diag(covariance) + 1e-3 * np.trace(covariance) / k)
    return np.asarray((1 - share) * covariance + share * diagonal)


def left_out(heard: Float64s, target: Float64s, person: Texts, strength: float) -> Float64s:
    """What a ridge regression predicts for people that it was not fitted on, shape (n, K).

    Zero where everybody is left out at once, as where there is one person alone.
    """
    _, owner = np.unique(person, return_inverse=True)
    fold = np.random.default_rng(0).permutation(owner.max() + 1)[owner] % N_FOLDS
    predicted = np.zeros_like(target)
    for out in (fold == number for number in np.unique(fold)):
        if not out.all():
            weights, offset = ridge(heard[~out], target[~out], strength)
            predicted[out] = heard[out] @ weights + offset
    return predicted
