"""What a corpus folder holds: ``corpus.json``, Parquet shards, ``skipped.parquet``."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, get_args

import msgspec

from voice2face.audio.coding import SoundCoding
from voice2face.audio.settings import FrontEnd
from voice2face.errors import CorpusError, MissingExtraError
from voice2face.faces.settings import FaceCrop
from voice2face.settings import Settings

SCHEMA_VERSION = 3
INFO_NAME = "corpus.json"
SKIPPED_NAME = "skipped.parquet"

Kind = Literal["voice", "face"]
Split = Literal["train", "validation", "test"]
Part = Literal["all", "train", "validation", "test"]
Layout = Literal["table", "voxceleb", "processed", "videos", "cohort"]
# How a file becomes rows: one voice of a recording (or a video's sound) or of a stored log-mel
# spectrogram; one face of a raw or of an aligned picture; several of a video.
Reader = Literal["recording", "log_mel", "picture", "aligned", "video"]
# What a voice is stored as: its sound, or the spectrogram that stands for it where its source has
# no sound.
VoiceCoding = Literal["flac", "opus", "log_mel"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SPLITS: tuple[Split, ...] = get_args(Split)
PARTS: tuple[Part, ...] = get_args(Part)
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
# Whose aligned faces lie as the geometry `released` says.
IN_RELEASED_GEOMETRY: frozenset[Layout] = frozenset({"processed", "cohort"})

# The column that holds the data itself, how to read it, and the column that names a row.
PAYLOAD: dict[Kind, str] = {"voice": "sound", "face": "pixels"}
LAYOUT: dict[Kind, str] = {
    "voice": (
        "sound: a file as coding says: flac or opus (in Ogg), the whole recording, mono, 16 kHz; "
        "log_mel, where the source was a spectrogram: little-endian float16, C order, natural log "
        "of mel power of the voiced parts, not normalised: "
        "numpy.frombuffer(sound, '<f2').reshape(-1, {n_mels})"
    ),
    "face": (
        "pixels: uint8, C order, shape (px, px, 3): rows from the top, red, green, blue. "
        "numpy.frombuffer(pixels, 'u1').reshape(px, px, 3)"
    ),
}
# Of a corpus of normalised faces.
SHAPE = "shape"
SHAPE_LAYOUT = (
    "shape: little-endian int16, C order, x and y of each point of the mesh, in 16384ths of the "
    "face's side from its upper left corner; null where pictures were taken as they are. "
    "numpy.frombuffer(shape, '<i2').reshape(468, 2) / 16384"
)
NAME_COLUMN: dict[Kind, str] = {"voice": "clip", "face": "picture"}
_SIZE_COLUMNS: dict[Kind, tuple[tuple[str, str], ...]] = {
    "voice": (("coding", "string"), ("seconds", "float64"), ("speech_s", "float64")),
    "face": (("px", "int32"),),
}
# What `faces.quality` measures; null where it does not apply.
FIGURES: tuple[str, ...] = (
    "score",
    "n_faces",
    "eyes_px",
    "yaw_deg",
    "sharpness",
    "brightness",
    "outside",
    "removed",
    "time_s",
)


class SourceInfo(Settings, frozen=True, kw_only=True):
    """One table or folder that a corpus was made from."""

    layout: Layout
    path: str
    sha256: str  # of the table, or of the sorted listing of a folder: paths and sizes
    rows: int  # of the table, or files of the folder
    aligned: bool  # pictures were taken as they are
    # Columns of a table that were used as such; identity None: each row is a person of its own.
    identity: str | None = None
    voice: str | None = None
    face: str | None = None


class Shard(Settings, frozen=True, kw_only=True):
    """One Parquet file of a corpus."""

    # A name from a file must never lead out of the folder.
    name: Annotated[str, msgspec.Meta(pattern=r"\A(voice|face)-[a-z]+-[0-9]{5}\.parquet\Z")]
    kind: Kind
    split: Split
    rows: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    bytes: int
    sha256: str


class Counts(Settings, frozen=True, kw_only=True):
    """How much of everything there is; durations in seconds."""

    identities: int = 0
    voices: int = 0
    faces: int = 0
    seconds: float = 0.0  # of the recordings
    speech_s: float = 0.0  # how long somebody speaks in them


class CorpusInfo(Settings, frozen=True, kw_only=True):
    """The content of ``corpus.json``."""

    schema_version: Annotated[int, msgspec.Meta(ge=1)]
    program: str
    # Recordings with too little speech for this front end were left out, and `speech_s` is by it.
    preset: str
    front_end: FrontEnd
    sound: SoundCoding  # of recordings
    face_crop: FaceCrop
    detector: str | None  # sha256 of its weights; None: no picture was raw
    split_rule: str
    sources: tuple[SourceInfo, ...]
    attributes: dict[Kind, tuple[str, ...]]
    counts: dict[Part, Counts]
    inputs: int  # recordings, pictures, videos and unusable rows that the sources name
    skipped: dict[str, int]  # reason -> inputs left out
    shards: tuple[Shard, ...]
    data_hash: str

    @property
    def source_names(self) -> tuple[str, ...]:
        """Names of the tables or folders, without where they are."""
        return tuple(PurePath(source.path).name for source in self.sources)

    @property
    def geometry(self) -> str | None:
        """How all its faces lie; None where some were taken as they are and nobody knows."""
        taken = {source.layout for source in self.sources if source.aligned}
        wanted = self.face_crop.geometry
        known = not taken or (taken <= IN_RELEASED_GEOMETRY and wanted == "released")
        return wanted if known else None

    @property
    def keeps_shapes(self) -> bool:
        """Whether its faces lie on one mean shape, their own beside them."""
        return self.face_crop.keeps_shapes

    @property
    def face_px(self) -> int:
        """Side of a face in pixels."""
        return self.face_crop.px


def hash_of(shards: Iterable[Shard]) -> str:
    """Checksum of a corpus' content: equal if and only if all shards are equal."""
    lines = sorted(f"{shard.name} {shard.sha256}\n" for shard in shards)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def shard_schema(
    kind: Kind, attributes: Sequence[str], n_mels: int, *, shapes: bool = False
) -> Any:
    """Arrow schema of a shard; its metadata tells how to read the binary columns.

    Args:
        kind: Voices or faces.
        attributes: Names of the columns after the fixed ones.
        n_mels: Width of a log-mel spectrogram.
        shapes: Faces are normalised: their shapes are kept.
    """
    pa, _ = arrow()
    shaped = shapes and kind == "face"
    fields = [
        pa.field(NAME_COLUMN[kind], pa.string(), nullable=False),
        pa.field("identity", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field(PAYLOAD[kind], pa.binary(), nullable=False),
        *(pa.field(name, pa.type_for_alias(t), nullable=False) for name, t in _SIZE_COLUMNS[kind]),
        pa.field("source", pa.int32(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("sha256", pa.string(), nullable=False),
        *(pa.field(name, pa.float32()) for name in (FIGURES if kind == "face" else ())),
        *([pa.field(SHAPE, pa.binary())] if shaped else []),
        *(pa.field(name, pa.string()) for name in attributes),
    ]
    return pa.schema(
        fields,
        metadata={
            "voice2face.schema_version": str(SCHEMA_VERSION),
            "voice2face.layout": LAYOUT[kind].format(n_mels=n_mels),
            **({"voice2face.shape": SHAPE_LAYOUT} if shaped else {}),
            "voice2face.source": "path: as written in source number `source` of corpus.json; "
            "sha256: of that file",
        },
    )


def reserved_columns(kind: Kind) -> frozenset[str]:
    """Names that an attribute cannot have; such an attribute gets a trailing underscore."""
    return frozenset(shard_schema(kind, (), 1, shapes=True).names)


def skipped_schema() -> Any:
    """Arrow schema of ``skipped.parquet``: one row for each input that was left out."""
    pa, _ = arrow()
    return pa.schema(
        [
            ("source", pa.int32()),
            ("row", pa.int32()),  # of a table, as a spreadsheet counts: the header is row 1
            ("kind", pa.string()),
            ("identity", pa.string()),
            ("path", pa.string()),
            ("reason", pa.string()),
            ("detail", pa.string()),
            ("files", pa.int32()),  # that it stands for; no file is counted twice
        ],
        metadata={"voice2face.schema_version": str(SCHEMA_VERSION)},
    )


def arrow() -> tuple[Any, Any]:
    """The modules ``pyarrow`` and ``pyarrow.parquet``.

    Raises:
        MissingExtraError: The ``data`` extra is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("a corpus", "data") from error
    return pyarrow, pyarrow.parquet


def damaged(path: Path, found: str) -> CorpusError:
    """What to say of a file that is not as it was written."""
    return CorpusError(
        path, found, "the file that prepare wrote", "restore it, or run prepare again"
    )
