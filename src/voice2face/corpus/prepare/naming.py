"""Names of people, clips and pictures, spellings of attributes, and places of files."""

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from voice2face.corpus.sources.detect import Source
from voice2face.corpus.sources.found import Tree, identity_of, stem_of

Attributes = dict[str, str]

N_NAMED = 5  # other spellings that a sentence lists
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


class Spellings:
    """The spelling of each value that most rows have; of equals, the first by alphabet.

    Args:
        rows: Attributes of each recording and picture; several may share a dict.
    """

    def __init__(self, rows: Iterable[Attributes]) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for attributes in rows:
            for name, value in attributes.items():
                counts[name][value] += 1
        self._chosen: dict[str, dict[str, str]] = {}
        for name, spellings in counts.items():
            best: dict[str, str] = {}
            for value in sorted(spellings, key=lambda text: (-spellings[text], text)):
                best.setdefault(_folded(value), value)
            changed = {value: best[_folded(value)] for value in spellings}
            if changed := {value: found for value, found in changed.items() if value != found}:
                self._chosen[name] = changed
        self._made: dict[int, tuple[Attributes, Attributes]] = {}

    def of(self, attributes: Attributes) -> Attributes:
        """The same attributes in the chosen spellings; equal dicts that were one stay one."""
        known = self._made.get(id(attributes))
        if known is None:
            changed = {
                name: self._chosen.get(name, {}).get(value, value)
                for name, value in attributes.items()
            }
            # The given one is kept with its answer, so that its id stays its own.
            known = attributes, attributes if changed == attributes else changed
            self._made[id(attributes)] = known
        return known[1]

    def notes(self) -> Iterable[str]:
        """A sentence for each attribute that had several spellings of a value."""
        for name, changed in sorted(self._chosen.items()):
            told = [f"'{value[:40]}' as '{best[:40]}'" for value, best in sorted(changed.items())]
            more = f" and {len(told) - N_NAMED} more" if len(told) > N_NAMED else ""
            yield f"'{name}': {', '.join(told[:N_NAMED])}{more} (large and small letters are one)"


def _folded(value: str) -> str:
    return unicodedata.normalize("NFC", value).casefold()
