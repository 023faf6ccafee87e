"""From a recording to the answer of a request; runs in a thread."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from voice2face.audio.resample import RATE_HZ
from voice2face.audio.speech import Speech
from voice2face.errors import AudioError
from voice2face.release.inference import Model
from voice2face.release.provenance import LABEL, png_bytes, provenance_of
from voice2face.release.reconstruction import Reconstruction, to_picture
from voice2face.voice_encoders.ge2e import Ge2e
from voice2face.voice_encoders.heard import read_read_offs
from voice2face.voice_encoders.listening import interpret
from voice2face.voice_encoders.protocol import Listened
from voice2face.voice_encoders.speakers import Speakers
from voice2face.web.hearing import summed_up

BEYOND_S = 0.1  # read past the longest recording, so that a longer one is noticed
LISTENED_S = 120.0  # listened to beside the model: enough to notice a second voice


@dataclass(frozen=True)
class Order:
    """Options of a request for faces.

    Attributes:
        more: Faces beside the first, from the same voice.
        seed: Seed of the further faces.
        label: Write under each picture what it is.
        picture_only: The PNG of the first face, and no JSON.
    """

    more: int = 9
    seed: int = 0
    label: bool = False
    picture_only: bool = False


class Maker:
    """Makes the answers of one server.

    Args:
        longest_s: Length up to which a recording is used.
    """

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        # Beside a model that says nothing itself; the face knows nothing of what this hears.
        self._ear, self._read_offs = Ge2e(), read_read_offs()

    @property
    def first_s(self) -> float:
        """Seconds of a recording that are to be read."""
        return self._longest_s + BEYOND_S

    def answer(self, model: Model, name: str, read: Callable[[], Speech], order: Order) -> bytes:
        """Make the face of a recording, and all that is shown beside it.

        Args:
            model: The model.
            name: What the model is called here.
            read: Reads ``first_s`` of the recording.
            order: What was asked for.

        Returns:
            The PNG, or the JSON text in which pictures are base64.

        Raises:
            AudioError: The recording can't be used.
            ModelError: The model is damaged.
        """
        began = time.perf_counter()
        whole, most = read(), round(self._longest_s * RATE_HZ)
        speech = Speech(whole.samples[:most], name=whole.name)
        is_told = model.config.part("heard") is not None
        beside = None if is_told else self._listen(speech)
        made = model.reconstruct_speech(speech)
        told: Reconstruction | Listened | None = made if is_told else beside
        heard, speakers = (told.heard, told.speakers) if told else (None, None)
        label = LABEL if order.label else ""
        face = png_bytes(made.picture, provenance_of(model), label)
        if order.picture_only:
            return face
        shown = summed_up(speech.samples, made.voiced)
        notes = self._notes(len(whole.samples) > most, speakers)
        answer = {
            "face": face,
            "more": _more(model, made, order, label),
            "model": name,
            "heard": heard.as_data() if heard else None,
            "heard_by": ("model" if is_told else "beside") if heard else None,
            "speakers": speakers.n if speakers else None,
            **shown,
            "warnings": notes + shown["warnings"],
            "took_ms": round(1000 * (time.perf_counter() - began), 1),
        }
        return msgspec.json.encode(answer)

    def _listen(self, speech: Speech) -> Listened | None:
        """What GE2E hears in the first two minutes; None: there is too little speech to tell.

        Raises:
            AudioError: It is no voice.
        """
        part = Speech(speech.samples[: round(LISTENED_S * speech.sample_rate)], name=speech.name)
        try:
            listened = self._ear.listen(part)
        except AudioError:  # too little for this; the model says whether for a face too
            return None
        return interpret(self._ear, listened, self._read_offs, speech.name)

    def _notes(self, is_cut: bool, speakers: Speakers | None) -> list[str]:
        """Notes that a part of the recording was not used, or that several people speak."""
        notes = []
        if is_cut:
            first = in_words(self._longest_s)
            notes.append(f"The recording is longer: its first {first} were used.")
        if speakers is not None and speakers.warning is not None:
            notes.append(
                f"More than one person seems to speak: {speakers.warning}. "
                "The face mixes them; a recording of one alone would tell more."
            )
        return notes


def in_words(seconds: float) -> str:
    """``5 minutes``, ``90 seconds``."""
    minutes = seconds / 60
    return f"{minutes:g} minutes" if minutes >= 2 and minutes % 1 == 0 else f"{seconds:g} seconds"


def _more(model: Model, made: Reconstruction, order: Order, label: str) -> list[bytes]:
    """Faces of others who might have the voice: how little or how much it decides."""
    faces = made.faces(order.more, order.seed) if order.more else ()
    return [
        png_bytes(to_picture(face), provenance_of(model, f"{number} of seed {order.seed}"), label)
        for number, face in enumerate(faces, 1)
    ]
