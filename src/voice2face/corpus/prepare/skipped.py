"""How many files were left out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from voice2face.corpus.prepare.inputs import Input, Skip
from voice2face.corpus.schema import KINDS
from voice2face.files import stored_text


def count_files(usable: Iterable[Input], skipped: Sequence[Skip]) -> list[Skip]:
    """What was left out, with ``files`` such that no file of the sources counts twice.

    A video is named for its voice and for its faces: if one of them is in the corpus, so is the
    file, and what is left out of it stands for no file; if neither is, the first stands for it.

    Args:
        usable: All inputs, those that were left out later among them.
        skipped: All that was left out.
    """
    n_left = Counter(_file_of(skip) for skip in skipped if _is_input(skip))
    n_named = Counter(file for file in map(_file_of, usable) if file in n_left)
    counted: set[tuple[int, str]] = set()
    result: list[Skip] = []
    for skip in skipped:
        file = _file_of(skip)
        if _is_input(skip) and (n_named[file] > n_left[file] or file in counted):
            skip = replace(skip, files=0)
        elif _is_input(skip):
            counted.add(file)
        result.append(skip)
    return result


def _is_input(skip: Skip) -> bool:
    return skip.files == 1 and skip.kind in KINDS


def _file_of(item: Input | Skip) -> tuple[int, str]:
    return item.source, stored_text(item.path)
