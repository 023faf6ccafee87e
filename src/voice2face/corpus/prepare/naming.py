"""Names of people, clips and pictures, and places of files."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from voice2face.corpus.sources.detect import Source
from voice2face.corpus.sources.found import Tree, identity_of, stem_of

MAX_NAME = 200  # characters: names lie in arrays that are as wide as the longest


class Namer:
    """Gives each name once; the next that asks for it gets ``NAME~2``, then ``NAME~3``."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._uses: Counter[str] = Counter()

    def __call__(self, wanted: str) -> str:
        """The wanted name, or the first with a number that is free."""
        wanted = wanted[:MAX_NAME]
        name = wanted
        while name in self._taken:
            self._uses[wanted] += 1
            name = f"{wanted}~{self._uses[wanted] + 1}"
        self._taken.add(name)
        return name


def identities(source: Source) -> Iterable[str]:
    """The people that a source names, some more than once."""
    if isinstance(source, Tree):
        return (person.identity for person in source.people if person.identity is not None)
    if source.info.identity is None:
        return ()
    index = source.header.index(source.info.identity)
    return (identity_of(values[index]) for _, values in source.rows if len(values) > index)


def bad_identity(identity: str | None) -> tuple[str, str] | None:
    """Why a name cannot be an identity: reason and detail; None if it can."""
    if identity == "":
        return "no identity", "the name is empty"
    if identity is not None and len(identity) > MAX_NAME:
        return "long identity", f"{len(identity)} characters; at most {MAX_NAME} wanted"
    return None


def place_of(root: Path, path: str) -> str:
    """A file's place, in one spelling; without a Path, which would cost ten times as much."""
    return os.path.normpath(os.path.join(root, path))  # noqa: PTH118


def stem_name(path: str) -> str:
    """The name of a file without folder and suffix."""
    return stem_of(os.path.basename(path))  # noqa: PTH119
