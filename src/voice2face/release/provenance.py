"""What a picture says about itself: made by a machine, by which program and which model.

A PNG carries it as text chunks, which any viewer of metadata shows, and as an XMP packet with the
IPTC term for media that a trained model made. It holds no time and nothing of the recording, so
that one recording always becomes the same bytes. It is a note, not a seal: who wants to can take
it out or write another.
"""

import html
import io
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from voice2face import __version__
from voice2face.errors import ProvenanceError, one_line
from voice2face.files import write_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

    from voice2face.release.inference import Model

NOTE = (
    "Made by a machine from a recording of a voice: a guess that shares what a voice tells about "
    "its speaker, not a likeness of anybody."
)
LABEL = "Made by a machine from a voice"  # what --label writes under the picture
MEDIA_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
XMP = "XML:com.adobe.xmp"
# Keywords of the text chunks; the first two are among those that the PNG specification names.
KEYWORDS = {
    "software": "Software",
    "note": "Description",
    "media_type": "DigitalSourceType",
    "model": "voice2face:model",
    "model_sha256": "voice2face:model-sha256",
    "front_end": "voice2face:front-end",
    "variant": "voice2face:variant",
    "variation": "voice2face:variation",
}
MAX_CHARACTERS = 500  # of one entry
MAX_BYTES, MAX_PIXELS = 64 << 20, 64_000_000  # of a picture that is read

INK, PAPER = (28, 28, 30), (255, 255, 255)
LABEL_SHARE, LEAST_LETTER_PX = 1 / 20, 9  # the share is of the picture's width


class Provenance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Origin of a picture.

    Attributes:
        software: Program and version.
        model: The model's name.
        model_sha256: Checksum of the model's ``config.yaml``, which holds those of all its parts.
        front_end: Preset of the audio front end, or the kind of the voice encoder.
        variant: Variant and preset that the model was trained as; empty where it doesn't say.
        variation: Change of the voice's embedding that it shows; empty for the face itself.
        note: What the picture is, and is not.
        media_type: The IPTC term for it, as an address.
    """

    software: str
    model: str
    model_sha256: str
    front_end: str
    variant: str = ""
    variation: str = ""
    note: str = NOTE
    media_type: str = MEDIA_TYPE


def provenance_of(model: "Model", variation: str = "") -> Provenance:
    """What pictures of a model say about themselves.

    Args:
        model: Model that made them.
        variation: Change of the voice's embedding; empty for the face itself.
    """
    config = model.config
    return Provenance(
        software=f"voice2face {__version__}",
        model=_clean(config.name),
        model_sha256=model.sha256,
        front_end=_clean(config.voice_encoder.front_end_name),
        variant=_clean(str(config.provenance.get("variant", ""))),
        variation=_clean(variation),
    )


def png_bytes(picture: "Image", about: Provenance, label: str = "") -> bytes:
    """A picture as a PNG file that says where it is from; the same bytes each time.

    Args:
        picture: RGB.
        about: What is said.
        label: A line to write under the picture, which becomes taller by it; empty: none.
    """
    from PIL.PngImagePlugin import PngInfo

    entries = msgspec.structs.asdict(about)
    chunks = PngInfo()
    for name, keyword in KEYWORDS.items():
        if entries[name]:
            chunks.add_text(keyword, entries[name])  # UTF-8 where Latin-1 hasn't its letters
    chunks.add_itxt(XMP, _xmp(about))
    stream = io.BytesIO()
    shown = labelled(picture, label) if label else picture
    # Run lengths alone: a quarter of the time of zlib's usual way, for 12 % more bytes.
    shown.save(stream, "PNG", pnginfo=chunks, compress_type=zlib.Z_RLE)
    return stream.getvalue()


def write_picture(
    path: Path,
    picture: "Image",
    model: "Model",
    px: int | None = None,
    person: str = "",
    label: str = "",
) -> "Image":
    """Write a face as a PNG that says what made it.

    Args:
        path: The file.
        picture: As the model made it.
        model: Model that made it.
        px: Side of the written one, enlarged by Lanczos' filter, which keeps edges; None: as it is.
        person: Who is shown, if it is not the face that the voice tells.
        label: Written under it; empty: nothing.

    Returns:
        The picture as it was written, but for the label.

    Raises:
        OutputError: It could not be written.
    """
    from PIL.Image import Resampling

    width, said = picture.width, [person] if person else []
    if px is not None and px != width:
        picture = picture.resize((px, px), Resampling.LANCZOS)
        said += [f"enlarged from {width} pixels"] if px > width else []
    write_bytes(path, png_bytes(picture, provenance_of(model, "; ".join(said)), label))
    return picture


def labelled(picture: "Image", label: str) -> "Image":
    """The picture on top of a strip with a text, in as many lines as its width asks for."""
    from PIL import Image, ImageDraw, ImageFont

    size = max(LEAST_LETTER_PX, round(LABEL_SHARE * picture.width))
    font = ImageFont.load_default(size)
    margin = max(2, size // 4)
    lines = _lines(one_line(label), font, picture.width - 2 * margin)
    step = round(1.25 * size)
    height = picture.height + 2 * margin + step * len(lines)
    whole = Image.new("RGB", (picture.width, height), PAPER)
    whole.paste(picture)
    draw = ImageDraw.Draw(whole)
    for i, line in enumerate(lines):
        draw.text((margin, picture.height + margin + i * step), line, INK, font)
    return whole


def read_provenance(path: Path) -> Provenance:
    """Origin of a PNG file, as the file says. Anybody may have written that.

    Raises:
        ProvenanceError: The file can't be read, is no whole PNG, or says nothing.
    """
    info = _png_info(path)
    found = {name: info.get(keyword) for name, keyword in KEYWORDS.items()}
    entries = {name: _clean(text) for name, text in found.items() if isinstance(text, str)}
    try:
        return msgspec.convert(entries, Provenance)
    except msgspec.ValidationError as error:
        raise ProvenanceError(
            path,
            "says nothing of voice2face (or it was taken out)",
            "a picture that voice2face wrote",
            "take the file as it was written, not a screenshot or a copy made by another program",
        ) from error


def _png_info(path: Path) -> dict[Any, Any]:
    """The text of a PNG; the picture is decoded too, so that a damaged file is noticed."""
    from PIL import Image

    if not path.is_file():  # to open a named pipe would wait for ever
        raise ProvenanceError(path, "no such file", "a PNG file", "check the name")
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        reason = error.strerror or str(error)
        raise ProvenanceError(path, reason, "a PNG file", "check its rights") from error
    if size > MAX_BYTES:
        raise _unusable(path, f"{size} bytes, at most {MAX_BYTES} are read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of many pixels; the limit here is lower
            with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise _unusable(path, f"{image.width}×{image.height} pixels")
                image.load()
                return dict(image.info)
    except ProvenanceError:
        raise
    except Exception as error:  # a hostile file makes Pillow raise almost anything
        reason = "not a PNG file" if not data.startswith(b"\x89PNG") else "damaged"
        raise _unusable(path, reason) from error


def _unusable(path: Path, found: str) -> ProvenanceError:
    return ProvenanceError(path, found, "a picture that voice2face made", "name its PNG file")


def _clean(text: str) -> str:
    """One short line of valid UTF-8."""
    return one_line(text).encode("utf-8", "replace").decode()[:MAX_CHARACTERS].strip()


def _lines(text: str, font: Any, width: float) -> list[str]:
    """The text in lines of at most a given width in pixels; a longer word gets a line to itself."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _xmp(about: Provenance) -> str:
    """The packet, as the XMP specification wants it within a PNG: no room to edit it in place."""
    # xml.sax.saxutils escapes as well, but imports an HTTP client, which takes 22 ms.
    said = {name: html.escape(text) for name, text in msgspec.structs.asdict(about).items()}
    return f"""\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmp:CreatorTool="{said["software"]}"
 Iptc4xmpExt:DigitalSourceType="{said["media_type"]}"
 Iptc4xmpExt:AISystemUsed="voice2face, model {said["model"]}"
 Iptc4xmpExt:AISystemVersionUsed="{said["software"]}, model sha256 {said["model_sha256"]}">
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{said["note"]}</rdf:li></rdf:Alt>\
</dc:description>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""
