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
from voice2face.model_folder import (
    BUNDLED,
    GENERATOR,
    VOICE_ENCODER,
    ModelConfig,
    check_present,
    checked_part,
    read_config,
)

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from PIL.Image import Image

INPUTS = {VOICE_ENCODER: "features", GENERATOR: "embedding"}
STRIDE = 32  # frames of the log-mel per step of the voice encoder: five convolutions of stride 2
CHUNK_STEPS = 512  # steps at once (164 s), so that an hour needs no more memory than minutes
# A step sees 31 frames on either side of its own: one step of margin covers it.
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
        threads: Cores for one call; 0 for all.

    Raises:
        ModelError: A part is missing, damaged or of a later format.
    """

    def __init__(self, folder: Path | str | None = None, threads: int = 0) -> None:
        self.folder = Path(folder) if folder is not None else BUNDLED
        self.config: ModelConfig = read_config(self.folder)
        check_present(self.folder, self.config)
        self._threads = threads
        self._sessions: dict[str, InferenceSession] = {}
        self._reading = Lock()

    def read(self) -> None:
        """Read both networks now, and not when they are first used.

        Raises:
            ModelError: A part is missing or damaged.
        """
        for name in (VOICE_ENCODER, GENERATOR):
            self._session(name)

    def _run(self, name: str, output: str, given: np.ndarray) -> np.ndarray:
        """One output of one network, from its one input."""
        session = self._session(name)
        try:
            (result,) = session.run([output], {INPUTS[name]: given})
        except Exception as error:  # its exceptions share no base class
            reason = str(error).splitlines()[0][:160]
            raise ModelError(
                self.folder / name, reason, f"{INPUTS[name]} → {output}", "fetch the model again"
            ) from error
        return np.asarray(result)

    def _session(self, name: str) -> "InferenceSession":
        if name == GENERATOR and self.config.generator is None:
            raise ModelError(
                self.folder, "a voice encoder alone", "a model with a generator", "train face"
            )
        with self._reading:  # threads that share a model read each part once
            if name not in self._sessions:
                path = checked_part(self.folder, name, self.config)
                self._sessions[name] = _open_session(path, self._threads)
            return self._sessions[name]

    def embed(self, features: np.ndarray) -> np.ndarray:
        """Embedding of one recording.

        Args:
            features: Normalised log-mel of the front end, shape (frames, n_mels).

        Returns:
            Shape (embedding_dim,), of length one (unless the model's preset says otherwise).
        """
        if len(features) <= CHUNK_STEPS * STRIDE:
            return np.asarray(self._run(VOICE_ENCODER, "embedding", features.T[None])[0])
        total = np.zeros(self.config.voice_encoder.embedding_dim)
        n_steps = 0
        for chunk, first, last in _chunks(len(features)):
            fed = np.ascontiguousarray(features[chunk].T)[None]
            steps = self._run(VOICE_ENCODER, "frame_embeddings", fed)
            total += steps[0, :, first:last].sum(axis=1, dtype=np.float64)
            n_steps += steps[0, :, first:last].shape[1]
        mean = total / n_steps
        if self.config.embedding.unit:
            mean = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return mean.astype(np.float32)

    def faces(self, embeddings: np.ndarray) -> np.ndarray:
        """Faces, nominally in [-1, 1]: (batch, embedding_dim) → (batch, 3, px, px)."""
        return self._run(GENERATOR, "face", embeddings.astype(np.float32))

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


def load(folder: Path | str | None = None, threads: int = 0) -> Model:
    """Load a released model: the bundled one, or the one in ``folder``.

    Raises:
        ModelError: A part is missing, damaged or of a later format.
    """
    return Model(folder, threads)


def to_picture(face: np.ndarray) -> "Image":
    """An RGB picture from (3, px, px); what is beyond [-1, 1] is cut."""
    from PIL import Image

    pixels = np.rint((np.clip(face, -1, 1) + 1) * 127.5).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def _open_session(path: Path, threads: int) -> "InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that spin while they wait take the core from whoever has work for it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no base class
        reason = str(error).splitlines()[0][:160]
        raise ModelError(path, reason, "an ONNX model", "fetch the model again") from error


def _chunks(n_frames: int) -> Iterator[tuple[slice, int, int]]:
    """Stretches of frames, with the steps of each whose whole view lies within it.

    The zero padding at both ends of the recording is the network's own; in between, a step near
    the edge of a stretch is taken from the neighbour, so that the result is that of one pass.
    """
    n_steps = -(-n_frames // STRIDE)
    for begin in range(0, n_steps, CHUNK_STEPS):
        end = min(begin + CHUNK_STEPS, n_steps)
        left, right = max(begin - MARGIN_STEPS, 0), min(end + MARGIN_STEPS, n_steps)
        frames = slice(left * STRIDE, min(right * STRIDE, n_frames))
        yield frames, begin - left, end - left
