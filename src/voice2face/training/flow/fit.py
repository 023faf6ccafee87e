"""From voices and faces of a corpus to a flow that can be released."""

from dataclasses import dataclass

import numpy as np

from voice2face.arrays import Floats, Int64s
from voice2face.errors import TrainingError
from voice2face.evaluation.statistics.ridge import STRENGTHS, LinearMap, ridges_of
from voice2face.generators.flow import FILE, FlowPart
from voice2face.parts import Arrays
from voice2face.release.writing import NewPart, part_of_arrays
from voice2face.settings import Channels, Settings
from voice2face.training.closed_form import VoicesAndFaces, mean_of_each
from voice2face.training.flow.codes import FaceCodes
from voice2face.training.flow.matching import Faces, FlowTraining, train_flow

MIN_PEOPLE = 10
N_FOLDS = 5
MOST_KNOWN = 8  # directions of what voices tell that the flow is told


class FlowFit(Settings, frozen=True, kw_only=True):
    """Flow matching on the codes of faces, on the condition of what the voice tells.

    What a voice tells is a ridge regression of the code on the embedding. The flow learns from what
    is told by regressions that were fitted without the person: so it learns how much to believe
    them.

    Attributes:
        training: Size and length.
        n_pixels: Most components of pixels.
        n_shape: Most components of shape, where faces are laid on one mean shape.
    """

    training: FlowTraining = FlowTraining(steps=1500, known_blur=0.1)
    n_pixels: Channels = 150
    n_shape: Channels = 40

    @property
    def name(self) -> str:
        """In the card."""
        return "flow"

    def __call__(self, data: VoicesAndFaces, seed: int) -> NewPart:
        """The flow as a part.

        Raises:
            TrainingError: Too few people have both a voice and a face.
        """
        n_people = len(np.intersect1d(data.voice_labels, data.face_labels))
        if n_people < MIN_PEOPLE:
            wanted = f"{MIN_PEOPLE} people with a voice and a face"
            raise TrainingError("flow", f"{n_people} people", wanted, "add people")
        return as_part(self.arrays(data, seed), data.pixels.shape[1])

    def arrays(self, data: VoicesAndFaces, seed: int) -> Arrays:
        """What the generator's file holds."""
        codes = FaceCodes.fit(data.pixels, data.shapes, (self.n_pixels, self.n_shape), seed)
        own = codes.of(data.pixels, data.shapes)
        told = Told.fit(data, own, codes.spread, seed)
        # Each face goes with one recording of its person, drawn again for each of a few copies.
        rng = np.random.default_rng([seed, 1])
        rows, voices = _paired(data, rng)
        counts = np.bincount(data.face_labels[rows], minlength=len(data.labels))
        faces = Faces(
            codes=own[rows],
            known=told.left_out[voices],
            weight=1 / counts[data.face_labels[rows]],
            matters=np.sqrt(codes.spread),
        )
        flow = train_flow(faces, self.training, seed)
        linear = {
            "centre": told.code.centre.astype(np.float32),
            "told": told.code.weights.astype(np.float32),
            "told_offset": told.code.offset.astype(np.float32),
            "known": told.known.weights.astype(np.float32),
            "known_offset": told.known.offset.astype(np.float32),
        }
        return flow | linear | codes.arrays()


def as_part(arrays: Arrays, px: int, **drawn: float) -> NewPart:
    """Arrays as a part of a model.

    Args:
        arrays: What the file holds.
        px: Side of the faces.
        drawn: Settings of :class:`~voice2face.generators.flow.FlowPart`, where not as usual.
    """
    part = FlowPart(px=px, embedding_dim=len(arrays["centre"]), **drawn)  # type: ignore[arg-type]
    return part_of_arrays(part, FILE, arrays)


@dataclass(frozen=True, eq=False)
class Told:
    """What voices tell of codes, by regression on people's mean codes.

    Attributes:
        code: The whole code. All components have one strength of regularisation: with one for
            each, what is told of the weak ones is mostly chance.
        known: Where it lies in the few directions in which most is told, each with a strength of
            its own: that of a direction which is gender, say, is weak.
        left_out: ``known`` of each recording, by a map that was fitted without the person,
            (recordings, known).
    """

    code: LinearMap
    known: LinearMap
    left_out: Floats

    @classmethod
    def fit(cls, data: VoicesAndFaces, codes: Floats, spread: Floats, seed: int) -> "Told":
        """Fit with the strengths of the least error, in pixels and points, on people left out."""
        mean = mean_of_each(codes, data.face_labels, len(data.labels))
        heard, target = data.embeddings.astype(np.float64), mean[data.voice_labels]
        weight = 1 / np.bincount(data.voice_labels)[data.voice_labels]
        fold = np.random.default_rng(seed).permutation(len(data.labels))[data.voice_labels]
        told = np.empty((len(STRENGTHS), *target.shape))
        for number in range(N_FOLDS):
            out = fold % N_FOLDS == number
            maps = ridges_of(heard[~out], target[~out], weight[~out], STRENGTHS[:, None])
            for strength, one in enumerate(maps):
                told[strength, out] = one(heard[out])
        errors = [weight @ ((one - target) ** 2 @ spread**2) for one in told]
        best = int(np.argmin(errors))
        directions = _directions(told[best])
        aimed, tried = target @ directions, told @ directions  # (strengths, recordings, known)
        chosen = np.einsum("r,srk->sk", weight, (tried - aimed) ** 2).argmin(axis=0)  # (known,)
        left_out = np.take_along_axis(tried, chosen[None, None], axis=0)[0]
        code = ridges_of(heard, target, weight, STRENGTHS[best : best + 1, None])[0]
        known = ridges_of(heard, aimed, weight, STRENGTHS[chosen][None])[0]
        return cls(code, known, left_out)


def _directions(told: Floats) -> Floats:
    """Directions in which told codes vary most, shape (code, at most MOST_KNOWN)."""
    centred = told - told.mean(axis=0)
    vectors = np.linalg.svd(centred, full_matrices=False)[2]
    return np.asarray(vectors[:MOST_KNOWN].T)


def _paired(data: VoicesAndFaces, rng: np.random.Generator) -> tuple[Int64s, Int64s]:
    """Faces, and with each a recording of the same person: as many of one as of the other."""
    faces, voices = [], []
    for label in np.intersect1d(data.voice_labels, data.face_labels):
        of_face = np.flatnonzero(data.face_labels == label)
        of_voice = np.flatnonzero(data.voice_labels == label)
        n = max(len(of_face), len(of_voice))
        faces.append(np.resize(rng.permutation(of_face), n))
        voices.append(np.resize(rng.permutation(of_voice), n))
    return np.concatenate(faces), np.concatenate(voices)
