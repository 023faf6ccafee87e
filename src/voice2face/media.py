"""Which files are sound, video or pictures: by their ending, else by their first bytes."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from voice2face.errors import reason_of

Medium = Literal["sound", "video", "picture"]

_SOUND = (
    ".3ga .aac .ac3 .aif .aifc .aiff .alac .amr .ape .au .awb .bwf .caf .dff .dsf .flac .m4a .m4b "
    ".m4r .mka .mp2 .mp3 .mp4a .mpga .oga .ogg .opus .qta .ra .snd .sph .spx .tta .voc .w64 .wav "
    ".wave .weba .wma .wv"
)
_VIDEO = (
    ".3g2 .3gp .3gpp .asf .avi .f4v .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ts .vob "
    ".webm .wmv"
)
# Of the formats that `faces.pictures` reads.
_PICTURE = ".apng .avif .bmp .gif .jfif .jpe .jpeg .jpg .pbm .pgm .png .pnm .ppm .tif .tiff .webp"
SOUND, VIDEO, PICTURE = (frozenset(names.split()) for names in (_SOUND, _VIDEO, _PICTURE))

HEAD_BYTES = 1024
# How files begin. Matroska, Ogg and MP4 hold sound, video or both: they count as video, of which a
# recording can be taken.
_BEGINNINGS: tuple[tuple[bytes, Medium], ...] = (
    (rb"(?:RIFF|RIFX|RF64|BW64)....WAVE", "sound"),
    (rb"riff\x2e\x91\xcf\x11", "sound"),  # Wave64
    (
        rb"fLaC|ID3|caff|\.snd|#!AMR|NIST_1A|Creative Voice File|wvpk|MAC |TTA[12]|DSD |FRM8",
        "sound",
    ),
    (rb"FORM....AIF[FC]", "sound"),
    (rb"\.ra\xfd|\x0b\x77", "sound"),  # RealAudio, AC-3
    (rb"OggS.{24,280}?(?:\x01vorbis|OpusHead|Speex   |\x7fFLAC)", "sound"),
    (rb"\xff[\xe2-\xe5\xf2-\xf5\xfa-\xfd][\x10-\xef]", "sound"),  # MPEG layers II, III
    (rb"\xff[\xf0\xf1\xf8\xf9][\x40-\x72\x80-\xb2]", "sound"),  # AAC with ADTS
    (rb"....ftyp(?:M4A |M4B |M4P |F4A |F4B )", "sound"),
    (rb"....ftyp(?:avif|avis|mif1|msf1|heic|heix)", "picture"),
    (rb"....(?:ftyp|moov|wide|mdat|skip|free)", "video"),
    (rb"\x1a\x45\xdf\xa3|OggS|FLV\x01|\.RMF|\x00\x00\x01[\xba\xb3]", "video"),
    (rb"RIFF....AVI ", "video"),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video"),  # ASF
    (rb"\x47.{187}\x47.{187}\x47|.{4}\x47.{191}\x47.{191}\x47", "video"),  # MPEG-TS, M2TS
    (rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|BM.{4}\0{4}|II\*\0|MM\0\*", "picture"),
    (rb"RIFF....WEBP|P[1-6]\s", "picture"),
)
_BEGINNING = tuple((re.compile(start, re.DOTALL), medium) for start, medium in _BEGINNINGS)


def medium_named(name: str) -> Medium | None:
    """What the ending of a file's name says that it is; None if nothing."""
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122  (a name may be any text)
    return (
        "sound" if suffix in SOUND
        else "video" if suffix in VIDEO
        else "picture" if suffix in PICTURE
        else None
    )  # fmt: skip


def medium_inside(path: str | Path) -> Medium | None:
    """What a file's first bytes say that it is; None if nothing, or if it can't be read.

    Nothing is decoded.
    """
    try:
        if not os.path.isfile(path):  # noqa: PTH113  (a named pipe would wait for ever)
            return None
        with open(path, "rb") as file:  # noqa: PTH123
            head = file.read(HEAD_BYTES)
    except OSError:
        return None
    return next((medium for start, medium in _BEGINNING if start.match(head)), None)


@dataclass
class Recordings:
    """What a folder holds.

    Attributes:
        files: Recordings, videos included, by folder and name.
        others: Files that are none.
        unreadable: Folders that could not be read, each with the reason.
    """

    files: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    unreadable: list[tuple[Path, str]] = field(default_factory=list)


def recordings_in(folder: Path) -> Recordings:
    """Find all recordings below a folder.

    Links are followed, into each folder once. Names that begin with a dot are passed over.
    """
    found = Recordings()
    for path in _files(folder, found):
        medium = medium_named(path.name) or medium_inside(path)
        (found.files if medium in ("sound", "video") else found.others).append(path)
    return found


def _files(folder: Path, found: Recordings) -> Iterator[Path]:
    def note(error: OSError) -> None:
        found.unreadable.append((Path(error.filename), reason_of(error)))

    entered: set[tuple[int, int]] = set()
    for where, folders, names in os.walk(folder, onerror=note, followlinks=True):
        about = os.stat(where)  # noqa: PTH116
        if (about.st_dev, about.st_ino) in entered:
            folders.clear()
            continue
        entered.add((about.st_dev, about.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(where) / name for name in sorted(names) if not name.startswith("."))
