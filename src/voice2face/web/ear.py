"""What is told of a recording beside a model that can't: is it a voice, whose, and how many's."""

from dataclasses import dataclass

from voice2face.audio.speech import Speech
from voice2face.errors import AudioError
from voice2face.release.inference import Reconstruction
from voice2face.voice_encoders.ge2e import Ge2e
from voice2face.voice_encoders.heard import Heard, check_voice, read_read_offs
from voice2face.voice_encoders.speakers import Speakers, speakers_of

LONGEST_S = 120.0  # listened to: enough to notice a second voice
BY_MODEL, BESIDE = "model", "beside"


@dataclass(frozen=True)
class Overheard:
    """What was noticed in a recording.

    Attributes:
        heard: Gender and age; None where there is too little speech to tell.
        speakers: Who speaks when; None likewise.
        by: ``model``, or ``beside``: GE2E, from which the face knows nothing.
    """

    heard: Heard | None = None
    speakers: Speakers | None = None
    by: str = BESIDE

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
    """GE2E beside the models, for threads to share."""

    def __init__(self) -> None:
        self._encoder, self._read_offs = Ge2e(), read_read_offs()

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
        heard = self._read_offs.read(windows.mean(axis=0))
        check_voice(heard, self._read_offs, speech.name)
        return Overheard(heard, speakers_of(windows, self._encoder.frames_per_s))


def as_model_heard(made: Reconstruction) -> Overheard:
    """What the model noticed itself."""
    return Overheard(made.heard, made.speakers, BY_MODEL)
