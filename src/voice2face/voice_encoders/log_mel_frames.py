"""The log-mel spectrogram of a recording, as a sequence that a training can keep."""

import hashlib

import msgspec

from voice2face.arrays import Float32s
from voice2face.audio import front_end as audio_front_end
from voice2face.audio.log_mel import normalise
from voice2face.audio.settings import FrontEnd
from voice2face.audio.speech import Speech


class LogMelFrames:
    """The frames of the convolutional voice encoder.

    Args:
        front_end: How they are computed.

    Attributes:
        front_end: Front end that computes them.
        frame_dim: Number of mel bands.
        frames_per_s: Frames for a second of speech.
        frames_hash: Checksum of everything that the frames depend on.
    """

    is_thread_safe = True

    def __init__(self, front_end: FrontEnd) -> None:
        self.front_end = front_end
        self.frame_dim: int = front_end.log_mel.n_mels
        self.frames_per_s = 1 / front_end.log_mel.hop_s
        named = b"log-mel 1 " + msgspec.json.encode(front_end)
        self.frames_hash = hashlib.sha256(named).hexdigest()

    def frames(self, speech: Speech) -> Float32s:
        """Natural log of mel power, shape (frames, n_mels), not normalised.

        Raises:
            AudioError: It holds too little speech.
        """
        return audio_front_end.speech_bands(speech, self.front_end, check_speech=False)[1]

    def prepared(self, frames: Float32s) -> Float32s:
        """Bands of zero mean and unit deviation: (frames, n_mels), same shape."""
        return normalise(frames)
