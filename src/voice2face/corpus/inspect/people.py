"""What the page shows of people: faces, playable clips, spectrograms."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voice2face.corpus.inspect.pictures import (
    face_sheet,
    on_own_shape,
    png,
    spectrogram,
    ticks_hz,
    ticks_s,
)
from voice2face.corpus.inspect.sample import Person, Row, Worst, attributes_of, measured
from voice2face.corpus.inspect.sound import MOST_S, Clip, clip_of
from voice2face.corpus.schema import SHAPE, CorpusInfo
from voice2face.settings import LogMel

SHOWN_PX = 128  # side of a face on the page; 64 pixels are shown twice as large
PLOT_PX = 128  # height of a spectrogram, as in the style

FIGURE_WORDS = {
    "score": "the detector's certainty that it is a face",
    "n_faces": "faces in the picture",
    "eyes_px": "distance of the eyes in the picture, in pixels",
    "yaw_deg": "by how much the head is turned, in degrees",
    "sharpness": "contrast of fine detail",
    "brightness": "how bright it is, 0 to 255",
    "outside": "share of the crop that lies outside the picture",
    "removed": "share of the crop that was masked",
    "time_s": "when in the video, in seconds",
}
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Picture:
    """A PNG file with its description, and how large it is shown, in pixels."""

    png: bytes
    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class Drawn:
    """A spectrogram; ``up`` and ``across`` are the places of the labels of its axes."""

    png: bytes
    alt: str
    up: list[tuple[str, str]]
    across: list[tuple[str, str, str]]


@dataclass(frozen=True)
class ClipView:
    """A recording with the attributes that are its own, not its speaker's."""

    name: str
    note: str
    own: Pairs
    heard: Clip
    drawn: Drawn


@dataclass(frozen=True)
class PersonView:
    """An identity: how much of it there is, attributes, faces, clips."""

    identity: str
    amount: str
    common: Pairs
    sheet: Picture | None
    clips: list[ClipView]


@dataclass(frozen=True)
class FaceView:
    """A face that came close to being left out, and by what value."""

    png: bytes
    alt: str
    where: str
    value: float
    identity: str


@dataclass(frozen=True)
class WorstView:
    """The worst faces that were kept, by one figure."""

    title: str
    faces: list[FaceView]


def person_view(person: Person, info: CorpusInfo) -> PersonView:
    """One identity as the page shows it.

    Raises:
        CorpusError: A recording is damaged.
    """
    rows = [*person.clips, *person.faces]
    names = [name for kind in info.attributes for name in info.attributes[kind]]
    common = attributes_of(rows, dict.fromkeys(names))
    own = [name for name in info.attributes["voice"] if name not in common]
    amount = (
        f"{person.split}; {len(person.faces)} of {_count(person.n_faces, 'face')}, "
        f"{len(person.clips)} of {_count(person.n_clips, 'clip')}"
    )
    clips = [_clip(clip, own, info.front_end.log_mel) for clip in person.clips]
    sheet = _sheet(person) if person.faces else None
    return PersonView(person.identity, amount, list(common.items()), sheet, clips)


def worst_view(worst: Worst) -> WorstView:
    """The worst faces by one figure as the page shows them."""
    limit = f"{'at least' if worst.at_least else 'at most'} {worst.threshold:.3g} is kept"
    if worst.at_least and worst.threshold == 0:
        limit = "all is kept"
    title = f"{FIGURE_WORDS[worst.figure]} ({worst.figure}): {limit}"
    faces = [_face(row, worst.figure) for row in worst.faces]
    return WorstView(title[0].upper() + title[1:], faces)


def _face(row: Row, figure: str) -> FaceView:
    value = measured(row)[figure]
    alt = f"Face of {row['identity']}: {figure} {value:.3g}"
    where = f"{row['picture']}: {row['path']}"
    return FaceView(png(row["pixels"]), alt, where, value, row["identity"])


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _sheet(person: Person) -> Picture:
    pixels = [face["pixels"] for face in person.faces]
    alt = f"{_count(len(pixels), 'face')} of {person.identity}, as stored"
    shapes = [face.get(SHAPE) for face in person.faces]
    if any(shape is not None for shape in shapes):
        pixels = [
            picture
            for face, shape in zip(pixels, shapes, strict=True)
            for picture in (face, face if shape is None else on_own_shape(face, shape))
        ]
        alt += ", each on the mean shape and beside it on its own"
    data, width, height = face_sheet(pixels)
    scale = max(1, round(SHOWN_PX / len(pixels[0])))
    return Picture(data, alt, width * scale, height * scale)


def _clip(row: Row, own: list[str], settings: LogMel) -> ClipView:
    pairs = [("file", row["path"]), *((n, row[n]) for n in own if row[n] is not None)]
    note = f"{row['speech_s']:.1f} s of speech in {row['seconds']:.1f} s"
    if row["seconds"] > MOST_S + 0.1:
        note += f"; the first {MOST_S:.0f} s are here"
    heard = clip_of(row["sound"], settings)
    return ClipView(row["clip"], note, pairs, heard, _drawn(row["clip"], heard.log_mel, settings))


def _drawn(name: str, log_mel: npt.NDArray[np.floating], settings: LogMel) -> Drawn:
    seconds = len(log_mel) * settings.hop_s
    data, quiet, loud = spectrogram(log_mel)
    alt = (
        f"Spectrogram of {name}: {seconds:.1f} s, {settings.low_hz:.0f} to "
        f"{settings.high_hz:.0f} Hz; natural log of mel power from {quiet:.1f} (dark) to "
        f"{loud:.1f} (bright)"
    )
    up = [(f"{(1 - s) * PLOT_PX + 4:.1f}", f"{hz / 1000:g}") for hz, s in ticks_hz(settings)]
    across = [
        (f"{s / seconds:.2%}", _anchor(s / seconds), f"{s:g}" if s else "0 s")
        for s in ticks_s(seconds)
    ]
    return Drawn(data, alt, up, across)


def _anchor(share: float) -> str:
    return "start" if share < 0.02 else "end" if share > 0.98 else "middle"
