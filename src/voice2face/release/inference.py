"""A released model at work: recording → embedding → face (ONNX Runtime; no torch)."""

import zlib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from voice2face.audio.load import Source
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.speech import Speech, read_speech
from voice2face.errors import ModelError
from voice2face.files import check_free
from voice2face.generators.protocol import FaceGenerator
from voice2face.parts import PartSource, Role
from voice2face.plugins import allowed_plugins
from voice2face.release.hub import resolve
from voice2face.release.model_folder import (
    BUNDLED,
    ModelConfig,
    check_present,
    hash_of,
    read_config,
)
from voice2face.voice_encoders.protocol import FrameEncoder, Listened, Listener, VoiceEncoder

if TYPE_CHECKING:
    from PIL.Image import Image

    from voice2face.matchers.heads import Matcher
    from voice2face.voice_encoders.heard import Heard, ReadOffs
    from voice2face.voice_encoders.listening import Speaker
    from voice2face.voice_encoders.speakers import Speakers


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """A face made from a recording.

    Attributes:
        picture: RGB.
        face: The generator's output before it is cut to [-1, 1], (3, px, px).
        embedding: What the voice encoder heard, (dim,).
        seconds: Length of the recording.
        voiced: The speech in it, mono int16 at 16 kHz; None where the encoder does not say.
        heard: Gender and age, with how sure that is; None where the model reads nothing.
        speakers: Who speaks when; None where the model does not tell.
    """

    picture: "Image"
    face: np.ndarray = field(repr=False)
    embedding: np.ndarray = field(repr=False)
    seconds: float
    voiced: np.ndarray | None = field(repr=False)
    heard: "Heard | None"
    speakers: "Speakers | None" = field(repr=False)
    _model: "Model" = field(repr=False)

    @property
    def speech_s(self) -> float | None:
        """Seconds of speech in the recording; None where the encoder does not say."""
        return None if self.voiced is None else len(self.voiced) / RATE_HZ

    def save(self, path: Path | str, px: int | None = None) -> Path:
        """Write the picture as a PNG that says what made it, as the command does.

        Args:
            path: The file; one that this program didn't make is not replaced.
            px: Side of the picture, enlarged if that is more than the model's; None: the model's.

        Returns:
            The path.

        Raises:
            OutputError: It could not be written, or somebody else's file is there.
        """
        from voice2face.release.provenance import write_picture

        path = Path(path)
        check_free(path)
        write_picture(path, self.picture, self._model, px)
        return path

    def faces(self, n: int, seed: int = 0) -> np.ndarray:
        """Faces of people who might have this voice.

        Args:
            n: Number of faces. A larger number begins with the same faces.
            seed: Seed of what is drawn, which the voice does not tell.

        Returns:
            Shape (n, 3, px, px), nominally in [-1, 1]; ``to_picture(faces[0])`` is a picture.
        """
        return self._model.draws(self.embedding, n, seed)


class Model:
    """A released model, read from its folder.

    Args:
        folder: Its folder; the default model of the package if not given.
        threads: Cores for one call; 0 for all. With one, a recording always becomes the same file;
            with more, the last bits of sums may differ.
        plugins: Modules whose classes the folder may name, beside those of the variable
            ``VOICE2FACE_PLUGINS``.

    Attributes:
        folder: Its folder.
        config: What it says about itself.
        sha256: Checksum of its ``config.yaml``, which holds the checksums of all its parts.

    Raises:
        ModelError: A part is missing, damaged or of a later format.
    """

    def __init__(
        self,
        folder: Path | str | None = None,
        threads: int = 1,
        plugins: Collection[str] = (),
    ) -> None:
        self.folder = Path(folder) if folder is not None else BUNDLED
        self.config: ModelConfig = read_config(self.folder)
        self.sha256 = hash_of(self.folder)
        check_present(self.folder, self.config)
        self._threads, self._plugins = threads, allowed_plugins(plugins)
        self._opened: dict[Role, Any] = {}
        self._reading = Lock()

    def __repr__(self) -> str:
        """Its name and its folder."""
        return f"Model({self.config.name!r}, {str(self.folder)!r})"

    def read(self) -> None:
        """Open all parts now, and not when they are first used.

        Raises:
            ModelError: A part is missing or damaged, or there is no generator.
        """
        _ = self.voice_encoder, self.generator, self._open("heard")

    @property
    def voice_encoder(self) -> VoiceEncoder:
        """Its voice encoder.

        Raises:
            ModelError: The part is missing or damaged.
        """
        return self._open("voice_encoder")  # type: ignore[no-any-return]

    @property
    def generator(self) -> FaceGenerator:
        """Its generator.

        Raises:
            ModelError: The part is missing or damaged, or there is none.
        """
        return self._needed("generator", "a voice encoder alone", "train face")  # type: ignore[no-any-return]

    @property
    def matcher(self) -> "Matcher":
        """What brings its voices and real faces into one space.

        Raises:
            ModelError: The part is missing or damaged, or there is none.
        """
        return self._needed("matcher", "no matcher", "train matching")  # type: ignore[no-any-return]

    def _needed(self, role: Role, lacking: str, remedy: str) -> Any:
        """The part of a role at work, which the model must have."""
        found = self._open(role)
        if found is None:
            raise ModelError(self.folder, lacking, f"a model with a {role}", remedy)
        return found

    def _open(self, role: Role) -> Any:
        """The part of a role at work; None where the model has none."""
        with self._reading:  # threads that share a model open each part once
            if role not in self._opened:
                part = self.config.part(role)
                if part is None:
                    return None
                source = PartSource(self.folder, part.files, self._threads, self._plugins)
                self._opened[role] = part.open(source)
            return self._opened[role]

    def listen(self, speech: Speech, speaker: "Speaker" = "all") -> Listened:
        """Embedding of one recording, and what else the model's parts tell of it.

        Args:
            speech: The recording.
            speaker: "longest": of several people whoever speaks longest; "all": everything that
                is spoken.

        Raises:
            AudioError: It holds too little speech; or it is no voice, for a model that can tell.
            ModelError: The voice encoder is missing or damaged, or gives what is no embedding; or
                the model can't tell speakers apart and is asked to.
        """
        encoder = self.voice_encoder
        if isinstance(encoder, Listener):
            listened = encoder.listen(speech)
        else:
            listened = Listened(np.asarray(encoder.embed(speech), np.float32))
        read_offs: ReadOffs | None = self._open("heard")
        if read_offs and isinstance(encoder, FrameEncoder) and listened.frames is not None:
            from voice2face.voice_encoders.listening import interpret

            listened = interpret(encoder, listened, read_offs, speech.name, speaker=speaker)
        elif speaker != "all":
            raise ModelError(
                self.folder, "a model that doesn't tell speakers apart", "one with read-offs",
                "leave --speaker out, or use another model",
            )  # fmt: skip
        self._check("voice_encoder", listened.embedding, (encoder.dim,))
        return listened

    def embed(self, speech: Speech) -> np.ndarray:
        """Embedding of one recording, shape (dim,).

        Raises:
            AudioError: It holds too little speech.
            ModelError: The voice encoder is missing or damaged, or gives what is no embedding.
        """
        return self.listen(speech).embedding

    def faces(self, embeddings: np.ndarray, rng: "np.random.Generator | None" = None) -> np.ndarray:
        """Faces, nominally in [-1, 1]: (n, dim) → (n, 3, px, px).

        Args:
            embeddings: What :meth:`embed` gives, one a row.
            rng: Draws what the voice does not tell; None: the face that the voice tells, which is
                always the same.

        Raises:
            ModelError: The generator is missing or damaged, or gives what is no face.
        """
        generator = self.generator
        faces = np.asarray(generator.faces(embeddings.astype(np.float32, copy=False), rng))
        self._check("generator", faces, (len(embeddings), 3, generator.px, generator.px))
        return faces

    def draws(self, embedding: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
        """Faces of people who might have one voice, shape (n, 3, px, px).

        The first of more are the same. Other voices have other people: chance begins from the seed
        and from the embedding, rounded so that the last bits of a processor don't decide.

        Raises:
            ModelError: The generator is missing or damaged, or gives what is no face.
        """
        rng = np.random.default_rng((seed, number_of(embedding)))
        return self.faces(np.repeat(embedding[None], n, axis=0), rng)

    def _check(self, role: Role, found: np.ndarray, shape: tuple[int, ...]) -> None:
        """Raise ModelError for output of the wrong type or shape, or that is not finite."""
        if found.dtype == np.float32 and found.shape == shape and np.isfinite(found).all():
            return
        part = self.config.part(role)
        raise ModelError(
            f"{self.folder} ({role.replace('_', ' ')}, {part.kind if part else 'none'})",
            f"gives {found.dtype} of shape {found.shape}", f"finite float32 of shape {shape}",
            "fetch the model again",
        )  # fmt: skip

    def reconstruct(
        self, source: Source, rate: int | None = None, *, speaker: "Speaker" = "all"
    ) -> Reconstruction:
        """Make a face from a recording.

        Args:
            source: A path, a binary file object, or samples with their ``rate``.
            rate: Samples per second, if ``source`` is an array.
            speaker: As :meth:`listen` takes it.

        Raises:
            AudioError: The recording can't be read, holds too little speech, or is no voice.
            ModelError: A part of the model is missing or damaged.
        """
        return self.reconstruct_speech(read_speech(source, rate), speaker=speaker)

    def reconstruct_speech(self, speech: Speech, *, speaker: "Speaker" = "all") -> Reconstruction:
        """Make a face from a recording that is read already.

        Raises:
            AudioError: It holds too little speech, or is no voice.
            ModelError: A part of the model is missing or damaged.
        """
        listened = self.listen(speech, speaker)
        (face,) = self.faces(listened.embedding[None])
        return Reconstruction(
            to_picture(face), face, listened.embedding, speech.seconds, listened.voiced,
            listened.heard, listened.speakers, self,
        )  # fmt: skip


def load(
    model: Path | str | None = None,
    threads: int = 1,
    *,
    revision: str | None = None,
    plugins: Collection[str] = (),
) -> Model:
    """Load a released model: one of the package, of a folder, or of the hub by its name.

    Args:
        model: ``"face-space"`` (the default) or ``"gan"``; a folder; or ``"org/name"``,
            ``"org/name@revision"``, which is downloaded once (see
            :mod:`voice2face.release.hub`).
        threads: Cores for one call, as of :class:`Model`.
        revision: Branch, tag or commit of a model on the hub.
        plugins: Modules whose classes the model may name, as of :class:`Model`.

    Raises:
        ModelError: A part is missing, damaged or of a later format; or it is not to be had.
        MissingExtraError: A name of the hub without the extra ``hub``.
    """
    return Model(resolve(model, revision), threads, plugins)


def to_picture(face: np.ndarray) -> "Image":
    """An RGB picture from (3, px, px); what is beyond [-1, 1] is cut."""
    from PIL import Image

    bright = np.clip(face, -1, 1)
    bright += 1
    bright *= 127.5
    pixels = np.rint(bright, out=bright).transpose(1, 2, 0).astype(np.uint8, order="C")
    return Image.fromarray(pixels)


def number_of(embedding: np.ndarray) -> int:
    """A number that tells voices apart: a checksum of the embedding in a hundred steps."""
    largest = max(float(np.abs(embedding).max(initial=0)), 1e-12)
    return zlib.crc32(np.round(50 * embedding / largest).astype(np.int8).tobytes())
