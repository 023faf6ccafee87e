"""Notes on what a source says and its user may not have meant."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from voice2face.corpus.prepare.splits import INITIALS, SplitRule
from voice2face.corpus.schema import KINDS, SPLITS, Split
from voice2face.corpus.sources.detect import Source
from voice2face.corpus.sources.table import N_PROBED, Table, is_file
from voice2face.errors import one_line

# Names by which other collections call the column of a person, the likeliest first.
_PERSON = (
    *("speaker", "speaker_id", "spk", "spk_id", "client_id", "person", "person_id"),
    *("subject", "subject_id", "user", "user_id", "identity_id", "name", "id"),
)


def notes_on(
    sources: Sequence[Source], rule: SplitRule, people: Iterable[tuple[str, Split]]
) -> tuple[str, ...]:
    """Sentences for the user, one line each.

    Args:
        sources: What there is to read.
        rule: How people are split.
        people: All who have something that can be used, and where they are.
    """
    tables = [source for source in sources if isinstance(source, Table)]
    found = [note for table in tables for note in _of_table(table)]
    return tuple(one_line(note) for note in (*found, *_of_splits(rule, dict(people))))


def _of_table(table: Table) -> Iterator[str]:
    where = table.info.path
    if table.info.identity is None:
        named = {name.casefold().replace(" ", "_").replace("-", "_"): name for name in table.header}
        likely = next((named[name] for name in _PERSON if name in named), None)
        hint = f"if '{likely}' says who it is, add --identity '{likely}'"
        yield (
            f"{where}: no column 'identity': each row is a person of its own "
            f"({hint if likely else '--identity names a column'})"
        )
    for kind in KINDS:
        column = getattr(table.info, kind)
        if column and (note := _of_paths(table, column)):
            yield f"{where}, {note}"


def _of_paths(table: Table, column: str) -> str | None:
    """How paths should be written, if the first that is not there would be in another spelling."""
    index = table.header.index(column)
    for number, values in table.rows[:N_PROBED]:
        path = values[index] if len(values) > index else ""
        if not path.strip() or is_file(table.root / path):
            continue
        for better, advice in _spellings(path):
            if better != path and is_file(table.root / better):
                return f"row {number}: '{path}' is not there, but '{better}' is: {advice}"
        return None
    return None


def _spellings(path: str) -> Iterator[tuple[str, str]]:
    slashes = path.replace("\\", "/")
    yield slashes, "write / in paths"
    if slashes.startswith("~"):
        try:
            yield str(Path(slashes).expanduser()), "write out ~"
        except RuntimeError:  # no such user
            return


def _of_splits(rule: SplitRule, people: dict[str, Split]) -> Iterator[str]:
    full = set(people.values())
    empty = [split for split in SPLITS if split not in full]
    if rule.shares:
        empty = [split for split in empty if rule.shares[SPLITS.index(split)]]
    if not people or not empty:
        return
    if rule.text == INITIALS:
        why = "goes by the first letter: A–B validation, C–E test, F–Z train"
    elif rule.columns:
        why = "goes by the column, which names none"
    else:
        why = f"goes by a hash of the name, and of {len(people)} none fell there"
    yield f"no identity is in {' or '.join(empty)}: --split {rule.text} {why}"
