"""One recording becomes the answer: the work of a thread, over the one inference path."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from voice2face.audio.resample import RATE_HZ
from voice2face.audio.speech import Speech
from voice2face.release.inference import Model, Reconstruction, to_picture
from voice2face.release.provenance import LABEL, png_bytes, provenance_of
from voice2face.voice_encoders.protocol import Listened
from voice2face.voice_encoders.speakers import Speakers
from voice2face.web.ear import Ear
from voice2face.web.hearing import summed_up

BEYOND_S = 0.1  # read past the longest recording, so that a longer one is noticed


@dataclass(frozen=True)
class Order:
    """What was asked for.

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
        longest_s: Of a longer recording this much is used.
    """

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._ear = Ear()

    @property
    def first_s(self) -> float:
        """How much of a recording is to be read."""
        return self._longest_s + BEYOND_S

    def answer(self, model: Model, name: str, read: Callable[[], Speech], order: Order) -> bytes:
        """Make the face of a recording, and all that is shown beside it.

        Args:
            model: Which makes it.
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
        speech, is_cut = self._first(read())
        is_told = model.config.part("heard") is not None
        beside = None if is_told else self._ear.listen(speech)
        made = model.reconstruct_speech(speech)
        told: Reconstruction | Listened | None = made if is_told else beside
        heard, speakers = (told.heard, told.speakers) if told else (None, None)
        label = LABEL if order.label else ""
        face = png_bytes(made.picture, provenance_of(model), label)
        if order.picture_only:
            return face
        shown = summed_up(speech.samples, made.voiced)
        notes = [*self._notes(is_cut), *_several(speakers), *shown.pop("warnings")]
        answer = {
            "face": face,
            "more": _more(model, made, order, label),
            "model": name,
            "heard": heard.as_data() if heard else None,
            "heard_by": ("model" if is_told else "beside") if heard else None,
            "speakers": speakers.n if speakers else None,
            "warnings": notes,
            **shown,
            "took_ms": round(1000 * (time.perf_counter() - began), 1),
        }
        return msgspec.json.encode(answer)

    def _first(self, speech: Speech) -> tuple[Speech, bool]:
        """The recording up to its longest, and whether it goes on after that."""
        most = round(self._longest_s * RATE_HZ)
        is_cut = len(speech.samples) > most
        return Speech(speech.samples[:most], name=speech.name), is_cut

    def _notes(self, is_cut: bool) -> list[str]:
        first = in_words(self._longest_s)
        return [f"The recording is longer: its first {first} were used."] if is_cut else []


def _several(speakers: Speakers | None) -> list[str]:
    """That several people speak, if they do."""
    if speakers is None or speakers.warning is None:
        return []
    return [
        f"More than one person seems to speak: {speakers.warning}. "
        "The face mixes them; a recording of one alone would tell more."
    ]


def in_words(seconds: float) -> str:
    """``5 minutes``, ``90 seconds``."""
    minutes = seconds / 60
    return f"{minutes:g} minutes" if minutes >= 2 and minutes % 1 == 0 else f"{seconds:g} seconds"


def _more(model: Model, made: Reconstruction, order: Order, label: str) -> list[bytes]:
    """Faces of others who might have the voice: how little or how much it decides."""
    if order.more == 0:
        return []
    pngs = []
    for number, face in enumerate(made.faces(order.more, order.seed), 1):
        about = provenance_of(model, f"{number} of seed {order.seed}")
        pngs.append(png_bytes(to_picture(face), about, label))
    return pngs
