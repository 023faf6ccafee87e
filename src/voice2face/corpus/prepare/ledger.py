"""Counts of what was kept and of what was left out, and why."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from voice2face.corpus.prepare.inputs import DUPLICATE, HARMLESS, Input, Inputs
from voice2face.corpus.prepare.work import Failed, Stored
from voice2face.corpus.schema import KINDS, PARTS, Counts, Kind, Part, SourceInfo
from voice2face.corpus.sources.found import Skip
from voice2face.errors import CorpusError
from voice2face.files import stored_text


class TooManyLostError(CorpusError):
    """More inputs were left out than is allowed; ``lost`` are those that were met so far."""

    lost: tuple[Skip, ...] = ()


class Ledger:
    """Counts of a corpus in the making; it stops the work when too much is lost.

    Args:
        inputs: All that the sources name; what is unusable already counts.
        sources: For messages.
        max_skipped: Share of the inputs that may be left out.

    Raises:
        TooManyLostError: Too much is left out from the start.
    """

    def __init__(self, inputs: Inputs, sources: Sequence[SourceInfo], max_skipped: float) -> None:
        self.n_inputs = len(inputs.usable) + len(inputs.skipped)
        self.skipped = list(inputs.skipped)
        self._sources, self._max_skipped = sources, max_skipped
        self._n_harmless = sum(skip.reason in HARMLESS for skip in self.skipped)
        self._people: dict[Part, set[str]] = {part: set() for part in PARTS}
        self._counts = {part: Counts() for part in PARTS}
        self._firsts: dict[tuple[Kind, bytes], Input] = {}  # content -> who has it
        self._check()

    def is_new(self, item: Input, stored: Stored) -> bool:
        """Is the content of this file met for the first time? If not, the file is left out.

        Raises:
            TooManyLostError: That is too many.
        """
        key = item.kind, bytes.fromhex(stored.sha256)
        first = self._firsts.setdefault(key, item)
        if first is item:
            return True
        if first.identity == item.identity:
            self.leave_out(item, Failed(DUPLICATE, f"the same content as {first.path[:200]}"))
        else:
            detail = f"the same content as {first.path[:200]} of '{first.identity}'"
            self.leave_out(item, Failed("two identities", detail))
        return False

    def keep(self, item: Input, stored: Stored) -> None:
        """Count a voice or a face that goes into the corpus."""
        parts: tuple[Part, ...] = ("all", item.split)
        for part in parts:
            self._people[part].add(item.identity)
            old = self._counts[part]
            self._counts[part] = replace(
                old,
                identities=len(self._people[part]),
                voices=old.voices + (item.kind == "voice"),
                faces=old.faces + (item.kind == "face"),
                seconds=old.seconds + stored.seconds,
                speech_s=old.speech_s + stored.speech_s,
            )

    def leave_out(self, item: Input, failed: Failed) -> None:
        """Count an input that is left out.

        Raises:
            TooManyLostError: That is too many.
        """
        self.skipped.append(item.skip(failed.reason, failed.detail))
        self._n_harmless += failed.reason in HARMLESS
        self._check()

    def counts(self) -> dict[Part, Counts]:
        """Sums by split and of all.

        Raises:
            TooManyLostError: Nothing was kept.
        """
        if not self._people["all"]:
            raise self._loss("recordings or pictures that can be read")
        return {
            part: replace(c, seconds=round(c.seconds, 3), speech_s=round(c.speech_s, 3))
            for part, c in self._counts.items()
        }

    def _check(self) -> None:
        n_lost = len(self.skipped) - self._n_harmless
        if n_lost > self._max_skipped * (self.n_inputs - self._n_harmless):
            raise self._loss(f"at most {self._max_skipped:.3g} of all (--max-skipped)")

    def _loss(self, wanted: str) -> TooManyLostError:
        lost = [skip for skip in self.skipped if skip.reason not in HARMLESS] or self.skipped
        reasons = Counter(skip.reason for skip in lost)
        listed = ", ".join(f"{reason} {n}" for reason, n in reasons.most_common())
        first = lost[0]
        row = "" if first.row is None else f", row {first.row}"
        error = TooManyLostError(
            f"{len(lost)} of {self.n_inputs - self._n_harmless} inputs",
            f"cannot be used ({listed}), the first in {self._sources[first.source].path}{row}: "
            f"{first.path[:200]}: {first.detail}",
            wanted,
            "correct them, or allow more",
        )
        error.lost = tuple(lost)
        return error


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
            skip = dataclasses.replace(skip, files=0)
        elif _is_input(skip):
            counted.add(file)
        result.append(skip)
    return result


def _is_input(skip: Skip) -> bool:
    return skip.files == 1 and skip.kind in KINDS


def _file_of(item: Input | Skip) -> tuple[int, str]:
    return item.source, stored_text(item.path)
