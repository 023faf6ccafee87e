"""What the page shows of people: faces, playable clips, spectrograms."""

from typing import Any

from voice2face.audio.settings import LogMel
from voice2face.audio.spectrogram import spectrogram_png
from voice2face.corpus.inspect.index import Row
from voice2face.corpus.inspect.pictures import face_sheet, on_own_shape, png, ticks_hz, ticks_s
from voice2face.corpus.inspect.sample import Person, Worst
from voice2face.corpus.inspect.sound import clip_of
from voice2face.corpus.schema import SHAPE, CorpusInfo

SHOWN_PX = 128  # side of a face on the page; 64 pixels are shown twice as large

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
View = dict[str, Any]  # names that a template prints


def person_view(person: Person, info: CorpusInfo) -> View:
    """One identity as the page shows it: attributes that are the same in all rows, faces, clips.

    Raises:
        CorpusError: A recording is damaged.
    """
    rows = [*person.clips, *person.faces]
    names = dict.fromkeys(name for kind in info.attributes for name in info.attributes[kind])
    values = {name: {row.get(name) for row in rows} - {None} for name in names}
    common = {name: str(*found) for name, found in values.items() if len(found) == 1}
    own = [name for name in info.attributes["voice"] if name not in common]
    return {
        "identity": person.identity,
        "amount": f"{person.split}; {len(person.faces)} of {_count(person.n_faces, 'face')}, "
        f"{len(person.clips)} of {_count(person.n_clips, 'clip')}",
        "common": list(common.items()),
        "sheet": _sheet(person) if person.faces else None,
        "clips": [_clip(clip, own, info.front_end.log_mel) for clip in person.clips],
    }


def worst_view(worst: Worst) -> View:
    """The worst faces by one figure as the page shows them."""
    limit = f"{'at least' if worst.at_least else 'at most'} {worst.threshold:.3g} is kept"
    if worst.at_least and worst.threshold == 0:
        limit = "all is kept"
    title = f"{FIGURE_WORDS[worst.figure]} ({worst.figure}): {limit}"
    faces = [_face(row, worst.figure) for row in worst.faces]
    return {"title": title[0].upper() + title[1:], "faces": faces}


def _face(row: Row, figure: str) -> View:
    value = float(row[figure])
    return {
        "png": png(row["pixels"]),
        "alt": f"Face of {row['identity']}: {figure} {value:.3g}",
        "where": f"{row['picture']}: {row['path']}",
        "value": value,
        "identity": row["identity"],
    }


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _sheet(person: Person) -> View:
    """All faces in one PNG file, and how large it is shown, in pixels."""
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
    return {"png": data, "alt": alt, "width": width * scale, "height": height * scale}


def _clip(row: Row, own: list[str], settings: LogMel) -> View:
    """A recording with the attributes that are its own, not its speaker's."""
    heard = clip_of(row["sound"], settings)
    seconds = len(heard.log_mel) * settings.hop_s
    data, quiet, loud = spectrogram_png(heard.log_mel)
    return {
        "row": row,
        "own": [("file", row["path"]), *((n, row[n]) for n in own if row[n] is not None)],
        "heard": heard,
        "png": data,
        "alt": f"Spectrogram of {row['clip']}: {seconds:.1f} s, {settings.low_hz:.0f} to "
        f"{settings.high_hz:.0f} Hz; natural log of mel power from {quiet:.1f} (dark) to "
        f"{loud:.1f} (bright)",
        "ticks_hz": ticks_hz(settings),
        "ticks_s": [(s, s / seconds) for s in ticks_s(seconds)],
    }
