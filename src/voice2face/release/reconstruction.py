"""What a model makes of a recording: a face, and what was heard."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from voice2face.audio.resample import RATE_HZ
from voice2face.files import check_free

if TYPE_CHECKING:
    from PIL.Image import Image

    from voice2face.release.inference import Model
    from voice2face.voice_encoders.heard import Heard
    from voice2face.voice_encoders.speakers import Speakers


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """A face made from a recording.

    Attributes:
        picture: RGB.
        face: The generator's output before it is cut to [-1, 1], (3, px, px).
        embedding: What the voice encoder heard, (dim,).
        seconds: Length of the recording.
        voiced: The speech in it, mono int16 at 16 kHz; None where the encoder does not say.
        heard: Gender and age, with how sure that is; None where the model reads nothing.
        speakers: Who speaks when; None where the model does not tell.
    """

    picture: "Image"
    face: np.ndarray = field(repr=False)
    embedding: np.ndarray = field(repr=False)
    seconds: float
    voiced: np.ndarray | None = field(repr=False)
    heard: "Heard | None"
    speakers: "Speakers | None" = field(repr=False)
    _model: "Model" = field(repr=False)

    @property
    def speech_s(self) -> float | None:
        """Seconds of speech in the recording; None where the encoder does not say."""
        return None if self.voiced is None else len(self.voiced) / RATE_HZ

    def save(self, path: Path | str, px: int | None = None) -> Path:
        """Write the picture as a PNG that says what made it, as the command does.

        Args:
            path: The file; one that this program didn't make is not replaced.
            px: Side of the picture, enlarged if that is more than the model's; None: the model's.

        Returns:
            The path.

        Raises:
            OutputError: It could not be written, or somebody else's file is there.
        """
        from voice2face.release.provenance import write_picture

        path = Path(path)
        check_free(path)
        write_picture(path, self.picture, self._model, px)
        return path

    def faces(self, n: int, seed: int = 0) -> np.ndarray:
        """Faces of people who might have this voice.

        Args:
            n: Number of faces. A larger number begins with the same faces.
            seed: Seed of what is drawn, which the voice does not tell.

        Returns:
            Shape (n, 3, px, px), nominally in [-1, 1]; ``to_picture(faces[0])`` is a picture.
        """
        return self._model.draws(self.embedding, n, seed)


def to_picture(face: np.ndarray) -> "Image":
    """An RGB picture from (3, px, px); what is beyond [-1, 1] is cut."""
    from PIL import Image

    bright = np.clip(face, -1, 1)
    bright += 1
    bright *= 127.5
    pixels = np.rint(bright, out=bright).transpose(1, 2, 0).astype(np.uint8, order="C")
    return Image.fromarray(pixels)
