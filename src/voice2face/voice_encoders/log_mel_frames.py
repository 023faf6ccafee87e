"""The log-mel spectrogram of a recording, as a sequence that a training can keep."""

import hashlib
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.audio import front_end as audio_front_end
from voice2face.audio.log_mel import normalise
from voice2face.audio.speech import Speech
from voice2face.settings import FrontEnd

Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class LogMelFrames:
    """The frames of the convolutional voice encoder.

    Attributes:
        front_end: How they are computed.
        check_speech: Refuse noise that the voice activity detector took for speech.
    """

    front_end: FrontEnd
    check_speech: bool = False

    is_thread_safe = True

    @property
    def frame_dim(self) -> int:
        """Number of mel bands."""
        return self.front_end.log_mel.n_mels

    @property
    def frames_per_s(self) -> float:
        """Frames for a second of speech."""
        return 1 / self.front_end.log_mel.hop_s

    @property
    def frames_hash(self) -> str:
        """A name for all that decides the numbers of the frames."""
        return hashlib.sha256(b"log-mel 1 " + msgspec.json.encode(self.front_end)).hexdigest()

    def frames(self, speech: Speech) -> Float32Array:
        """Natural log of mel power, shape (frames, n_mels), not normalised.

        Raises:
            AudioError: It holds too little speech.
        """
        return audio_front_end.speech_bands(speech, self.front_end, self.check_speech)[1]

    def prepared(self, frames: Float32Array) -> Float32Array:
        """Bands of zero mean and unit deviation: (frames, n_mels), same shape."""
        return normalise(frames)
