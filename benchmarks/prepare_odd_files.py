"""Files, names and folders that ``prepare`` must take as they are, or leave out with a reason."""

import ctypes
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.inputs import RATE_HZ, write_wav
from benchmarks.prepare_interruptions import Trial
from benchmarks.prepare_runs import need, prepare, real, write_table
from voice2face.audio import load_clip
from voice2face.corpus import Corpus
from voice2face.files import stored_text

BOMB_PX = 30_000
SAME = 12.0  # mean difference of two crops of one face, out of 255: codecs, a lost colour apart
DAC_OVERRIDE, DAC_READ_SEARCH, DROP_CAPABILITY = 1, 2, 24
KEPT, TEXT = "kept", b"This is a text.\n" * 100
Make = Callable[[Path], object]


@dataclass(frozen=True)
class Odd:
    """Something to be prepared.

    Args:
        fault: What is odd about it.
        path: In the folder; bytes that are not UTF-8 as surrogate escapes.
        wanted: ``KEPT``, or reasons of which one must be given.
        make: Writes it.
        listed_as: What the corpus names for it, if that is not the file itself.
        like: Picture that shows the same face.
    """

    fault: str
    path: str
    wanted: tuple[str, ...]
    make: Make
    listed_as: str | None = None
    like: str | None = None


def odd_rows(folder: Path) -> list[Trial]:
    """Odd files that a table names, one person each."""
    odds = [*_pictures(), *_recordings(), *_names("", ".jpg", 1), *_names("", ".wav", 1)]
    folder.mkdir()
    for odd in odds:
        odd.make(folder / odd.path)
    rows = [
        (f"p{number}", *((odd.path, "") if odd.path.endswith(".wav") else ("", odd.path)))
        for number, odd in enumerate(odds)
    ]
    table = write_table(folder / "odd.csv", ("identity", "voice", "face"), rows)
    return _judge(odds, folder.with_name("odd-corpus"), table)


def odd_folders(folder: Path) -> list[Trial]:
    """A tree as of VoxCeleb with odd names, links, pipes, and folders that cannot be read."""
    odds = list(_tree(folder.with_name("elsewhere")))
    (folder / "faces").mkdir(parents=True)
    meta = "VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\nid10001\tA_Person\tm\tUK\tdev\n"
    (folder / "vox1_meta.csv").write_text(meta)
    for odd in odds:
        path = folder / odd.path
        path.parent.mkdir(parents=True, exist_ok=True)
        odd.make(path)
    return _judge(odds, folder.with_name("tree-corpus"), folder, prepare_child=no_privileges)


def vanishing(folder: Path) -> list[Trial]:
    """Files that disappear while the run is at work."""
    folder.mkdir()
    paths = {"face": "gone.jpg", "voice": "gone.wav"}
    for number in range(8):
        write_voice(folder / f"{number}.wav", number)
        write_face(folder / f"{number}.jpg", number)
    write_voice(folder / paths["voice"], 8)
    write_face(folder / paths["face"], 8)
    rows = [(f"p{n}", f"{n}.wav", f"{n}.jpg") for n in (*range(8), "gone")]
    table = write_table(folder / "gone.csv", ("identity", "voice", "face"), rows)
    out = folder.with_name("gone-corpus")

    def remove(_: int) -> None:
        if (folder.with_name("gone-corpus.partial") / "corpus").is_dir():
            for path in paths.values():
                (folder / path).unlink(missing_ok=True)

    fault, wanted = "a file that disappears during the run", ("missing file",)
    odds = [Odd(fault, path, wanted, bool) for path in paths.values()]
    odds += [Odd("files beside it", f"{n}.jpg", (KEPT,), bool) for n in range(8)]
    return _judge(odds, out, table, while_it_runs=remove)


def no_privileges() -> None:
    """Let permissions count for root, too: called in a new process before the program starts."""
    if os.geteuid() == 0:
        library = ctypes.CDLL(None)
        for capability in (DAC_OVERRIDE, DAC_READ_SEARCH):
            library.prctl(DROP_CAPABILITY, capability, 0, 0, 0)


def _judge(odds: list[Odd], out: Path, source: Path, **options: Any) -> list[Trial]:
    """Prepare, and look for each thing among what was kept and what was left out."""
    run = need(prepare(source, out, "--workers", "2", "--max-skipped", "1", **options))
    corpus = Corpus.open(out)
    voices, faces, skipped = corpus.voices(), corpus.faces(), corpus.skipped()
    pixels = dict(zip(faces.path, faces.pixels, strict=True))
    kept = {*voices.path, *pixels}
    reasons = {skip["path"]: skip["reason"] for skip in skipped}
    trials = []
    for odd in odds:
        path = stored_text(odd.listed_as or odd.path)
        found = KEPT if path in kept else reasons.get(path, "lost")
        if found == KEPT and odd.like and (far := _distance(pixels[path], pixels[odd.like])) > SAME:
            found = f"another face, {far:.0f} of 255 away"
        trials.append(Trial(odd.fault, " or ".join(odd.wanted), found, found in odd.wanted))
    n_inputs, n_kept = corpus.info.inputs, len(voices) + len(faces)
    sums = f"{n_inputs} = {n_kept} + {len(skipped)}"
    balanced = n_inputs == n_kept + len(skipped)
    trials.append(Trial("nothing lost", "inputs = kept + left out", sums, balanced))
    calm = "Traceback" not in run.errors
    trials.append(Trial("no crash", "no traceback", run.errors[-200:], calm))
    return trials


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference of two pictures' grey levels."""
    return float(np.abs(one.mean(2) - other.mean(2)).mean())


def _pictures() -> Iterator[Odd]:
    """Pictures of one person: every format must give the same face."""
    face = Image.open(_face_file(0)).convert("RGB")
    grey = face.convert("L")
    clear = face.convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 224, 6))
    turned = face.transpose(Image.Transpose.ROTATE_90)  # and noted as to be turned back
    exif = Image.Exif()
    exif[0x0112] = 6
    frames = {"save_all": True, "append_images": [Image.new("RGB", face.size, "blue")]}
    kept = {
        "plain": ("plain.jpg", face, {"quality": 95}),
        "CMYK": ("cmyk.jpg", face.convert("CMYK"), {"quality": 95}),
        "grey": ("grey.jpg", grey, {"quality": 95}),
        "16-bit grey": ("grey16.png", Image.fromarray(np.asarray(grey).astype("<u2") * 257), {}),
        "alpha": ("alpha.png", clear, {}),
        "palette": ("palette.gif", face.quantize(256), {}),
        "EXIF-rotated": ("turned.jpg", turned, {"quality": 95, "exif": exif}),
        "animated": ("animated.png", face, frames),
        "animated GIF": ("animated.gif", face, frames),
        "animated WebP": ("animated.webp", face, frames | {"quality": 95}),
        "wrong suffix": ("really.png", face, {"format": "JPEG", "quality": 94}),
    }
    for fault, (name, image, options) in kept.items():
        yield Odd(fault, name, (KEPT,), partial(_save, image, options), like="plain.jpg")
    yield Odd("16-bit colour", "rgb16.png", (KEPT,), partial(write_rgb16, face), like="plain.jpg")
    bomb = ("picture too large",)
    yield Odd("picture bomb, 30,000×30,000", "bomb.png", bomb, partial(write_bomb, BOMB_PX))
    data = _face_file(0).read_bytes()
    damaged = ("damaged picture",)
    yield Odd("truncated JPEG", "half.jpg", damaged, partial(_write, data[: len(data) // 2]))
    yield Odd("empty picture", "empty.jpg", ("not a picture",), partial(_write, b""))
    yield Odd("text as a picture", "text.jpg", ("not a picture",), partial(_write, TEXT))
    yield Odd("pipe as a picture", "pipe.jpg", ("missing file", "unknown file"), os.mkfifo)
    yield Odd("no picture there", "none.jpg", ("missing file",), bool)


def _recordings() -> Iterator[Odd]:
    unreadable = ("unreadable recording",)
    yield Odd("text as a recording", "text.wav", unreadable, partial(_write, TEXT))
    yield Odd("empty recording", "empty.wav", unreadable, partial(_write, b""))
    noise = np.random.default_rng(0).bytes(40_000)
    yield Odd("noise as a recording", "noise.wav", unreadable, partial(_write, noise))
    silence = partial(write_wav, samples=np.zeros(3 * RATE_HZ))
    yield Odd("silence", "silence.wav", ("too little speech",), silence)
    yield Odd("pipe as a recording", "pipe.wav", ("missing file", "unknown file"), os.mkfifo)


def _names(folder: str, suffix: str, first: int) -> Iterator[Odd]:
    """Good files under odd names; ``first`` keeps their contents apart."""
    names = {
        "spaces": "  a  b ",
        "line breaks": "a\nb\r\nc",
        "other letters": "Ólafur 李小龍 محمد 🙂",
        "a name like an option": "-x",
        "quotes and commas": 'a,"b"\';c',
    }
    make = write_face if suffix == ".jpg" else write_voice
    for number, (fault, name) in enumerate(names.items(), start=first):
        path = f"{folder}{name}{suffix}"
        yield Odd(f"name: {fault}", path, (KEPT,), partial(make, number=number))


def _tree(elsewhere: Path) -> Iterator[Odd]:
    voices, faces = "voices/id10001/v/", "faces/A_Person/"
    yield from _names(voices, ".wav", 20)
    yield from _names(faces, ".jpg", 20)
    bad = os.fsdecode(b"\xff\xfe")
    fault = "name: not UTF-8"
    yield Odd(fault, f"{voices}{bad}.wav", (KEPT,), partial(write_voice, number=30))
    yield Odd(fault, f"{faces}{bad}.jpg", (KEPT,), partial(write_face, number=30))
    elsewhere.mkdir()
    write_face(elsewhere / "x.jpg", 31)
    out = ("link out of the folder",)
    fault = "link out of the tree"
    yield Odd(fault, f"{faces}out.jpg", out, partial(_link, str(elsewhere / "x.jpg")))
    yield Odd(fault, f"{faces}outside", out, partial(_link, str(elsewhere)))
    again, fault = ("repeated",), "folder cycle"
    yield Odd(fault, f"{faces}cycle", again, partial(_link, "."))
    yield Odd(fault, f"{voices}cycle", again, partial(_link, ".."))
    fault = "link to nothing"
    yield Odd(fault, f"{faces}nothing.jpg", ("missing file",), partial(_link, "none.jpg"))
    yield Odd("pipe in a tree", f"{faces}pipe.jpg", ("unknown file",), os.mkfifo)
    unreadable = ("unreadable file", "unreadable recording")
    for folder, suffix, make in ((faces, "jpg", write_face), (voices, "wav", write_voice)):
        fault, place = "unreadable folder", f"{folder}closed"
        closed = partial(_in_closed_folder, partial(make, number=32))
        yield Odd(fault, f"{place}/1.{suffix}", (fault,), closed, place)
        locked = partial(_unreadable, partial(make, number=34))
        yield Odd("unreadable file", f"{folder}mine.{suffix}", unreadable, locked)


def write_face(path: Path, number: int) -> None:
    """The picture of one of many people."""
    path.write_bytes(_face_file(number).read_bytes())


def write_voice(path: Path, number: int) -> None:
    """A recording, each of another clip."""
    clips = sorted(real("pairs", "voxceleb", "voice").glob("*.flac"))
    write_wav(path, load_clip(clips[number]))


def _face_file(number: int) -> Path:
    return sorted(real("pairs", "avspeech", "face").glob("*.jpg"))[number]


def _save(image: Image.Image, options: dict[str, Any], path: Path) -> None:
    image.save(path, **options)


def _write(data: bytes, path: Path) -> None:
    path.write_bytes(data)


def _link(target: str, path: Path) -> None:
    path.symlink_to(target)


def _in_closed_folder(make: Make, path: Path) -> None:
    make(path)
    path.parent.chmod(0)


def _unreadable(make: Make, path: Path) -> None:
    make(path)
    path.chmod(0)


def write_rgb16(face: Image.Image, path: Path) -> None:
    """A PNG of 16 bits a colour, which Pillow itself does not write."""
    samples = (np.asarray(face).astype(np.uint16) * 257).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    _write_png(path, face.size, (16, 2), [rows])


def write_bomb(side: int, path: Path) -> None:
    """Black, one byte a pixel, a few rows at a time: 900 MB if it were decoded."""
    rows = bytes(100 * (side + 1))
    _write_png(path, (side, side), (8, 0), (rows for _ in range(side // 100)))


def _write_png(
    path: Path, size: tuple[int, int], depth_and_kind: tuple[int, int], rows: Iterable[bytes]
) -> None:
    packer = zlib.compressobj(1)
    data = b"".join([*(packer.compress(part) for part in rows), packer.flush()])
    header = struct.pack(">IIBBBBB", *size, *depth_and_kind, 0, 0, 0)
    with path.open("wb") as stream:
        stream.write(b"\x89PNG\r\n\x1a\n")
        for name, content in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b"")):
            stream.write(struct.pack(">I", len(content)) + name + content)
            stream.write(struct.pack(">I", zlib.crc32(name + content)))
