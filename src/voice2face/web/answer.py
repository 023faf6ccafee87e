"""One recording becomes the answer: the work of a thread, over the one inference path."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from voice2face.audio.speech import Speech
from voice2face.release.inference import Model, Reconstruction, to_picture
from voice2face.release.provenance import LABEL, png_bytes, provenance_of
from voice2face.web.hearing import summed_up


@dataclass(frozen=True)
class Order:
    """What was asked for.

    Attributes:
        more: Faces beside the first, from the same voice.
        seed: Of these.
        label: Write under each picture what it is.
        picture_only: The PNG of the first face, and no JSON.
    """

    more: int = 9
    seed: int = 0
    label: bool = False
    picture_only: bool = False


def make_answer(model: Model, name: str, read: Callable[[], Speech], order: Order) -> bytes:
    """Make the face of a recording, and all that is shown beside it.

    Args:
        model: Which makes it.
        name: What the model is called here.
        read: Reads the recording.
        order: What was asked for.

    Returns:
        The PNG, or the JSON text in which pictures are base64.

    Raises:
        AudioError: The recording can't be used.
        ModelError: The model is damaged.
    """
    began = time.perf_counter()
    speech = read()
    made = model.reconstruct_speech(speech)
    label = LABEL if order.label else ""
    face = png_bytes(made.picture, provenance_of(model), label)
    if order.picture_only:
        return face
    answer = {
        "face": face,
        "more": _more(model, made, order, label),
        "model": name,
        **summed_up(speech.samples, made.voiced),
        "took_ms": round(1000 * (time.perf_counter() - began), 1),
    }
    return msgspec.json.encode(answer)


def _more(model: Model, made: Reconstruction, order: Order, label: str) -> list[bytes]:
    """Faces of others who might have the voice: how little or how much it decides."""
    if order.more == 0:
        return []
    pngs = []
    for number, face in enumerate(made.faces(order.more, order.seed), 1):
        about = provenance_of(model, f"{number} of seed {order.seed}")
        pngs.append(png_bytes(to_picture(face), about, label))
    return pngs
