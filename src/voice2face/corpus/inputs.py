"""From the rows of tables to what is to be read, each under a name of its own."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voice2face.corpus.schema import KINDS, NAME_COLUMN, Kind, Split, reserved_columns
from voice2face.corpus.splits import SplitRule, split_named
from voice2face.corpus.tables import Table
from voice2face.errors import CorpusError

MAX_NAME = 200  # characters: names lie in arrays that are as wide as the longest
REPEATED = "repeated"  # the one reason that loses nothing


@dataclass(frozen=True)
class Input:
    """One recording or picture.

    Args:
        kind: What it is.
        table: Number of the table that names it, from 0.
        row: Its row there; the header is row 1.
        source: Its path as the table has it.
        path: Where it is.
        identity: The person.
        name: Of the clip or picture; its own in the whole corpus.
        split: The part of the corpus that the person belongs to.
        attributes: What else the row says, under the names that the corpus uses.
    """

    kind: Kind
    table: int
    row: int
    source: str
    path: Path
    identity: str
    name: str
    split: Split
    attributes: dict[str, str]

    def skip(self, reason: str, detail: str) -> "Skip":
        """Leave it out."""
        return Skip(self.table, self.row, self.kind, self.identity, self.source, reason, detail)


@dataclass(frozen=True)
class Skip:
    """An input that is left out, and why: ``reason`` is one of few, ``detail`` says all.

    ``kind`` is ``row`` where a whole row is unusable.
    """

    table: int
    row: int
    kind: str
    identity: str | None
    source: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Inputs:
    """All that the tables name: voices first, each kind in the order of the tables."""

    usable: list[Input]
    skipped: list[Skip]
    attributes: dict[Kind, tuple[str, ...]]


def collect(tables: Sequence[Table], rule: SplitRule) -> Inputs:
    """Find out what the tables name, to whom each thing belongs and in which split it is.

    A table without identities makes each row a person, named after the row's first file. Of two
    things with one name the second is called ``NAME~2``. A file that a person has twice counts
    once.

    Raises:
        CorpusError: A split that is missing, unknown or not the same for all of an identity.
    """
    collector = _Collector(tables, rule)
    for number, table in enumerate(tables):
        collector.read(number, table)
    collector.usable.sort(key=lambda item: KINDS.index(item.kind))
    attributes = {kind: tuple(collector.attributes[kind]) for kind in KINDS}
    return Inputs(collector.usable, collector.skipped, attributes)


class _Collector:
    """What has been met so far in all tables."""

    def __init__(self, tables: Sequence[Table], rule: SplitRule) -> None:
        self._rule = rule
        self._name_person = _Namer(name for table in tables for name in _identities(table))
        self._names = {kind: _Namer() for kind in KINDS}
        self._unnamed: dict[str, str] = {}  # file -> the person named after it
        self._owners: dict[tuple[Kind, str], str] = {}  # file -> person
        self._splits: dict[str, Split] = {}
        self.usable: list[Input] = []
        self.skipped: list[Skip] = []
        self.attributes: dict[Kind, dict[str, None]] = {kind: {} for kind in KINDS}

    def read(self, number: int, table: Table) -> None:
        """Take all rows of a table."""
        if self._rule.columns and not self._rule.column_in(table.header):
            raise CorpusError(
                table.info.path,
                f"no column '{' or '.join(self._rule.columns)}'",
                "one",
                "add it, or use --split hash:80/10/10",
            )
        columns = {kind: _attribute_columns(table, kind, self._rule) for kind in KINDS}
        for kind in KINDS:
            if getattr(table.info, kind):
                self.attributes[kind] |= dict.fromkeys(columns[kind])
        for row, values in table.rows:
            self._read_row(number, table, row, values, columns)

    def _read_row(
        self,
        number: int,
        table: Table,
        row: int,
        values: list[str],
        columns: dict[Kind, dict[str, int]],
    ) -> None:
        info, cells = table.info, dict(zip(table.header, values, strict=False))
        named = {kind: cells.get(getattr(info, kind) or "", "") for kind in KINDS}
        sources = {kind: source for kind, source in named.items() if source.strip()}
        identity = cells.get(info.identity, "").strip() if info.identity else None
        if problem := _problem(len(values) - len(table.header), identity, sources.values()):
            source = next(iter(sources.values()), "")
            self.skipped.append(Skip(number, row, "row", identity, source, *problem))
            return
        if identity is None:
            identity = self._person_of(table.folder / next(iter(sources.values())))
        split = self._split(table, row, identity, cells)
        for kind, source in sources.items():
            path = table.folder / source
            name = cells.get(_name_column(table, kind) or "", "").strip() or path.stem
            attributes = {a: values[i] for a, i in columns[kind].items() if values[i].strip()}
            self._add(Input(kind, number, row, source, path, identity, name, split, attributes))

    def _person_of(self, path: Path) -> str:
        key = os.path.normpath(path)
        if key not in self._unnamed:
            self._unnamed[key] = self._name_person(path.stem)
        return self._unnamed[key]

    def _split(self, table: Table, row: int, identity: str, cells: dict[str, str]) -> Split:
        column = self._rule.column_in(table.header)
        if column is None:
            return self._rule.of_identity(identity)
        where = f"{table.info.path}, row {row}"
        remedy = f"correct the column '{column}', or use --split hash:80/10/10"
        split = split_named(cells[column])
        if split is None:
            found = f"{column} '{cells[column][:40]}'"
            raise CorpusError(where, found, "train, validation or test", remedy)
        before = self._splits.setdefault(identity, split)
        if before != split:
            found = f"identity '{identity}' in {split}, before in {before}"
            raise CorpusError(where, found, "each identity in one split", remedy)
        return split

    def _add(self, item: Input) -> None:
        """Keep an input under a name of its own, unless its file has been met before."""
        key = item.kind, os.path.normpath(item.path)
        owner = self._owners.get(key)
        if owner is None:
            self._owners[key] = item.identity
            self.usable.append(replace(item, name=self._names[item.kind](item.name)))
        elif owner == item.identity:
            self.skipped.append(item.skip(REPEATED, "a row before has the same file"))
        else:
            self.skipped.append(item.skip("two identities", f"the file is also of '{owner}'"))


class _Namer:
    """Gives each name once; the next that asks for it gets ``NAME~2``, then ``NAME~3``."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._uses: Counter[str] = Counter()

    def __call__(self, wanted: str) -> str:
        wanted = wanted[:MAX_NAME]
        name = wanted
        while name in self._taken:
            self._uses[wanted] += 1
            name = f"{wanted}~{self._uses[wanted] + 1}"
        self._taken.add(name)
        return name


def _identities(table: Table) -> Iterable[str]:
    if table.info.identity is None:
        return ()
    index = table.header.index(table.info.identity)
    return (values[index].strip() for _, values in table.rows if len(values) > index)


def _attribute_columns(table: Table, kind: Kind, rule: SplitRule) -> dict[str, int]:
    """Names of attributes in the corpus, and the columns of the table that they come from."""
    info = table.info
    used = {info.identity, info.voice, info.face, _name_column(table, kind)}
    used.add(rule.column_in(table.header))
    taken = reserved_columns(kind)
    result: dict[str, int] = {}
    for index, column in enumerate(table.header):
        if column not in used:
            name = column
            while name in taken or (name != column and name in table.header):
                name += "_"
            result[name] = index
    return result


def _name_column(table: Table, kind: Kind) -> str | None:
    if kind == "face":
        return table.picture_id
    return NAME_COLUMN["voice"] if NAME_COLUMN["voice"] in table.header else None


def _problem(
    n_too_many: int, identity: str | None, sources: Iterable[str]
) -> tuple[str, str] | None:
    """Why a row cannot be used: reason and detail; None if it can."""
    if n_too_many:
        return "ragged row", f"{n_too_many:+} cells against the header"
    if not any(sources):
        return "empty row", "neither recording nor picture"
    if identity == "":
        return "no identity", "the cell is empty"
    if identity is not None and len(identity) > MAX_NAME:
        return "long identity", f"{len(identity)} characters; at most {MAX_NAME} wanted"
    return None
