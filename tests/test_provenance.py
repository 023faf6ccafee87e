import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from voice2face import __version__
from voice2face.errors import ProvenanceError
from voice2face.files import sha256_of
from voice2face.release.inference import Model
from voice2face.release.model_folder import BUNDLED, CONFIG, SHIPPED_MODELS
from voice2face.release.provenance import (
    KEYWORDS,
    LABEL,
    MAX_BYTES,
    MEDIA_TYPE,
    NOTE,
    XMP,
    Provenance,
    labelled,
    png_bytes,
    provenance_of,
    read_provenance,
)
from voice2face.release.reconstruction import to_picture

ABOUT = Provenance(
    software="voice2face 1", model="tanh", model_sha256="ab" * 32, front_end="clean",
    variant="tanh, released", variation="3 of seed 0",
)  # fmt: skip
PICTURE = Image.fromarray(
    np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
)  # a face is as hard to compress
BOMB = b"x\0\0" + zlib.compress(bytes(80 << 20))  # a text of 80 MiB
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """Kinds and contents, read without Pillow."""
    found, place = [], 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        found.append((png[place + 4 : place + 8], png[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    """A PNG with one more chunk, behind its header."""
    return png[:33] + chunk(kind, data) + png[33:]


def test_what_is_written_is_read_back(tmp_path):
    path = write(tmp_path / "a.png", png_bytes(PICTURE, ABOUT))
    assert read_provenance(path) == ABOUT
    with Image.open(path) as image:
        np.testing.assert_array_equal(np.asarray(image), np.asarray(PICTURE))


def test_the_same_bytes_each_time_in_any_process(tmp_path):
    path = tmp_path / "x.png"
    PICTURE.save(path)
    program = (
        "import sys; sys.path[:0] = ['tests']; from pathlib import Path; from PIL import Image;"
        "from voice2face.release.provenance import *;"
        f"about = {ABOUT!r};"
        f"sys.stdout.buffer.write(png_bytes(Image.open({str(path)!r}), about))"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    assert other == png_bytes(PICTURE, ABOUT) == png_bytes(PICTURE, ABOUT)
    kinds = {kind for kind, _ in chunks(other)}
    assert kinds <= {b"IHDR", b"tEXt", b"iTXt", b"IDAT", b"IEND"}  # no tIME, no eXIf


def test_text_that_any_viewer_shows_lies_before_the_pixels():
    found = chunks(png_bytes(PICTURE, ABOUT))
    text = dict(data.split(b"\0", 1) for kind, data in found if kind == b"tEXt")
    assert text[b"Software"] == b"voice2face 1"
    assert text[b"Description"].decode() == NOTE and "not a likeness" in NOTE
    assert text[b"voice2face:model-sha256"] == b"ab" * 32
    kinds = [kind for kind, _ in found]
    assert kinds.index(b"IDAT") > max(i for i, kind in enumerate(kinds) if kind in (b"tEXt", b"iTXt"))  # fmt: skip  # noqa: E501


def test_the_xmp_packet_is_well_formed_and_says_that_a_model_made_it():
    about = Provenance(software="v", model="a<b>&\"'c", model_sha256="0", front_end="clean")
    with Image.open(io.BytesIO(png_bytes(PICTURE, about))) as image:
        packet = image.info[XMP]
    assert packet.startswith('<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>')
    (head,) = ElementTree.fromstring(packet.encode()).iter(
        "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
    )
    assert head.get(f"{IPTC}DigitalSourceType") == MEDIA_TYPE
    assert head.get(f"{IPTC}AISystemUsed") == "voice2face, model a<b>&\"'c"
    assert NOTE in "".join(head.itertext())


@pytest.mark.parametrize("name", ["声音 é", "two\nlines\x1b[31m", "\ud800", "x" * 10_000, "a\0b"])
def test_names_of_models_may_be_anything(name, tmp_path, monkeypatch):
    from msgspec.structs import replace

    model = Model(BUNDLED)
    model.config = replace(model.config, name=name)
    about = provenance_of(model)
    path = write(tmp_path / "a.png", png_bytes(PICTURE, about))
    read = read_provenance(path)
    assert read == about and len(read.model) <= 500 and read.model.isprintable()


def test_a_picture_names_its_model_beyond_doubt():
    folder = SHIPPED_MODELS["gan"]
    model = Model(folder)
    about = provenance_of(model, "2 of seed 7")
    assert about.software == f"voice2face {__version__}"
    assert about.model_sha256 == sha256_of(folder / CONFIG)
    assert about.variation == "2 of seed 7"
    assert about.front_end == model.config.voice_encoder.front_end_name
    assert about.variant == model.config.provenance["variant"]


def test_a_label_stands_under_the_picture_whose_pixels_stay(tmp_path):
    face = to_picture(np.zeros((3, 64, 64), np.float32))
    path = write(tmp_path / "a.png", png_bytes(face, ABOUT, LABEL))
    assert read_provenance(path) == ABOUT
    with Image.open(path) as image:
        pixels = np.asarray(image)
    assert pixels.shape[1] == 64 and 90 < pixels.shape[0] < 130
    np.testing.assert_array_equal(pixels[:64], np.asarray(face))
    strip = pixels[64:].astype(int)
    assert (strip.sum(axis=2) < 300).sum() > 100  # ink


@pytest.mark.parametrize("px", [16, 32, 64, 128, 256, 1024])
@pytest.mark.parametrize("text", [LABEL, "a word-that-is-much-longer-than-the-picture"])
def test_a_label_is_not_cut_off_on_faces_that_are_made(px, text):
    whole = np.asarray(labelled(Image.new("RGB", (px, px)), text)).astype(int)
    ink = (whole[px:].sum(axis=2) < 600).any(axis=1)
    assert not ink[-2:].any() and ink.any()
    if px >= 64 and text == LABEL:
        right = (whole[px:].sum(axis=2) < 600).any(axis=0)
        assert not right[-2:].any()


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda png: b"", "not a PNG file"),
        (lambda png: b"GIF89a" + png[6:], "not a PNG file"),
        (lambda png: png[: len(png) // 2], "damaged"),
        (lambda png: png[:40], "damaged"),
        (lambda png: png[:60] + bytes([png[60] ^ 1]) + png[61:], "damaged"),
        (lambda png: with_chunk(png, b"zTXt", BOMB), "damaged"),
        (lambda png: png + bytes(MAX_BYTES), f"at most {MAX_BYTES}"),
        (lambda png: png[:16] + struct.pack(">II", 60_000, 60_000) + png[24:], "damaged|pixels"),
    ],
)  # fmt: skip
def test_a_damaged_or_hostile_file_gives_one_line(spoil, found, tmp_path):
    path = write(tmp_path / "a.png", spoil(png_bytes(PICTURE, ABOUT)))
    with pytest.raises(ProvenanceError, match=found) as caught:
        read_provenance(path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_picture_that_says_nothing_or_is_not_there(tmp_path):
    PICTURE.save(tmp_path / "plain.png")
    with pytest.raises(ProvenanceError, match="says nothing of voice2face"):
        read_provenance(tmp_path / "plain.png")
    with pytest.raises(ProvenanceError, match="no such file"):
        read_provenance(tmp_path / "none.png")
    with pytest.raises(ProvenanceError, match="no such file"):
        read_provenance(tmp_path)


def test_what_others_wrote_is_read_as_one_short_line(tmp_path):
    png = png_bytes(PICTURE, ABOUT)
    forged = with_chunk(
        png, b"tEXt", KEYWORDS["note"].encode() + b"\0\x1b[2J\nfine\r" + b"y" * 9000
    )
    for part in (b"Description\0Made",):  # the later of two counts: take the true one out
        forged = forged.replace(part, b"Descriptiom\0Made")
    forged = fixed(forged)
    note = read_provenance(write(tmp_path / "a.png", forged)).note
    assert note.startswith("?[2J?fine?") and len(note) == 500


def fixed(png: bytes) -> bytes:
    """The same chunks with the checksums that they should have."""
    return png[:8] + b"".join(chunk(kind, data) for kind, data in chunks(png))
