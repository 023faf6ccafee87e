"""Which part of the corpus an identity belongs to: always one, so that parts share nobody."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from voice2face.corpus.schema import SPLITS, Split
from voice2face.errors import SettingsError

_NAMES: dict[str, Split] = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}


@dataclass(frozen=True)
class SplitRule:
    """How identities are told apart.

    Args:
        text: The rule as written, kept in ``corpus.json``.
        shares: Per cent for train, validation and test; empty for a column of the table.
        columns: Names of the column, of which a table has one; empty for shares.
    """

    text: str
    shares: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()

    def column_in(self, header: Sequence[str]) -> str | None:
        """The column of a table that says it."""
        return next((name for name in self.columns if name in header), None)

    @classmethod
    def parse(cls, text: str) -> "SplitRule":
        """Read ``hash:80/10/10``, ``column`` or ``column:NAME,NAME``.

        Raises:
            SettingsError: Neither, or shares that are not 100 together.
        """
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
                "'column', 'column:NAME', or 'hash:TRAIN/VALIDATION/TEST' in per cent that sum to "
                "100",
                "write hash:80/10/10",
            )
        return cls(text, shares)

    def of_identity(self, identity: str) -> Split:
        """Part of an identity by the hash of its name: the same in every corpus, for ever."""
        digest = hashlib.sha256(identity.encode()).digest()
        place = int.from_bytes(digest[:8], "big") * 100 // 2**64  # 0 to 99
        if place < self.shares[0]:
            return SPLITS[0]
        return SPLITS[1] if place < self.shares[0] + self.shares[1] else SPLITS[2]


def split_named(name: str) -> Split | None:
    """Part that a cell means: by its first word, so ``train-clean-100`` is train; or None."""
    return _NAMES.get(re.split(r"[^a-z]", name.strip().lower())[0])
