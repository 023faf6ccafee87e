"""What a voice tells besides a face: gender and age, with how sure that is; and if it is a voice.

Linear read-offs from the embedding of one voice encoder, fitted elsewhere
(:mod:`voice2face.training.heard`) and kept as a JSON file of numbers.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.arrays import Float64s
from voice2face.errors import AudioError
from voice2face.files import write_text
from voice2face.json_files import read_json
from voice2face.parts import HeardPart, PartSource
from voice2face.settings import Settings

SHIPPED = Path(__file__).parents[1] / "assets" / "networks" / "ge2e_heard.json"
FILE = "heard.json"
FORMAT_VERSION = 1
# Labels are wrong now and then, and what is heard is never sure.
SUREST = 0.99
YOUNGEST = 5.0  # years; a line knows no bounds
LIKELY = 0.75  # a gender that is less probable is called likelier, not heard

Finite = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]


class ReadOff(Settings, frozen=True, kw_only=True):
    """A linear function of an embedding: ``embedding @ weights + offset``."""

    weights: Annotated[tuple[Finite, ...], msgspec.Meta(min_length=1, max_length=65_536)]
    offset: Finite

    def __call__(self, embeddings: npt.NDArray[Any]) -> Float64s:
        """Its value for each: (n, dim) → (n,)."""
        values: Float64s = np.asarray(embeddings, np.float64) @ np.array(self.weights) + self.offset
        return values


class AgeReadOff(ReadOff, frozen=True, kw_only=True):
    """Age in years; times two shares, the ends of the interval that holds four of five people."""

    least: Annotated[float, msgspec.Meta(ge=0, le=1)]
    most: Annotated[float, msgspec.Meta(ge=1, le=10)]


class VoiceReadOff(ReadOff, frozen=True, kw_only=True):
    """How much a recording sounds like a voice: about 1 for speech, -1 for other sounds."""

    least: Finite  # below it, a recording is no voice


class ReadOffs(Settings, frozen=True, kw_only=True):
    """All read-offs from one voice encoder."""

    format_version: Annotated[int, msgspec.Meta(ge=1)] = FORMAT_VERSION
    encoder: str  # its kind
    encoder_sha256: str
    male: ReadOff  # natural logarithm of the odds
    age: AgeReadOff
    voice: VoiceReadOff
    provenance: dict[str, str | int | float] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse read-offs of different lengths."""
        if len({len(one.weights) for one in (self.male, self.age, self.voice)}) > 1:
            raise ValueError("weights: as many for each read-off")

    @property
    def dim(self) -> int:
        """Numbers of an embedding that they take."""
        return len(self.male.weights)

    def read(self, embedding: npt.NDArray[Any]) -> "Heard":
        """What one embedding, shape (dim,), tells."""
        odds = float(self.male(embedding[None])[0])
        years = max(float(self.age(embedding[None])[0]), YOUNGEST)
        return Heard(
            male=float(np.clip(1 / (1 + np.exp(-odds)), 1 - SUREST, SUREST)),
            age=years,
            age_from=years * self.age.least,
            age_to=years * self.age.most,
            voice=float(self.voice(embedding[None])[0]),
        )


class LinearReadOffsPart(HeardPart, frozen=True, kw_only=True, tag="linear-read-offs"):
    """Read-offs in a model folder, in the file ``heard.json``."""

    def open(self, source: PartSource) -> ReadOffs:
        """The read-offs.

        Raises:
            ModelError: Its file is missing or damaged.
        """
        return read_read_offs(source.path(FILE))


@dataclass(frozen=True)
class Heard:
    """What a voice tells.

    Attributes:
        male: Probability that it is a man's voice.
        age: Years that its speaker is expected to look.
        age_from: Lower end of the interval that holds four of five people.
        age_to: Its upper end.
        voice: How much it sounds like a voice: about 1 for speech, -1 for other sounds.
    """

    male: float
    age: float
    age_from: float
    age_to: float
    voice: float

    def __str__(self) -> str:
        """One line: ``a woman's voice (99 %), 21 to 57 years``."""
        who, share = ("man", self.male) if self.male >= 0.5 else ("woman", 1 - self.male)
        kind = f"a {who}'s voice" if share >= LIKELY else f"more likely a {who}'s voice"
        return f"{kind} ({share:.0%}), {self.age_from:.0f} to {self.age_to:.0f} years".replace(
            "%", " %"
        )

    def as_data(self) -> dict[str, Any]:
        """For JSON, with probabilities and years rounded."""
        return {
            "gender": {"female": round(1 - self.male, 3), "male": round(self.male, 3)},
            "age": {
                "years": round(self.age, 1),
                "interval_80": [round(self.age_from, 1), round(self.age_to, 1)],
            },
            "summary": str(self),
        }


def check_voice(heard: Heard, read_offs: ReadOffs, name: object) -> None:
    """Refuse what is no voice.

    Args:
        heard: What was heard of the recording.
        read_offs: Read-offs with the least score of a voice.
        name: What messages call the recording.

    Raises:
        AudioError: Music, an instrument, an alarm, applause, rain or other noise.
    """
    if heard.voice < read_offs.voice.least:
        raise AudioError(
            name,
            "music, an alarm or noise, no voice",
            "somebody who speaks",
            "record a voice, close to the microphone",
            {"voice (about 1 of speech)": heard.voice, "least": read_offs.voice.least},
        )


def read_read_offs(path: Path = SHIPPED) -> ReadOffs:
    """Read a file of read-offs.

    Raises:
        ModelError: It is missing, damaged or of a later format.
    """
    wanted = "read-offs as training.heard writes them"
    return read_json(path, ReadOffs, wanted, "fetch it again", newest=FORMAT_VERSION)


def write_read_offs(path: Path, read_offs: ReadOffs) -> None:
    """Write a file of read-offs whole; :func:`read_read_offs` reads it back to the same value.

    Raises:
        OutputError: It could not be written.
    """
    write_text(path, msgspec.json.encode(read_offs).decode() + "\n")
