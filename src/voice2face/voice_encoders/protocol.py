"""What every voice encoder can do, whoever made it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from voice2face.arrays import Float32s, Int16s
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.speech import Speech

if TYPE_CHECKING:
    from voice2face.voice_encoders.heard import Heard
    from voice2face.voice_encoders.speakers import Speakers


class VoiceEncoder(Protocol):
    """A recording in, numbers out that tell its speaker from others.

    Voice activity, level and features are each encoder's own affair: it takes the recording as it
    is.
    """

    @property
    def dim(self) -> int:
        """Length of an embedding."""

    def embed(self, speech: Speech) -> Float32s:
        """Embedding of one recording, shape (dim,).

        Raises:
            AudioError: It holds too little speech.
            ModelError: The network is missing or damaged, or gives what is not finite.
        """


@dataclass(frozen=True, eq=False, slots=True)
class Listened:
    """Embedding of a recording, and what was heard besides.

    Attributes:
        embedding: Shape (dim,).
        voiced: The speech that it was computed from, without the silence: mono int16 at 16 kHz,
            shape (voiced samples,). None where the encoder does not say.
        frames: The windows that the embedding is pooled from, shape (windows, frame_dim). None
            where the encoder has none.
        heard: What is read off them: gender and age. None where nothing is.
        speakers: Who speaks when. None where it is not known.
    """

    embedding: Float32s
    voiced: Int16s | None = None
    frames: Float32s | None = None
    heard: "Heard | None" = None
    speakers: "Speakers | None" = None

    @property
    def speech_s(self) -> float | None:
        """Seconds of speech; None where the encoder does not say."""
        return None if self.voiced is None else len(self.voiced) / RATE_HZ


@runtime_checkable
class Listener(VoiceEncoder, Protocol):
    """An encoder that also says which part of a recording is speech."""

    def listen(self, speech: Speech) -> Listened:
        """What :meth:`embed` gives, and the speech that it was computed from.

        Raises:
            AudioError: It holds too little speech.
            ModelError: The network is missing or damaged, or gives what is not finite.
        """


class FrameMaker(Protocol):
    """What gives a sequence of frames for a recording: log-mel bands, or embeddings of windows.

    Where it has ``is_thread_safe``, and that is true, several threads call it at the same time.
    """

    @property
    def frame_dim(self) -> int:
        """Numbers of one frame of the sequence."""

    @property
    def frames_per_s(self) -> float:
        """Frames for a second of speech."""

    @property
    def frames_hash(self) -> str:
        """64 hexadecimal digits: a checksum of everything that the frames depend on.

        Frames that were kept under it are those that :meth:`frames` would give now.
        """

    def frames(self, speech: Speech) -> Float32s:
        """The sequence of one recording, shape (frames, frame_dim).

        Raises:
            AudioError: It holds too little speech.
            ModelError: The network is missing or damaged, or gives what is not finite.
        """

    def prepared(self, frames: Float32s) -> Float32s:
        """The sequence of one whole recording as a training cuts it, same shape.

        Log-mel bands get zero mean and unit deviation over the recording; the embeddings of
        windows stay as they are.
        """


@runtime_checkable
class FrameEncoder(FrameMaker, VoiceEncoder, Protocol):
    """An encoder whose work splits into a sequence that can be kept and a pooling that is quick.

    A training reads each recording once, keeps the sequence, and takes another stretch of it in
    each step.
    """

    def pooled(self, frames: Float32s) -> Float32s:
        """Embedding of a sequence or of a stretch of it: (frames, frame_dim) → (dim,)."""
