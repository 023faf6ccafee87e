"""One recording becomes the answer: the work of a thread, over the one inference path."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import msgspec
import numpy as np

from voice2face.audio import stream_clip
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.speech import Speech
from voice2face.errors import AudioError
from voice2face.release.inference import Model, Reconstruction, to_picture
from voice2face.release.provenance import LABEL, png_bytes, provenance_of
from voice2face.web.hearing import summed_up
from voice2face.web.limits import Limits

if TYPE_CHECKING:
    import numpy.typing as npt


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


def make_answer(
    model: Model, name: str, recording: BinaryIO, order: Order, limits: Limits
) -> bytes:
    """Make the face of a recording, and all that is shown beside it.

    Args:
        model: Which makes it.
        name: What the model is called here.
        recording: The file.
        order: What was asked for.
        limits: Seconds of the recording, and of decoding it.

    Returns:
        The PNG, or the JSON text in which pictures are base64.

    Raises:
        AudioError: The recording can't be used.
        ModelError: The model is damaged.
    """
    began = time.perf_counter()
    samples = _decoded(recording, limits)
    made = model.reconstruct_speech(Speech(samples, RATE_HZ, "recording"))
    label = LABEL if order.label else ""
    face = png_bytes(made.picture, provenance_of(model), label)
    if order.picture_only:
        return face
    answer = {
        "face": face,
        "more": _more(model, made, order, label),
        "model": name,
        **summed_up(samples, made.voiced),
        "took_ms": round(1000 * (time.perf_counter() - began), 1),
    }
    return msgspec.json.encode(answer)


def _decoded(recording: BinaryIO, limits: Limits) -> "npt.NDArray[np.int16]":
    """The samples, as ``load_clip`` reads them, unless that takes too long."""
    end = time.monotonic() + limits.decode_s
    samples = bytearray()
    for block in stream_clip(recording, max_s=limits.recording_s):
        samples += block.tobytes()
        if time.monotonic() > end:
            raise AudioError(
                "recording",
                f"it takes more than {limits.decode_s:g} s to decode",
                "an ordinary audio file",
                "convert it to WAV",
            )
    return np.frombuffer(samples, np.int16)


def _more(model: Model, made: Reconstruction, order: Order, label: str) -> list[bytes]:
    """Faces of others who might have the voice: how little or how much it decides."""
    if order.more == 0:
        return []
    pngs = []
    for number, face in enumerate(made.faces(order.more, order.seed), 1):
        about = provenance_of(model, f"{number} of seed {order.seed}")
        pngs.append(png_bytes(to_picture(face), about, label))
    return pngs
