"""Move the mean faces of a space until a network reads in them what voices tell.

A mean of faces is read as no mean of readings: a network sees a smooth face, and much of what the
people have in common is lost. So faces are drawn for many voices, read, and the code is moved along
the gradient of how near the reading lies to the direction that the voice tells. The move is linear
in the voice; the voices are mixtures of those of the training, so there are always new ones.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from voice2face.evaluation.embedders.face_set import FaceSet, detector
from voice2face.evaluation.embedders.onnx_embedder import OnnxEmbedder
from voice2face.faces.mesh import five_points
from voice2face.generators.face_decoder import FaceDecoder, Looks
from voice2face.generators.face_space import FaceSpace, FaceSpacePart
from voice2face.generators.neighbours import comparable
from voice2face.networks.graph import Graph
from voice2face.parts import Arrays
from voice2face.settings import (
    BatchSize,
    Channels,
    Count,
    NotNegative,
    Positive,
    Settings,
    Share,
)
from voice2face.training.face_space.directions import direction, views
from voice2face.training.face_space.nearest import Identities
from voice2face.training.face_space.tensors import Crops

Floats = npt.NDArray[np.float32]

WARM = 10  # steps
BRIGHT = 80.0  # of 255: what a change of brightness by one would be
N_FOUND = 48  # faces in which a detector is asked where it finds the five points


class Moving(Settings, frozen=True, kw_only=True):
    """How the move is learned; chosen on held-out people of AVSpeech.

    Attributes:
        steps: Steps of the descent.
        batch_size: Voices in each.
        learning_rate: Of Adam; it warms up over ``WARM`` steps and falls to nothing along a cosine.
        n_directions: Directions of voices along which codes are moved.
        of_code: Weight of how near the code itself lies to what the voice tells of it.
        least: Weight of the square of the move.
        mixed: People whose voices are mixed to make one.
        jitter: Spread of shift, turn and scale of the crops, as a share: one network is to be
            pleased by the face, not by where its pixels lie.
        light: Spread of brightness and contrast of the crops, as a share.
        memory: Share of the mean reading that stays from step to step.
    """

    steps: Count = 200
    batch_size: BatchSize = 16
    learning_rate: Positive = 8e-3
    n_directions: Channels = 40
    of_code: NotNegative = 0.3
    least: NotNegative = 0.5
    mixed: BatchSize = 2
    jitter: Share = 0.02
    light: Share = 0.08
    memory: Share = 0.95

    def rate(self, step: int) -> float:
        """The learning rate of a step."""
        falling = (1 + math.cos(math.pi * step / self.steps)) / 2
        return self.learning_rate * min(1.0, (step + 1) / WARM) * falling


@dataclass(frozen=True, eq=False)
class _Aims:
    """Maps from voices, comparable and less their mean: to what is aimed at, and what moves codes.

    Attributes:
        reading: To the direction of the reading, shape (dim, m).
        code: To the direction of the code, shape (dim, K).
        moving: To the numbers that the move is linear in, shape (dim, n_directions).
    """

    reading: Tensor
    code: Tensor
    moving: Tensor

    @classmethod
    def of(cls, taught: Identities, heard: npt.NDArray[np.float64], n: int) -> "_Aims":
        code = taught.code.astype(np.float64)
        known = views(taught.reading.astype(np.float64), code, taught.male, taught.age)
        reading, of_code = (direction(heard, known, one) for one in (known[0].seen, code))
        both = np.hstack([reading, of_code])
        centred = (heard - heard.mean(axis=0)) @ both
        _, spread, turn = np.linalg.svd(centred, full_matrices=False)
        n = min(n, int((spread > 1e-6 * spread[0]).sum()))
        # Numbers of mean square one, those that voices tell less of smaller: square roots.
        size = np.sqrt(spread[:n] / spread[:n].mean()) * np.sqrt(len(heard)) / spread[:n]
        return cls(*(_tensor(one) for one in (reading, of_code, both @ turn[:n].T * size)))


def fit_move(
    arrays: Arrays,
    part: FaceSpacePart,
    taught: Identities,
    reader: OnnxEmbedder,
    seed: int,
    how: Moving = Moving(),  # noqa: B008 (frozen)
) -> Arrays:
    """The move, for :class:`voice2face.generators.neighbours.Neighbours`.

    Args:
        arrays: A face space whose faces are means of people.
        part: How its faces are drawn.
        taught: Voices, and what ``reader`` reads in the faces of their speakers.
        reader: The network.
        seed: Seed of all that is drawn.
        how: How.

    Returns:
        ``near_move``, shape (dim, K).
    """
    rng = np.random.default_rng(seed)
    space = FaceSpace(part, arrays)
    rectified, mean = bool(arrays["identity_rectified"]), arrays["identity_mean"]
    heard = comparable(taught.embedding, rectified).astype(np.float64)
    aims = _Aims.of(taught, heard, how.n_directions)
    told = space.told(taught.embedding)
    crops = _crops(arrays, part, reader, told.codes[:N_FOUND])
    read, voices = _Reader(reader), _Voices(taught.embedding, told.male > 0, how.mixed)
    middle = _tensor(taught.code.mean(axis=0))
    move = torch.zeros(aims.moving.shape[1], len(middle), requires_grad=True)
    optimiser = torch.optim.Adam([move], how.learning_rate)
    usual: Tensor | None = None
    for step in range(how.steps):
        given = voices(how.batch_size, rng)
        voice = _tensor(comparable(given, rectified) - mean)
        moved = voice @ aims.moving @ move
        codes = _tensor(space.told(given).codes) + moved
        reading = read(_jittered(crops(codes), how, rng))
        now = reading.detach().mean(dim=0)
        usual = now if usual is None else how.memory * usual + (1 - how.memory) * now
        near = _cosine(reading - usual, voice @ aims.reading)
        near = near + how.of_code * _cosine(codes - middle, voice @ aims.code)
        optimiser.zero_grad()
        loss = how.least * (moved**2).mean() - near
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.param_groups[0]["lr"] = how.rate(step)
        optimiser.step()
    return {"near_move": (aims.moving @ move).detach().numpy().astype(np.float32)}


class _Reader:
    """What a network reads in crops, RGB in 0 to 255: readings of length one, shape (n, m)."""

    def __init__(self, reader: OnnxEmbedder) -> None:
        self._graph, self._bgr = Graph(reader.path), reader.about.channels == "bgr"
        self._mean, self._std = (
            torch.tensor(values)[:, None, None] for values in (reader.about.mean, reader.about.std)
        )

    def __call__(self, crops: Tensor) -> Tensor:
        fed = crops.flip(1) if self._bgr else crops
        return F.normalize(self._graph((fed - self._mean) / self._std), dim=1)


class _Voices:
    """Voices of nobody: each mixes those of a few people of one gender."""

    def __init__(self, voices: Floats, men: npt.NDArray[np.bool_], mixed: int) -> None:
        some = [voices[men == gender] for gender in (False, True)]
        self._of = [one for one in some if len(one)]
        self._mixed = mixed

    def __call__(self, n: int, rng: np.random.Generator) -> Floats:
        """Women and men in turn, shape (n, dim); their covariance is that of the voices."""
        made = []
        for row in range(n):
            voices = self._of[row % len(self._of)]
            shares = np.abs(rng.standard_normal(self._mixed))
            shares /= np.linalg.norm(shares)
            mean, some = voices.mean(axis=0), rng.choice(len(voices), self._mixed)
            made.append(mean + shares @ (voices[some] - mean))
        return np.array(made, np.float32)


def _crops(arrays: Arrays, part: FaceSpacePart, reader: OnnxEmbedder, codes: Floats) -> Crops:
    """What draws for the reader; where eyes, nose and mouth are found is seen in some faces."""
    sides = reader.aligned_px, reader.about.size
    found = _found(arrays, part, codes)
    return Crops(arrays, part.sharpening, reader.geometry, *sides, found)


def _cosine(one: Tensor, other: Tensor) -> Tensor:
    return F.cosine_similarity(one, other).mean()


def _found(arrays: Arrays, part: FaceSpacePart, codes: Floats) -> npt.NDArray[np.float64]:
    """Where a detector finds eyes, nose and mouth in drawn faces: see :class:`.tensors.Crops`."""
    n = len(codes)
    decoder = FaceDecoder(arrays, part.px, part.sharpening)
    looks = Looks(codes, np.zeros(n, bool), np.zeros(n, np.float32))
    pictures = np.rint(decoder(looks)).astype(np.uint8)
    found, lost = FaceSet.of_pictures(pictures, detector())
    there = np.setdiff1d(np.arange(n), [one.row for one in lost])
    if not len(there):
        return np.zeros((5, 2))
    mesh = np.array([five_points(one) for one in decoder.shapes(codes[there])])
    eyes = np.linalg.norm(mesh[:, 0] - mesh[:, 1], axis=-1)
    return np.asarray(((found.points / part.px - mesh) / eyes[:, None, None]).mean(axis=0))


def _jittered(crops: Tensor, how: Moving, rng: np.random.Generator) -> Tensor:
    """Crops turned, scaled, shifted, mirrored and lit a little differently."""
    n = len(crops)
    across, turn, *shift = how.jitter * _tensor(rng.standard_normal((4, n)))
    way = _tensor(rng.choice((-1.0, 1.0), n))
    rows = torch.stack([
        torch.stack([way * (1 + across), -turn, shift[0]], dim=1),
        torch.stack([way * turn, 1 + across, shift[1]], dim=1),
    ], dim=1)  # fmt: skip
    grid = F.affine_grid(rows, list(crops.shape), align_corners=False)
    crops = F.grid_sample(crops, grid, padding_mode="border", align_corners=False)
    contrast, bright = _tensor(rng.standard_normal((2, n, 1, 1, 1)))
    lit: Tensor = (crops - 127.5) * (1 + how.light * contrast) + BRIGHT * how.light * bright
    return lit + 127.5


def _tensor(values: npt.ArrayLike) -> Tensor:
    return torch.from_numpy(np.array(values, np.float32))
