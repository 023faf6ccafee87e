"""What is told of a recording in words: how many people speak in it."""

from dataclasses import dataclass
from typing import Any

from voice2face.audio.speech import Speech
from voice2face.errors import AudioError
from voice2face.voice_encoders.ge2e import Ge2e
from voice2face.voice_encoders.speakers import Speakers, speakers_of

LONGEST_S = 120.0  # listened to: enough to notice a second voice


@dataclass(frozen=True)
class Overheard:
    """What was noticed in a recording.

    Attributes:
        speakers: Who speaks when; None where there is too little speech to tell.
        heard: Gender and age in words and numbers, as an answer has them; None: not told.
    """

    speakers: Speakers | None = None
    heard: dict[str, Any] | None = None

    @property
    def warnings(self) -> list[str]:
        """What makes the face less telling, in plain sentences."""
        several = self.speakers.warning if self.speakers else None
        if several is None:
            return []
        return [
            f"More than one person seems to speak: {several}. "
            "The face mixes them; a recording of one alone would tell more."
        ]


class Ear:
    """A speaker encoder beside the models, for threads to share."""

    def __init__(self) -> None:
        self._encoder = Ge2e()

    def listen(self, speech: Speech) -> Overheard:
        """Listen to the first two minutes of a recording.

        Raises:
            AudioError: It is no voice.
        """
        part = Speech(speech.samples[: round(LONGEST_S * speech.sample_rate)], name=speech.name)
        try:
            windows = self._encoder.frames(part)
        except AudioError:  # too little speech for it; the model says whether for a face too
            return Overheard()
        return Overheard(speakers_of(windows, self._encoder.frames_per_s))
