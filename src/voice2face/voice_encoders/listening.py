"""All that GE2E hears in one recording, from one pass: embedding, gender and age, who speaks."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from voice2face.audio.speech import Speech
from voice2face.voice_encoders.ge2e import Ge2e
from voice2face.voice_encoders.heard import Heard, ReadOffs, check_voice
from voice2face.voice_encoders.speakers import Speakers, speakers_of

Float32Array = npt.NDArray[np.float32]
Speaker = Literal["all", "longest"]


@dataclass(frozen=True, eq=False)
class Listening:
    """What was heard in a recording.

    Attributes:
        embedding: Of the windows that were taken, shape (dim,).
        heard: What they tell of the speaker.
        speakers: Who speaks when.
        taken: Windows that were taken, shape (windows,).
    """

    embedding: Float32Array
    heard: Heard
    speakers: Speakers
    taken: npt.NDArray[np.bool_]

    @property
    def warning(self) -> str | None:
        """One line if several people speak and all were taken for one."""
        return self.speakers.warning if self.taken.all() else None


def listen(
    encoder: Ge2e,
    speech: Speech,
    read_offs: ReadOffs,
    *,
    speaker: Speaker = "all",
    check: bool = True,
) -> Listening:
    """Hear one recording.

    Args:
        encoder: GE2E.
        speech: The recording.
        read_offs: What is read off its windows.
        speaker: "all" takes everything that is spoken, "longest" the windows of whoever speaks
            longest.
        check: Refuse what is no voice.

    Raises:
        AudioError: It holds too little speech, or music or noise in its place.
        ModelError: The network failed.
    """
    windows = encoder.frames(speech)
    if check:
        check_voice(read_offs.read(windows.mean(axis=0)), read_offs, speech.name)
    speakers = speakers_of(windows, encoder.frames_per_s)
    taken = speakers.longest if speaker == "longest" else np.ones(len(windows), bool)
    chosen = windows[taken]
    return Listening(encoder.pooled(chosen), read_offs.read(chosen.mean(axis=0)), speakers, taken)
