"""Voices by VoxCeleb's number and faces by VGGFace's name, joined.

Layout ``voxceleb``: VoxCeleb1's recordings and VGGFace's pictures, as their downloads unpack.
Layout ``processed``: the processed download of Wen et al. 2019, log-mel spectrograms and aligned
faces (github.com/cmu-mlsp/reconstructing_faces_from_voices). Its folders of spectrograms are named
by numbers or by people.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from voice2face.corpus.schema import KINDS, Kind, Layout, Reader
from voice2face.corpus.sources.found import (
    ALIGNED,
    LOG_MELS,
    NO_PICTURES,
    NO_RECORDINGS,
    NOT_IN_META,
    PICTURES,
    RECORDINGS,
    File,
    Person,
    Skip,
    Tree,
    identity_of,
    stem_of,
    tree_info,
)
from voice2face.corpus.sources.vox1_meta import HEADER, NAME, Meta, find_meta, is_number
from voice2face.corpus.sources.walk import Walk
from voice2face.errors import CorpusError
from voice2face.files import stored_text

_WORDS: dict[Kind, str] = {"voice": "recordings", "face": "pictures"}
_LACKING: dict[Kind, str] = {"voice": NO_RECORDINGS, "face": NO_PICTURES}


@dataclass(frozen=True)
class Plan:
    """Places of a layout's files.

    Args:
        layout: Its name.
        folders: Folders by kind, relative to the root; those that exist are read.
        readers: How files are read, by kind and suffix.
        meta: Only people in ``vox1_meta.csv`` count; if not, only numbers need it.
        aligned: Pictures are taken as they are.
    """

    layout: Layout
    folders: Mapping[Kind, Sequence[str]]
    readers: dict[Kind, Mapping[str, Reader]]
    meta: bool
    aligned: bool


VOXCELEB = Plan(
    layout="voxceleb",
    folders={"voice": ("voices", "wav", "dev/wav", "test/wav"), "face": ("faces",)},
    readers={"voice": RECORDINGS, "face": PICTURES},
    meta=True,
    aligned=False,
)
VOXCELEB_ALIGNED = replace(VOXCELEB, readers=VOXCELEB.readers | {"face": ALIGNED}, aligned=True)
PROCESSED = Plan(
    layout="processed",
    folders={"voice": ("fbank",), "face": ("VGG_ALL_FRONTAL",)},
    readers={"voice": LOG_MELS, "face": ALIGNED},
    meta=False,
    aligned=True,
)


@dataclass(frozen=True)
class _Folder:
    """The folder of one person: files of one kind."""

    kind: Kind
    path: str
    files: list[tuple[str, Reader]]


def fits(root: Path, plan: Plan) -> bool:
    """Has a folder what a layout needs?"""
    return all(_present(root, plan, kind) for kind in KINDS)


def read_joined(root: Path, plan: Plan) -> Tree:
    """List the people who have voices and faces.

    Raises:
        CorpusError: A folder or ``vox1_meta.csv`` is missing, or nobody has both kinds.
    """
    for kind in KINDS:
        if not _present(root, plan, kind):
            raise CorpusError(
                root,
                f"no folder {' or '.join(plan.folders[kind])}",
                f"one, as the layout '{plan.layout}' has its {_WORDS[kind]} there",
                "correct the path, or choose another --layout",
            )
    meta = find_meta(root)
    if meta is None and plan.meta:
        raise _no_meta(root)
    walk = Walk(root)
    loose: list[Skip] = []
    folders = [f for kind in KINDS for f in _folders(walk, root, plan, kind, loose)]
    if meta is None and any(is_number(Path(folder.path).name) for folder in folders):
        raise _no_meta(root)
    people, lacking = _join(folders, meta, plan)
    walk.note_outside({NAME, *(path for kind in KINDS for path in _present(root, plan, kind))})
    if meta is not None:
        walk.count(meta.data)
    if not people:
        raise _nobody(root, lacking)
    info = tree_info(plan.layout, root, walk.sha256, walk.n_files, plan.aligned)
    header = () if meta is None else HEADER
    return Tree(info, root, header, people, [*lacking, *loose, *walk.left_out])


def _present(root: Path, plan: Plan, kind: Kind) -> list[str]:
    return [folder for folder in plan.folders[kind] if (root / folder).is_dir()]


def _folders(
    walk: Walk, root: Path, plan: Plan, kind: Kind, loose: list[Skip]
) -> Iterator[_Folder]:
    """The folders of people with files of one kind."""
    for top in _present(root, plan, kind):
        depth = top.count("/") + 2  # parts of a path down to a person's folder
        found = walk.files(top, plan.readers[kind])
        for parts, files in groupby(found, key=lambda file: file[0].split("/")[:-1][:depth]):
            if len(parts) == depth:
                yield _Folder(kind, "/".join(parts), list(files))
                continue
            detail = f"not in a folder of {top}/"
            for path, _ in files:
                loose.append(Skip(kind, None, stored_text(path), "no identity", detail))


def _join(folders: list[_Folder], meta: Meta | None, plan: Plan) -> tuple[list[Person], list[Skip]]:
    """People with both kinds, and the folders of all others."""
    by_name: dict[str, list[_Folder]] = {}
    left_out: list[Skip] = []
    for folder in folders:
        name = _name_of(folder, meta, plan)
        if name is None:
            left_out.append(_left_out(folder, None, NOT_IN_META))
        else:
            by_name.setdefault(name, []).append(folder)
    people: list[Person] = []
    for name in sorted(by_name):
        kinds = {folder.kind for folder in by_name[name]}
        for kind in KINDS:
            if kind not in kinds:
                left_out += (_left_out(f, name, _LACKING[kind]) for f in by_name[name])
        if len(kinds) == len(KINDS):
            attributes = meta.attributes.get(name, {}) if meta else {}
            files = [file for folder in by_name[name] for file in _files(folder, name)]
            people.append(Person(name, attributes, files))
    return people, left_out


def _name_of(folder: _Folder, meta: Meta | None, plan: Plan) -> str | None:
    name = identity_of(folder.path.rpartition("/")[2])
    if meta is None:
        return name
    if name in meta.names:
        return meta.names[name]
    if name in meta.attributes or not (plan.meta or is_number(name)):
        return name
    return None


def _files(folder: _Folder, identity: str) -> Iterator[File]:
    start = len(folder.path)
    for path, reader in folder.files:
        yield File(folder.kind, reader, path, identity + stem_of(path[start:]))


def _left_out(folder: _Folder, identity: str | None, reason: str) -> Skip:
    path = stored_text(folder.path)
    n_files = len(folder.files)
    detail = f"{n_files} {_WORDS[folder.kind]}"
    return Skip("identity", identity or path.rpartition("/")[2], path, reason, detail, n_files)


def _no_meta(root: Path) -> CorpusError:
    return CorpusError(
        root,
        f"no {NAME}",
        "it in the folder or beside it: it says who VoxCeleb's numbers are",
        "put it there (VoxCeleb's page offers it)",
    )


def _nobody(root: Path, lacking: list[Skip]) -> CorpusError:
    counts = {
        reason: sum(left.reason == reason for left in lacking)
        for reason in (NO_RECORDINGS, NO_PICTURES, NOT_IN_META)
    }
    found = ", ".join(f"{n} {reason}" for reason, n in counts.items())
    return CorpusError(
        root,
        f"nobody with recordings and pictures (folders: {found})",
        "people with both",
        "correct the names of the folders",
    )
