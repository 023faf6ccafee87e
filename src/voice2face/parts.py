"""A part of a model: what is written about it, and what it is opened from."""

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.errors import ModelError, one_line
from voice2face.files import atomic_write, sha256_of
from voice2face.settings import Settings

Role = Literal["voice_encoder", "generator", "heard", "matcher"]
# Plain names within the folder, of files that hold numbers alone.
FILE_NAME = r"^[a-z0-9_]{1,60}\.(onnx|npz|safetensors|json)$"
FileName = Annotated[str, msgspec.Meta(pattern=FILE_NAME)]
Checksum = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]

Arrays = dict[str, npt.NDArray[Any]]
MOST_BYTES = 1 << 31  # all arrays of one file, unpacked


class Part(Settings, frozen=True, kw_only=True, tag_field="kind"):
    """One part of a model. A kind adds its settings, its tag and how it is opened.

    Attributes:
        files: Checksum (sha256) of each of its files, by name.
    """

    files: dict[FileName, Checksum] = msgspec.field(default_factory=dict)

    role: ClassVar[Role]
    needs_files: ClassVar[bool] = True

    @property
    def kind(self) -> str:
        """The tag of its class."""
        return str(self.__struct_config__.tag)

    @property
    def sha256(self) -> str:
        """Checksum of settings and files, which decide what it computes; 64 hexadecimal digits."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    def open(self, source: "PartSource") -> Any:
        """The part at work, from its files."""
        raise NotImplementedError

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        return {self.role.replace("_", " "): self.kind}


class VoiceEncoderPart(Part, frozen=True, kw_only=True):
    """A voice encoder; :meth:`open` gives a ``voice_encoders.protocol.VoiceEncoder``."""

    role: ClassVar[Role] = "voice_encoder"

    @property
    def front_end_name(self) -> str:
        """What pictures call its front end."""
        return self.kind

    @property
    def least_speech_s(self) -> float:
        """Seconds of speech that it needs."""
        return 1.0


class GeneratorPart(Part, frozen=True, kw_only=True):
    """A generator; :meth:`open` gives a ``generators.protocol.FaceGenerator``."""

    role: ClassVar[Role] = "generator"

    @property
    def face_px(self) -> int:
        """Side of its faces in pixels: its setting ``px``; 0 where only opening it would tell."""
        return int(getattr(self, "px", 0))


class HeardPart(Part, frozen=True, kw_only=True):
    """Read-offs; :meth:`open` gives what has ``read(embedding)``."""

    role: ClassVar[Role] = "heard"


@dataclass(frozen=True)
class PartSource:
    """What a part is opened from.

    Attributes:
        folder: The model's.
        sha256: Checksum of each of the part's files, by name.
        threads: Cores for one call; 0 for all.
        plugins: Modules whose classes a model may name, see :mod:`voice2face.plugins`.
    """

    folder: Path
    sha256: Mapping[str, str] = field(default_factory=dict)
    threads: int = 1
    plugins: frozenset[str] = frozenset()

    def path(self, name: str) -> Path:
        """Path of one of the part's files, after its checksum was compared.

        Raises:
            ModelError: The file is missing, or is not the one that was released.
        """
        if name not in self.sha256:
            found = f"a part without {name}"
            raise ModelError(self.folder, found, "every file of the part", "fetch the model again")
        return checked_file(self.folder / name, self.sha256[name])


def checked_file(path: Path, sha256: str) -> Path:
    """The given path, after its checksum was compared.

    Raises:
        ModelError: The file is missing, or has another checksum.
    """
    if not path.is_file():
        raise ModelError(path, "missing", "every part of the model", "fetch the model again")
    if sha256_of(path) != sha256:
        found = "its checksum is not that in config.yaml"
        raise ModelError(path, found, "the file as it was released", "fetch the model again")
    return path


def read_arrays(
    path: Path,
    wanted: Mapping[str, str] | None = None,
    *optional: Mapping[str, str],
    sizes: Mapping[str, int] | None = None,
    what: str = "a file of arrays",
    remedy: str = "fetch the model again",
) -> Arrays:
    """Arrays of an ``.npz`` file; nothing is unpickled.

    Args:
        path: The file.
        wanted: Data type and axes of each array, for example ``{"weights": "float32 dim k"}``. An
            axis is a name; all axes of one name have one length. None: every array of the file.
        optional: Further arrays, in groups of which a file has all or none.
        sizes: Lengths of axes, by name, that are known beforehand.
        what: What the file should be, for messages.
        remedy: What the user can do, for messages.

    Returns:
        The arrays that are asked for. Floats are finite.

    Raises:
        ModelError: The file is missing, damaged or too large; an array is missing, of another type
            or shape, or not finite.
    """
    if not path.is_file():
        raise ModelError(path, "missing", what, remedy)
    try:
        found = _unpacked(path)
    except Exception as error:  # a damaged archive makes NumPy and zipfile raise many kinds
        reason = one_line((str(error) or type(error).__name__)[:120])
        raise ModelError(path, reason, what, remedy) from error
    asked = dict(wanted or {})
    for group in optional:
        asked |= group if group.keys() & found.keys() else {}
    missing = [name for name in asked if name not in found]
    if missing:
        raise ModelError(path, f"no {', '.join(missing)}", what, remedy)
    lengths = dict(sizes or {})
    for name, form in asked.items():
        dtype, *axes = form.split()
        array = found[name]
        if array.ndim == len(axes):
            lengths = dict(zip(axes, array.shape, strict=True)) | lengths
        shape = tuple(lengths.get(axis, axis) for axis in axes)
        if array.dtype != dtype or array.shape != shape:
            is_of = f"{name} is {array.dtype} of shape {array.shape}"
            raise ModelError(path, is_of, f"{dtype} of shape {shape}", remedy)
    kept = found if wanted is None else {name: found[name] for name in asked}
    for name, array in kept.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ModelError(path, f"{name} is not finite", what, remedy)
    return kept


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write what :func:`read_arrays` reads: an ``.npz`` file, which holds no code.

    Raises:
        OutputError: It could not be written; nothing is left over.
        ValueError: An array holds Python's objects.
    """
    with atomic_write(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def _unpacked(path: Path) -> Arrays:
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES >> 20} MiB")
        for member in members:
            with archive.open(member) as stream:
                name = member.filename.removesuffix(".npy")
                arrays[name] = np.lib.format.read_array(stream, allow_pickle=False)
    return arrays
