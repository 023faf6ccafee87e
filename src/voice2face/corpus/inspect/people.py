"""The part of the page that shows people: faces, playable clips, spectrograms."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from voice2face.corpus.inspect.markup import attribute, number, tags, text
from voice2face.corpus.inspect.pictures import (
    face_sheet,
    png,
    spectrogram,
    ticks_hz,
    ticks_s,
)
from voice2face.corpus.inspect.sample import (
    Person,
    Row,
    Worst,
    attributes_of,
    measured,
)
from voice2face.corpus.inspect.sound import MOST_S, Clip
from voice2face.corpus.schema import CorpusInfo
from voice2face.markup import data_uri
from voice2face.settings import LogMel

SHOWN_PX = 128  # side of a face on the page; 64 pixels are shown twice as large
PLOT_PX = 128  # height of a spectrogram, as in the style

Listen = Callable[[Row], Clip]

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


def person_html(person: Person, info: CorpusInfo, listen: Listen) -> str:
    """One identity: attributes, faces, clips."""
    rows = [*person.clips, *person.faces]
    names = [name for kind in info.attributes for name in info.attributes[kind]]
    common = attributes_of(rows, dict.fromkeys(names))
    parts = []
    if person.faces:
        parts.append(_faces(person))
    if person.clips:
        own = [name for name in info.attributes["voice"] if name not in common]
        clips = "".join(_clip(clip, own, info, listen) for clip in person.clips)
        parts.append(f'<div class="clips">{clips}</div>')
    amount = (
        f"{person.split}; {len(person.faces)} of {_count(person.n_faces, 'face')}, "
        f"{len(person.clips)} of {_count(person.n_clips, 'clip')}"
    )
    return (
        f'<article class="person"><h3>{text(person.identity)}</h3>'
        f'<p class="small faint">{text(amount)}</p>'
        f"{tags(common.items())}"
        f'<div class="both">{"".join(parts)}</div></article>'
    )


def worst_html(worst: Worst) -> str:
    """The worst faces that were kept, by one figure."""
    limit = f"{'at least' if worst.at_least else 'at most'} {number(worst.threshold)} is kept"
    if worst.at_least and worst.threshold == 0:
        limit = "all is kept"
    title = f"{FIGURE_WORDS[worst.figure]} ({worst.figure}): {limit}"
    shown = "".join(_worst_face(face, worst.figure) for face in worst.faces)
    return f'<h3>{text(title[0].upper() + title[1:])}</h3><div class="worst">{shown}</div>'


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _faces(person: Person) -> str:
    pixels = [face["pixels"] for face in person.faces]
    data, width, height = face_sheet(pixels)
    scale = max(1, round(SHOWN_PX / len(pixels[0])))
    alt = f"{_count(len(pixels), 'face')} of {person.identity}, as stored"
    return (
        f'<img class="sheet" src="{data_uri(data, "image/png")}" alt="{attribute(alt)}" '
        f'width="{width * scale}" height="{height * scale}">'
    )


def _worst_face(row: Row, figure: str) -> str:
    value = number(measured(row)[figure])
    alt = f"Face of {row['identity']}: {figure} {value}"
    where = attribute(f"{row['picture']}: {row['path']}")
    uri = data_uri(png(row["pixels"]), "image/png")
    return (
        f'<figure title="{where}"><img class="sheet" src="{uri}" '
        f'alt="{attribute(alt)}" width="{SHOWN_PX}" height="{SHOWN_PX}">'
        f"<figcaption><b>{value}</b> {text(row['identity'])}</figcaption></figure>"
    )


def _clip(row: Row, own: Sequence[str], info: CorpusInfo, listen: Listen) -> str:
    """A clip with the attributes that are its own, not its speaker's."""
    pairs = {"file": row["path"], **{name: row[name] for name in own if row[name] is not None}}
    settings = info.front_end.log_mel
    note = f"{row['speech_s']:.1f} s of speech in {row['seconds']:.1f} s"
    if row["seconds"] > MOST_S + 0.1:
        note += f"; the first {MOST_S:.0f} s are here"
    sound = listen(row)
    if sound.data:
        player = (
            f'<audio controls preload="none" src="{data_uri(sound.data, sound.mime)}" '
            f'aria-label="{attribute(row["clip"])}"></audio>'
        )
    else:
        player = f'<p class="small">{text(sound.reason)}</p>'
    return (
        f'<section><h4>{text(row["clip"])} <span class="faint">{text(note)}</span></h4>'
        f"{tags(pairs.items())}{player}{_plot(row, sound.log_mel, settings)}</section>"
    )


def _plot(row: Row, log_mel: npt.NDArray[np.floating], settings: LogMel) -> str:
    """A spectrogram with its axes; texts keep their size when the picture is narrow."""
    seconds = len(log_mel) * settings.hop_s
    data, quiet, loud = spectrogram(log_mel)
    alt = (
        f"Spectrogram of {row['clip']}: {seconds:.1f} s, {settings.low_hz:.0f} to "
        f"{settings.high_hz:.0f} Hz; natural log of mel power from {quiet:.1f} (dark) to "
        f"{loud:.1f} (bright)"
    )
    up = [(f"{hz / 1000:g}", (1 - share) * PLOT_PX) for hz, share in ticks_hz(settings)]
    y = "".join(f'<text x="26" y="{at + 4:.1f}" text-anchor="end">{hz}</text>' for hz, at in up)
    across = [(f"{s:g}" if s else "0 s", s / seconds) for s in ticks_s(seconds)]
    x = "".join(
        f'<text x="{share:.2%}" y="13" text-anchor="{_anchor(share)}">{s}</text>'
        for s, share in across
    )
    return (
        f'<div class="plot"><svg class="y" aria-hidden="true">{y}</svg>'
        f'<img src="{data_uri(data, "image/png")}" alt="{attribute(alt)}" title="{attribute(alt)}">'
        f'<svg class="x" aria-hidden="true"><text x="26" y="13" text-anchor="end">kHz</text></svg>'
        f'<svg class="x" aria-hidden="true">{x}</svg></div>'
    )


def _anchor(share: float) -> str:
    return "start" if share < 0.02 else "end" if share > 0.98 else "middle"


def people_html(people: Sequence[Person], info: CorpusInfo, listen: Listen) -> str:
    """All of them."""
    return "".join(person_html(person, info, listen) for person in people)
