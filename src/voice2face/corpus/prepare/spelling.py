"""Values of attributes that differ in large and small letters alone: one spelling for all."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable

N_NAMED = 5  # other spellings that a sentence lists

Attributes = dict[str, str]


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
