"""A face space: voice embedding → who might speak → a face with its own shape.

What a voice tells is a distribution over the codes of faces (:mod:`.face_decoder`): gender and age
are read off the embedding, then the code's mean within that gender, and a covariance for the rest.
The mean shows what the voice tells; draws show people who might have this voice.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.errors import ModelError
from voice2face.generators.face_decoder import FaceDecoder, Looks
from voice2face.settings import FacePx, Settings

Floats = npt.NDArray[np.float32]

# What a file of this kind holds; those of the second line only where faces were learned without
# what surrounds them.
ARRAYS = (
    "voice_mean", "voice_scale", "gender", "age", "deviation", "gender_code", "gender_age",
    "age_code", "spread",
    "texture_mean", "texture_basis", "texture_scale", "region", "blend", "shape_mean",
    "shape_basis",
)  # fmt: skip
SURROUNDINGS = ("surroundings", "surroundings_scale")
N_FEATURES = 12  # of the surroundings, before those of chance
DECADE = 10.0

Emphasis = Annotated[float, msgspec.Meta(ge=0, le=10)]


class FaceSpaceSettings(Settings, frozen=True, kw_only=True, tag="face_space"):
    """How faces are drawn from a face space."""

    px: FacePx = 256
    # How far what the voice tells is driven from the mean: 1 is the best guess, more is livelier.
    gender_emphasis: Emphasis = 1.0
    age_emphasis: Emphasis = 1.0
    liveliness: Emphasis = 1.0
    sharpening: Emphasis = 0.5
    chance: Emphasis = 1.0  # share of the spread in which people are drawn


@dataclass(frozen=True, eq=False)
class Told:
    """What voices tell.

    Attributes:
        male: Above 0 where a man is heard, shape (n,).
        age: In years, shape (n,).
        codes: Means of the codes, shape (n, K).
    """

    male: Floats
    age: Floats
    codes: Floats


class FaceSpace:
    """The generator of a file ``.npz``; see :class:`.protocol.FaceGenerator`.

    Args:
        settings: Size and emphasis.
        path: The file that :func:`voice2face.training.face_space.fit` made.

    Attributes:
        px: Side of the faces.
        dim: Numbers of a voice embedding.

    Raises:
        ModelError: The file is missing, damaged, or of another kind.
    """

    def __init__(self, settings: FaceSpaceSettings, path: Path) -> None:
        arrays = _read(path)
        self.px: int = settings.px
        self.dim = len(arrays["voice_mean"])
        self._settings = settings
        self._mean, self._scale = arrays["voice_mean"], arrays["voice_scale"]
        self._gender, self._age = arrays["gender"], arrays["age"]
        self._deviation = arrays["deviation"].astype(np.float32)
        self._gender_code, self._gender_age = arrays["gender_code"], arrays["gender_age"]
        self._age_code = arrays["age_code"]
        self._spread = arrays["spread"].astype(np.float32)
        self._n_hair = 0
        if "surroundings" in arrays:
            self._n_hair = len(arrays["surroundings"]) - N_FEATURES
        self._decoder = FaceDecoder(arrays, settings.px, settings.sharpening)

    def told(self, embeddings: Floats) -> Told:
        """What voices tell: gender, age, and the mean of the code.

        Args:
            embeddings: Shape (n, dim).
        """
        heard = (np.asarray(embeddings, np.float32) - self._mean) / self._scale
        male = heard @ self._gender[:-1] + self._gender[-1]
        decades = heard @ self._age[:-1] + self._age[-1]  # from the middle of the ages
        men = (male > 0).astype(np.int64)
        drawn, middle = self._settings, self._gender_code.mean(axis=0)
        codes = (
            middle
            + drawn.gender_emphasis * (self._gender_code[men] - middle)
            + drawn.age_emphasis * decades[:, None] * self._age_code[men]
            + drawn.liveliness * (heard @ self._deviation)
        )
        years = self._gender_age[men] + DECADE * drawn.age_emphasis * decades
        return Told(
            male.astype(np.float32), years.astype(np.float32), np.asarray(codes, np.float32)
        )

    def faces(self, embeddings: Floats, rng: np.random.Generator | None = None) -> Floats:
        """One face for each embedding; see :meth:`.protocol.FaceGenerator.faces`."""
        told = self.told(embeddings)
        codes, hair = told.codes, np.zeros((len(told.codes), self._n_hair), np.float32)
        if rng is not None:
            chance = rng.standard_normal(codes.shape).astype(np.float32)
            spread = self._spread[(told.male > 0).astype(np.int64)]  # (n, K, K)
            codes = codes + self._settings.chance * np.einsum("nij,nj->ni", spread, chance)
            hair = self._settings.chance * rng.standard_normal(hair.shape).astype(np.float32)
        looks = Looks(codes, told.male > 0, told.age, np.clip(hair, -2, 2).astype(np.float32))
        pictures = self._decoder(looks).transpose(0, 3, 1, 2)
        return np.ascontiguousarray(pictures / np.float32(127.5) - np.float32(1))

    def distances(self, embeddings: Floats, codes: Floats) -> Floats:
        """How far people's codes lie from what their voices tell, in spreads.

        Args:
            embeddings: Shape (n, dim).
            codes: Of the people who speak, shape (n, K).

        Returns:
            Mahalanobis distances, squared, each over K; 1 on average if the covariance is right.
        """
        told = self.told(embeddings)
        found = np.empty(len(codes), np.float32)
        for row, (code, mean, male) in enumerate(zip(codes, told.codes, told.male, strict=True)):
            white = np.linalg.solve(self._spread[int(male > 0)], code - mean)
            found[row] = (white**2).mean()
        return found


def _read(path: Path) -> dict[str, npt.NDArray[Any]]:
    wanted = "a face space"
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in (*ARRAYS, *SURROUNDINGS) if name in stored}
    except FileNotFoundError as error:
        raise ModelError(path, "no such file", wanted, "restore the model's folder") from error
    except Exception as error:  # a damaged archive makes NumPy raise almost anything
        raise ModelError(path, "damaged", wanted, "restore the model's folder") from error
    if missing := [name for name in ARRAYS if name not in arrays]:
        raise ModelError(path, f"no {', '.join(missing)}", wanted, "fit it again")
    return arrays
