"""What is told of a recording beside a model that can't: is it a voice, whose, and how many's."""

from voice2face.audio.speech import Speech
from voice2face.errors import AudioError
from voice2face.voice_encoders.ge2e import Ge2e
from voice2face.voice_encoders.heard import read_read_offs
from voice2face.voice_encoders.listening import interpret
from voice2face.voice_encoders.protocol import Listened

LONGEST_S = 120.0  # listened to: enough to notice a second voice


class Ear:
    """GE2E beside the models, for threads to share; the face knows nothing of what it hears."""

    def __init__(self) -> None:
        self._encoder, self._read_offs = Ge2e(), read_read_offs()

    def listen(self, speech: Speech) -> Listened | None:
        """Listen to the first two minutes of a recording; None: there is too little speech to tell.

        Raises:
            AudioError: It is no voice.
        """
        part = Speech(speech.samples[: round(LONGEST_S * speech.sample_rate)], name=speech.name)
        try:
            listened = self._encoder.listen(part)
        except AudioError:  # too little for this; the model says whether for a face too
            return None
        return interpret(self._encoder, listened, self._read_offs, speech.name)
