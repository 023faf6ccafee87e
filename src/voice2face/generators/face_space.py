"""A face space: voice embedding → who might speak → a face with its own shape.

What a voice tells is a distribution over the codes of faces (:mod:`.face_decoder`): gender and age
are read off the embedding, then the code's mean within that gender, and a covariance for the rest.
The mean shows what the voice tells; draws show people who might have this voice.
"""

from dataclasses import dataclass, replace
from typing import Annotated

import msgspec
import numpy as np

from voice2face.arrays import Float32s
from voice2face.errors import ModelError
from voice2face.faces.mesh import N_POINTS
from voice2face.generators.face_decoder import FaceDecoder, Looks
from voice2face.generators.heads import ARRAYS as HEADS
from voice2face.generators.light import ARRAYS as LIGHT
from voice2face.generators.mixtures import Others
from voice2face.generators.neighbours import ARRAYS as NEIGHBOURS
from voice2face.generators.neighbours import Neighbours
from voice2face.generators.rows import times
from voice2face.parts import Arrays, GeneratorPart, PartSource, read_arrays
from voice2face.settings import FacePx

# What a file of this kind holds: what voices tell, of the faces that are drawn from, of pictures.
ARRAYS = {
    "voice_mean": "float32 dim",
    "voice_scale": "float32 dim",
    "gender": "float32 dim+1",
    "age": "float32 dim+1",
    "deviation": "float32 dim code",
    "gender_code": "float32 gender code",
    "gender_age": "float32 gender",
    "age_code": "float32 gender code",
    "left": "float32 gender code",
    "spread": "float32 gender code code",
    "seen_code": "float32 gender code",
    "stretched": "float32 code",
    "rest": "int8 people code",
    "rest_step": "float32",
    "rest_male": "bool people",
    "rest_weight": "float64 people",
    "texture_mean": "float32 values",
    "texture_basis": "int8 texture values",
    "texture_scale": "float32 texture",
    "region": "bool side side",
    "blend": "float16 side side",
    "shape_mean": "float32 coordinates",
    "shape_basis": "float32 shape coordinates",
}
# Optional: what is added to codes so that faces are read as voices tell.
ANSWER = {"answer": "float32 dim code", "answer_gender": "float32 gender code"}
# Optional, HEADS: what is around faces that were learned without what surrounds them.
# Optional, NEIGHBOURS: who is averaged where faces are means of people, see `nearness`.
# Optional, LIGHT: the light of photographs, for drawn people.
DECADE = 10.0
FILE = "face_space.npz"
BACKDROPS = (150.0, 232.0)  # of 255: how light what is behind a drawn head may be
TINT = 0.025  # spread of its channels, as a share

Emphasis = Annotated[float, msgspec.Meta(ge=0, le=10)]


class FaceSpacePart(GeneratorPart, frozen=True, kw_only=True, tag="face-space"):
    """A face space, and how faces are drawn from it.

    Attributes:
        px: Side of the faces.
        embedding_dim: Numbers of a voice embedding.
        gender_emphasis: Factor on the distance between the mean of both genders and the mean of
            the gender that is heard; 1: no exaggeration.
        age_emphasis: Factor on the change with age; 1: the best guess.
        liveliness: Factor on everything else that a voice tells about texture.
        shape_emphasis: Factor on everything else that a voice tells about shape.
        sharpening: Strength of unsharp masking.
        chance: Factor on the standard deviation of what is drawn.
        drawn_gender: Added to ``gender_emphasis`` in draws, which differ in everything else.
        nearness: Share of the mean of some people, those who look most as the voice tells, in the
            code; the rest is what the factors above say.
    """

    px: FacePx = 256
    embedding_dim: Annotated[int, msgspec.Meta(ge=1, le=65_536)] = 256
    gender_emphasis: Emphasis = 1.0
    age_emphasis: Emphasis = 1.0
    liveliness: Emphasis = 1.0
    shape_emphasis: Emphasis = 1.0
    sharpening: Emphasis = 0.5
    chance: Emphasis = 1.0
    drawn_gender: Emphasis = 0.0
    nearness: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0

    def open(self, source: PartSource) -> "FaceSpace":
        """The generator.

        Raises:
            ModelError: Its file is missing or damaged, or of another kind.
        """
        sizes = {"dim+1": self.embedding_dim + 1, "gender": 2, "coordinates": 2 * N_POINTS}
        path = source.path(FILE)
        optional = ANSWER, HEADS, LIGHT, NEIGHBOURS
        arrays = read_arrays(path, ARRAYS, *optional, sizes=sizes, what="a face space")
        return FaceSpace(self, arrays)

    @property
    def face_px(self) -> int:
        """Side of its faces."""
        return self.px

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        return {"generator": f"face space, closed form, faces of {self.px} pixels"}


@dataclass(frozen=True, eq=False)
class Told:
    """What voices tell.

    Attributes:
        male: Score of gender, above 0 for a man, shape (n,).
        age: Age in years, shape (n,).
        codes: Means of the codes, shape (n, K).
    """

    male: Float32s
    age: Float32s
    codes: Float32s


class FaceSpace:
    """A face space at work (a ``generators.protocol.FaceGenerator``).

    Args:
        settings: Size and emphasis.
        arrays: What :func:`voice2face.training.face_space.fit` made.

    Attributes:
        px: Side of the faces.
        n_heads: Number of heads, each and its mirror image.

    Raises:
        ModelError: The arrays are for embeddings of another length.
    """

    def __init__(self, settings: FaceSpacePart, arrays: Arrays) -> None:
        if len(arrays["voice_mean"]) != settings.embedding_dim:
            found = f"made for embeddings of {len(arrays['voice_mean'])} numbers"
            wanted = f"{settings.embedding_dim}, as its settings say"
            raise ModelError("face space", found, wanted, "fetch the model again")
        self.px: int = settings.px
        self._settings = settings
        self._mean, self._scale = arrays["voice_mean"], arrays["voice_scale"]
        self._gender, self._age = arrays["gender"], arrays["age"]
        self._deviation = arrays["deviation"].astype(np.float32)
        self._plain_deviation = self._deviation.copy()
        self._seen_code, self._stretched = arrays["seen_code"], arrays["stretched"]
        n_texture = len(arrays["texture_basis"])
        self._deviation[:, :n_texture] *= settings.liveliness
        self._deviation[:, n_texture:] *= settings.shape_emphasis
        self._gender_code, self._gender_age = arrays["gender_code"], arrays["gender_age"]
        self._age_code = arrays["age_code"]
        self._left, self._spread = arrays["left"], arrays["spread"]
        self._others = [Others.of_gender(arrays, men) for men in (False, True)]
        if "answer" in arrays:
            self._deviation += arrays["answer"]
        self._answer = arrays.get("answer_gender", np.zeros_like(self._gender_code))
        self._neighbours = Neighbours(arrays) if "near_code" in arrays else None
        self._decoder = FaceDecoder(arrays, settings.px, settings.sharpening)
        self.n_heads = self._decoder.heads.n if self._decoder.heads else 0

    def told(self, embeddings: Float32s) -> Told:
        """What voices tell: gender, age, and the mean of the code.

        Args:
            embeddings: Shape (n, dim).

        Raises:
            ModelError: The embeddings are another encoder's.
        """
        if embeddings.ndim != 2 or embeddings.shape[1] != len(self._mean):
            found, wanted = f"embeddings of shape {embeddings.shape}", f"(n, {len(self._mean)})"
            remedy = "use the voice encoder that it was fitted with"
            raise ModelError("generator", found, wanted, remedy)
        heard = self._standardised(embeddings)
        male = times(heard, self._gender[:-1]) + self._gender[-1]
        decades = times(heard, self._age[:-1]) + self._age[-1]  # from the middle of the ages
        men = (male > 0).astype(np.int64)
        drawn, middle = self._settings, self._gender_code.mean(axis=0)
        codes = (
            middle
            + drawn.gender_emphasis * (self._gender_code[men] - middle)
            + drawn.age_emphasis * decades[:, None] * self._age_code[men]
            + times(heard, self._deviation)
            + self._answer[men]
        )
        years = self._gender_age[men] + DECADE * drawn.age_emphasis * decades
        if self._neighbours is not None and drawn.nearness > 0:
            near, their_years = self._neighbours(embeddings, men > 0)
            near += ((years - their_years) / DECADE)[:, None] * self._age_code[men]
            codes = codes + drawn.nearness * (near - codes)
        return Told(
            male.astype(np.float32), years.astype(np.float32), np.asarray(codes, np.float32)
        )

    def faces(self, embeddings: Float32s, rng: "np.random.Generator | None" = None) -> Float32s:
        """One face for each embedding; see :meth:`.protocol.FaceGenerator.faces`."""
        pictures = self._decoder(self.looks(embeddings, rng)).transpose(0, 3, 1, 2)
        faces = np.divide(pictures, np.float32(127.5), order="C")
        return np.subtract(faces, np.float32(1), out=faces)

    def looks(self, embeddings: Float32s, rng: "np.random.Generator | None" = None) -> Looks:
        """The people whose faces :meth:`faces` draws; arguments as of it."""
        told = self.told(embeddings)
        men = told.male > 0
        usual = Looks(told.codes, men, told.age)
        if rng is not None:
            return self.drawn(usual, rng)
        heads = self._decoder.heads
        return self.headed(usual, heads.along(self._standardised(embeddings))) if heads else usual

    def headed(self, looks: Looks, chance: Float32s) -> Looks:
        """The same people with heads that suit them, if there are any; chance as of ``Heads``."""
        heads = self._decoder.heads
        if heads is None:
            return looks
        skins = self._decoder.skins(looks.codes, looks.photographed)
        known = zip(looks.male, looks.age, skins, chance, strict=True)
        return replace(looks, heads=np.array([heads.chosen(*one) for one in known], np.int64))

    def drawn(self, usual: Looks, rng: "np.random.Generator") -> Looks:
        """People who do not exist and differ from usual ones as people of one gender and age do."""
        men = usual.male.astype(np.int64)
        chance, behind = np.empty_like(usual.codes), np.empty((len(men), 3), np.float32)
        head = np.empty((len(men), self.n_heads), np.float32)
        for row, man in enumerate(men):  # row by row: one drawn alone is the same
            chance[row] = self._others[man].drawn(rng)
            behind[row] = _backdrop(rng)
            head[row] = rng.gumbel(size=self.n_heads)
        rest = np.float32(self._settings.chance) * self._left[men] * chance
        toward = self._gender_code - self._gender_code.mean(axis=0)
        codes = usual.codes + self._settings.drawn_gender * toward[men] + rest
        codes = self._decoder.shown(np.asarray(codes, np.float32))
        drawn = replace(usual, codes=codes, backdrop=behind, photographed=True)
        return self.headed(drawn, head)

    def _standardised(self, embeddings: Float32s) -> Float32s:
        heard = (embeddings.astype(np.float32, copy=False) - self._mean) / self._scale
        return np.asarray(heard, np.float32)

    def rest(self, men: bool, rng: "np.random.Generator") -> Float32s:
        """What gender and age leave of the code of a mixture of people, shape (K,)."""
        return self._others[int(men)].anybody(rng)

    def distances(self, embeddings: Float32s, codes: Float32s) -> Float32s:
        """Distance of people's faces from what their voices tell, in standard deviations.

        Args:
            embeddings: Shape (n, dim).
            codes: Of the faces of the people who speak, of the kind that taught what voices tell
                (canonical ones), shape (n, K).

        Returns:
            Mahalanobis distances, squared, over K; 1 on average if the covariance is right.
        """
        heard = (embeddings - self._mean) / self._scale
        men = (heard @ self._gender[:-1] + self._gender[-1] > 0).astype(np.int64)
        own = (codes - self._seen_code[men]) * self._stretched - heard @ self._plain_deviation
        white = [np.linalg.solve(self._spread[man], row) for man, row in zip(men, own, strict=True)]
        return np.asarray((np.array(white) ** 2).mean(axis=1), np.float32)


def _backdrop(rng: "np.random.Generator") -> Float32s:
    """Brightness and tint of what is behind a drawn person, shape (3,)."""
    light = rng.uniform(*BACKDROPS)
    return np.asarray(light * (1 + TINT * rng.standard_normal(3)), np.float32)
