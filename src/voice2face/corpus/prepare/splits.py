"""The split of each identity: exactly one, so that splits have no person in common."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from voice2face.corpus.schema import SPLITS, Split
from voice2face.errors import CorpusError, SettingsError

INITIALS = "initials"
VOX1_SET = "vox1_set"  # VoxCeleb1 trains on its set `dev`; that of other collections validates

_NAMES: dict[str, Split] = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
}


@dataclass(frozen=True)
class SplitRule:
    """A rule that gives each identity its split.

    Args:
        text: The rule as written, kept in ``corpus.json``.
        shares: Per cent for train, validation and test; empty for another rule.
        columns: Names of the column or attribute, of which a source has one; empty for another
            rule.
    """

    text: str
    shares: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()

    def column_in(self, header: Sequence[str]) -> str | None:
        """The column of a table, or the attribute of a folder's people, that says it."""
        return next((name for name in self.columns if name in header), None)

    @classmethod
    def parse(cls, text: str) -> "SplitRule":
        """Read ``hash:80/10/10``, ``initials``, ``column`` or ``column:NAME,NAME``.

        Raises:
            SettingsError: None of them, or shares that are not 100 together.
        """
        if text == INITIALS:
            return cls(text)
        kind, _, names = text.partition(":")
        columns = tuple(name.strip() for name in (names or "split").split(","))
        if kind == "column" and all(columns):
            return cls(text, columns=columns)
        match = re.fullmatch(r"hash:(\d{1,3})/(\d{1,3})/(\d{1,3})", text, re.ASCII)
        shares = tuple(int(part) for part in match.groups()) if match else ()
        if len(shares) != 3 or sum(shares) != 100:
            raise SettingsError(
                f"split '{text}'",
                "not understood",
                "'initials', 'column', 'column:NAME', or 'hash:TRAIN/VALIDATION/TEST' in per cent "
                "that sum to 100",
                "write hash:80/10/10",
            )
        return cls(text, shares)

    def of_identity(self, identity: str) -> Split:
        """The split of an identity, from its name alone: the same in every corpus.

        Raises:
            CorpusError: The rule is ``initials`` and the name does not begin with a letter A–Z.
        """
        if not self.shares:
            return _by_initial(identity)
        digest = hashlib.sha256(identity.encode()).digest()
        place = int.from_bytes(digest[:8], "big") * 100 // 2**64  # 0 to 99
        if place < self.shares[0]:
            return SPLITS[0]
        return SPLITS[1] if place < self.shares[0] + self.shares[1] else SPLITS[2]


def split_named(name: str, column: str = "") -> Split | None:
    """The split that a cell means, or None.

    Its first word counts, so ``train-clean-100`` is train. ``dev`` is validation as in
    LibriSpeech, but train in a column ``vox1_set``, as in VoxCeleb1.
    """
    word = re.split(r"[^a-z]", name.strip().lower())[0]
    return "train" if column == VOX1_SET and word == "dev" else _NAMES.get(word)


def _by_initial(identity: str) -> Split:
    """The parts of Wen et al. 2019: A–B validation, C–E test, F–Z train; Á counts as A."""
    initial = unicodedata.normalize("NFKD", identity[:1])[:1].upper()
    if not ("A" <= initial <= "Z"):
        raise CorpusError(
            f"identity '{identity[:80]}'",
            "begins with no letter A–Z",
            "one for --split initials",
            "use --split hash:80/10/10",
        )
    if initial <= "B":
        return "validation"
    return "test" if initial <= "E" else "train"
