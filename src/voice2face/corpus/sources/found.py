"""What is found in a folder: people, their files, and what was left out."""

import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from voice2face.corpus.schema import Kind, Layout, Reader, SourceInfo
from voice2face.files import stored_text
from voice2face.media import PICTURE, SOUND, VIDEO

# Reasons of things that are left out and are no loss: they were no input of this corpus.
COMPANIONS = "companion files"  # notes, transcripts, metadata
HIDDEN = "hidden files"
NO_PICTURES = "no pictures"
NO_RECORDINGS = "no recordings"
NOT_IN_META = "not in vox1_meta.csv"
OUTSIDE = "outside the layout"
NO_INPUT = frozenset({COMPANIONS, HIDDEN, NO_PICTURES, NO_RECORDINGS, NOT_IN_META, OUTSIDE})

VIDEOS: Mapping[str, Reader] = dict.fromkeys(sorted(VIDEO), "video")
RECORDINGS: Mapping[str, Reader] = dict.fromkeys(sorted(SOUND | VIDEO), "recording")
LOG_MELS: Mapping[str, Reader] = {".npy": "log_mel"}
PICTURES: Mapping[str, Reader] = dict.fromkeys(sorted(PICTURE), "picture")
ALIGNED: Mapping[str, Reader] = dict.fromkeys(sorted(PICTURE), "aligned")


@dataclass(frozen=True, slots=True)
class File:
    """One recording, picture or video; a video is named twice, for its voice and its faces.

    Args:
        kind: What it gives.
        reader: How it is read.
        path: Relative to the root; bytes that are not UTF-8 as surrogate escapes.
        name: Name of the clip or picture, as the corpus will call it if it is free.
    """

    kind: Kind
    reader: Reader
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a folder, with all files; ``identity`` None: named after the only file."""

    identity: str | None
    attributes: dict[str, str]
    files: list[File]


@dataclass(frozen=True, slots=True)
class Skip:
    """What is left out, and why. All texts are valid UTF-8.

    Attributes:
        kind: ``voice`` or ``face``, as of an input; ``row`` where a whole row of a table is
            unusable; in folders ``identity``, ``folder``, or ``file`` for what is neither
            recording nor picture.
        identity: The person, where that is known.
        path: As the source has it.
        reason: One of few.
        detail: All that is known of it.
        files: How many files it stands for: 0 where a row names none, where they are in the corpus
            or counted elsewhere (a folder that is read by another path), or can't be counted (a
            folder that nobody may read). So the files of a folder are those in the corpus and the
            sum of ``files``, but for ``vox1_meta.csv``.
        source: Number of the source that names it, from 0.
        row: Its row in a table; the header is row 1. None: the source is a folder.
    """

    kind: str
    identity: str | None
    path: str
    reason: str
    detail: str
    files: int = 1
    source: int = 0
    row: int | None = None


@dataclass(frozen=True)
class Tree:
    """One folder, listed and understood.

    Args:
        info: Where it is and what its listing hashes to.
        root: What its paths are relative to.
        header: Names of all attributes.
        people: Sorted by identity, their files by path: voices first.
        left_out: Files, folders and people that are not used.
    """

    info: SourceInfo
    root: Path
    header: tuple[str, ...]
    people: list[Person]
    left_out: list[Skip]


def tree_info(layout: Layout, root: Path, sha256: str, n_files: int, aligned: bool) -> SourceInfo:
    """The record of a folder that goes into ``corpus.json``."""
    return SourceInfo(
        layout=layout,
        path=stored_text(str(root)),
        sha256=sha256,
        rows=n_files,
        aligned=aligned,
    )


def identity_of(name: str) -> str:
    """The person of a folder's name or of a cell; composed letters, as systems differ in them."""
    return unicodedata.normalize("NFC", stored_text(name)).strip()


def suffix_of(path: str) -> str:
    """What follows the last dot of a file's name, with the dot, in small letters; or ''."""
    start = max(path.rfind("/"), path.rfind(os.sep)) + 1
    dot = path.rfind(".")
    return path[dot:].lower() if start < dot < len(path) - 1 else ""


def stem_of(path: str) -> str:
    """A path without the suffix, as valid UTF-8."""
    return stored_text(path[: len(path) - len(suffix_of(path))])
