"""A released model at work: recording → embedding → face (ONNX Runtime; no torch)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from voice2face.audio import Features, extract
from voice2face.audio.load import Source
from voice2face.errors import ModelError
from voice2face.onnx_files import Session, open_session
from voice2face.release.model_folder import (
    BUNDLED,
    GENERATOR,
    VOICE_ENCODER,
    ModelConfig,
    check_present,
    checked_part,
    hash_of,
    read_config,
    resolve,
)

if TYPE_CHECKING:
    from PIL.Image import Image

INPUTS = {VOICE_ENCODER: "features", GENERATOR: "embedding"}
# Frames at once (164 s), so that an hour needs no more memory than minutes; a multiple of any
# voice encoder's stride.
CHUNK_FRAMES = 16_384
# A step sees (stride - 1) frames on either side of its first: one step of margin covers it.
MARGIN_STEPS = 1


@dataclass(frozen=True)
class Reconstruction:
    """A face made from a recording.

    Attributes:
        picture: RGB.
        face: The generator's output before it is cut to [-1, 1], (3, px, px).
        embedding: What the voice encoder heard, (embedding_dim,).
        features: The front end's output.
    """

    picture: "Image"
    face: np.ndarray
    embedding: np.ndarray
    features: Features


class Model:
    """A released model, read from its folder.

    Args:
        folder: Its folder; the bundled model by default.
        threads: Cores for one call; 0 for all. How sums are split between threads shows in their
            last bits: with one, a recording always becomes the same file.

    Attributes:
        folder: Its folder.
        config: What it says about itself.
        sha256: Of its ``config.yaml``, which holds the checksums of all its parts.

    Raises:
        ModelError: A part is missing, damaged or of a later format.
    """

    def __init__(self, folder: Path | str | None = None, threads: int = 1) -> None:
        self.folder = Path(folder) if folder is not None else BUNDLED
        self.config: ModelConfig = read_config(self.folder)
        self.sha256 = hash_of(self.folder)
        check_present(self.folder, self.config)
        self._threads = threads
        self._sessions: dict[str, Session] = {}
        self._reading = Lock()

    def read(self) -> None:
        """Read both networks now, and not when they are first used.

        Raises:
            ModelError: A part is missing or damaged.
        """
        for name in (VOICE_ENCODER, GENERATOR):
            self._session(name)

    @property
    def stride(self) -> int:
        """Frames per step of the voice encoder: each of its convolutions takes every other."""
        return int(2 ** (len(self.config.voice_encoder.channels) + 1))

    def _run(self, name: str, output: str, given: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """One output of one network, from its one input; it must be of this shape."""
        session = self._session(name)
        (result,) = session.run([output], {INPUTS[name]: given})
        _check_output(self.folder / name, output, result, shape)
        return np.asarray(result)

    def _session(self, name: str) -> Session:
        if name == GENERATOR and self.config.generator is None:
            raise ModelError(
                self.folder, "a voice encoder alone", "a model with a generator", "train face"
            )
        with self._reading:  # threads that share a model read each part once
            if name not in self._sessions:
                path = checked_part(self.folder, name, self.config)
                self._sessions[name] = open_session(path, self._threads)
            return self._sessions[name]

    def embed(self, features: np.ndarray) -> np.ndarray:
        """Embedding of one recording.

        Args:
            features: Normalised log-mel of the front end, shape (frames, n_mels).

        Returns:
            Shape (embedding_dim,), of length one (unless the model's preset says otherwise).
        """
        features = features.astype(np.float32, copy=False)
        dim = self.config.voice_encoder.embedding_dim
        if len(features) <= CHUNK_FRAMES:
            return np.asarray(self._run(VOICE_ENCODER, "embedding", features.T[None], (1, dim))[0])
        total = np.zeros(dim)
        n_steps = 0
        for chunk, first, last in _chunks(len(features), self.stride):
            fed = np.ascontiguousarray(features[chunk].T)[None]
            shape = (1, dim, -(-fed.shape[2] // self.stride))
            steps = self._run(VOICE_ENCODER, "frame_embeddings", fed, shape)
            total += steps[0, :, first:last].sum(axis=1, dtype=np.float64)
            n_steps += steps[0, :, first:last].shape[1]
        mean = total / n_steps
        if self.config.embedding.unit:
            mean = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return mean.astype(np.float32)

    def faces(self, embeddings: np.ndarray) -> np.ndarray:
        """Faces, nominally in [-1, 1]: (batch, embedding_dim) → (batch, 3, px, px)."""
        px = self.config.generator.face_px if self.config.generator else 0  # 0: _run refuses
        shape = (len(embeddings), 3, px, px)
        return self._run(GENERATOR, "face", embeddings.astype(np.float32), shape)

    def perturbed(self, embedding: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
        """Neighbours of an embedding, as the generator met them in its training.

        Their faces show how little or how much the voice decides. A model that was trained without
        noise (``embedding.noise`` of 0, as of the preset ``paper``) has no neighbours: they are all
        the embedding itself.

        Args:
            embedding: What :meth:`embed` gives, shape (embedding_dim,).
            n: How many. The first of more are the same.
            seed: Of the noise.

        Returns:
            Float32, shape (n, embedding_dim).

        Source:
            Released program: normalise(e + 0.05·N(0, I)), with e normalised (METHOD.md,
            "Training"; ``training.steps.embed``).
        """
        settings = self.config.embedding
        noise = np.random.default_rng(seed).standard_normal((n, len(embedding)), np.float32)
        moved = embedding.astype(np.float32) + np.float32(settings.noise) * noise
        if settings.unit:
            moved /= np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12)
        return moved

    def reconstruct(self, source: Source, rate: int | None = None) -> Reconstruction:
        """Make a face from a recording.

        Args:
            source: A path, a binary file object, or samples with their ``rate``.
            rate: Samples per second, if ``source`` is an array.

        Raises:
            AudioError: The recording can't be read, or holds too little speech.
            ModelError: A part of the model is missing or damaged.
        """
        features = extract(source, self.config.front_end, rate=rate)
        embedding = self.embed(features.features)
        (face,) = self.faces(embedding[None])
        return Reconstruction(to_picture(face), face, embedding, features)


def load(
    model: Path | str | None = None, threads: int = 1, *, revision: str | None = None
) -> Model:
    """Load a released model: the bundled one, that in a folder, or one of the hub by its name.

    Args:
        model: A folder; or ``"org/name"``, ``"org/name@revision"``, which is downloaded once (see
            :mod:`voice2face.release.hub`); the bundled model by default.
        threads: Cores for one call, as of :class:`Model`.
        revision: Branch, tag or commit of a model on the hub.

    Raises:
        ModelError: A part is missing, damaged or of a later format; or it is not to be had.
        MissingExtraError: A name of the hub without the extra ``hub``.
    """
    return Model(resolve(model, revision), threads)


def to_picture(face: np.ndarray) -> "Image":
    """An RGB picture from (3, px, px); what is beyond [-1, 1] is cut."""
    from PIL import Image

    pixels = np.rint((np.clip(face, -1, 1) + 1) * 127.5).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def _check_output(path: Path, output: str, result: object, shape: tuple[int, ...]) -> None:
    if not isinstance(result, np.ndarray):
        found = f"of type {type(result).__name__}"
    elif result.dtype != np.float32 or result.shape != shape:
        found = f"{result.dtype} of shape {result.shape}"
    elif not np.isfinite(result).all():
        found = "NaN or infinite"
    else:
        return
    raise ModelError(
        path, f"{output} is {found}", f"finite float32 of shape {shape}", "fetch the model again"
    )


def _chunks(n_frames: int, stride: int) -> Iterator[tuple[slice, int, int]]:
    """Stretches of frames, with the steps of each whose whole view lies within it.

    The zero padding at both ends of the recording is the network's own; in between, a step near
    the edge of a stretch is taken from the neighbour, so that the result is that of one pass.
    """
    n_steps, chunk_steps = -(-n_frames // stride), CHUNK_FRAMES // stride
    for begin in range(0, n_steps, chunk_steps):
        end = min(begin + chunk_steps, n_steps)
        left, right = max(begin - MARGIN_STEPS, 0), min(end + MARGIN_STEPS, n_steps)
        frames = slice(left * stride, min(right * stride, n_frames))
        yield frames, begin - left, end - left
