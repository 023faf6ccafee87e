"""The recordings, pictures and videos that sources name, each under its own name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voice2face.corpus.prepare.naming import (
    Namer,
    Spellings,
    bad_identity,
    identities,
    place_of,
    stem_name,
)
from voice2face.corpus.prepare.notes import notes_on
from voice2face.corpus.prepare.splits import SplitRule, split_named
from voice2face.corpus.schema import KINDS, Kind, Reader, Split
from voice2face.corpus.sources.detect import Source
from voice2face.corpus.sources.found import NO_INPUT, Person, Skip, Tree, identity_of
from voice2face.corpus.sources.table import Table
from voice2face.errors import CorpusError
from voice2face.files import stored_text

REPEATED = "repeated"  # the file or folder has been met before, of the same person
DUPLICATE = "duplicate"  # the same content as another file of the same person
HARMLESS = NO_INPUT | {REPEATED, DUPLICATE}  # reasons that lose nothing


@dataclass(frozen=True, slots=True)
class Input:
    """One recording or picture, or a video for its voice or its faces.

    Args:
        kind: What it gives.
        reader: How it is read.
        source: Number of the source that names it, from 0.
        row: Its row in a table; the header is row 1. None: the source is a folder.
        path: As the source has it: absolute, or relative to ``Inputs.roots[source]``; bytes that
            are not UTF-8 as surrogate escapes.
        identity: The person.
        name: Name of the clip or picture; its own in the whole corpus.
        split: The part of the corpus that the person belongs to.
        attributes: What else the source says, under the names that the corpus uses. Inputs may
            share it.
    """

    kind: Kind
    reader: Reader
    source: int
    row: int | None
    path: str
    identity: str
    name: str
    split: Split
    attributes: dict[str, str]

    def skip(self, reason: str, detail: str, files: int = 1) -> Skip:
        """The record of leaving it out."""
        path, detail = stored_text(self.path), stored_text(detail)
        return Skip(self.kind, self.identity, path, reason, detail, files, self.source, self.row)


@dataclass(frozen=True)
class Inputs:
    """All that the sources name: voices first, each kind in the order of the sources.

    ``notes`` are sentences about what is likely not meant: for the user to read before the work.
    """

    usable: list[Input]
    skipped: list[Skip]
    attributes: dict[Kind, tuple[str, ...]]
    roots: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def collect(sources: Sequence[Source], rule: SplitRule) -> Inputs:
    """Find out what the sources name: whose it is, and in which split.

    A table without identities makes each row a person, named after the row's first file. Of two
    things with one name the second is called ``NAME~2``. A file that a person has twice counts
    once. Values of an attribute that differ in large and small letters alone get one spelling.

    Raises:
        CorpusError: A split that is missing, unknown or not the same for all of an identity.
    """
    collector = _Collector(sources, rule)
    for number, source in enumerate(sources):
        collector.read(number, source)
    found = [item for kind in KINDS for item in collector.usable[kind]]
    spellings = Spellings(item.attributes for item in found)
    usable = [replace(item, attributes=spellings.of(item.attributes)) for item in found]
    attributes = {kind: tuple(collector.attributes[kind]) for kind in KINDS}
    roots = tuple(source.root for source in sources)
    notes = notes_on(sources, rule, ((item.identity, item.split) for item in usable))
    return Inputs(usable, collector.skipped, attributes, roots, (*spellings.notes(), *notes))


class _Collector:
    """Inputs that have been met so far in all sources."""

    def __init__(self, sources: Sequence[Source], rule: SplitRule) -> None:
        self._rule = rule
        self._name_person = Namer(name for source in sources for name in identities(source))
        self._names = {kind: Namer() for kind in KINDS}
        self._unnamed: dict[str, str] = {}  # file -> the person named after it
        self._owners: dict[Kind, dict[str, str]] = {kind: {} for kind in KINDS}  # file -> person
        self._splits: dict[str, Split] = {}
        self._last: dict[Kind, dict[str, str]] = {kind: {} for kind in KINDS}
        self.usable: dict[Kind, list[Input]] = {kind: [] for kind in KINDS}
        self.skipped: list[Skip] = []
        self.attributes: dict[Kind, dict[str, None]] = {kind: {} for kind in KINDS}

    def read(self, number: int, source: Source) -> None:
        """Take all inputs that a source names."""
        if self._rule.columns and not self._rule.column_in(source.header):
            raise CorpusError(
                source.info.path,
                f"no column '{' or '.join(self._rule.columns)}'",
                "one",
                "add it, or use --split hash:80/10/10",
            )
        if isinstance(source, Tree):
            self._read_tree(number, source)
        else:
            self._read_table(number, source)

    def _read_tree(self, number: int, tree: Tree) -> None:
        column = self._rule.column_in(tree.header)
        for kind in KINDS:
            self.attributes[kind] |= dict.fromkeys(a for a in tree.header if a != column)
        self.skipped += (replace(left, source=number) for left in tree.left_out)
        for person in tree.people:
            self._read_person(number, tree, person, column)

    def _read_person(self, number: int, tree: Tree, person: Person, column: str | None) -> None:
        first = person.files[0].path
        if problem := bad_identity(person.identity):
            reason, detail = problem
            n_files = len({file.path for file in person.files})
            detail += f"; {n_files} files"
            where = stored_text(first.rpartition("/")[0])
            self.skipped.append(
                Skip("identity", person.identity, where, reason, detail, n_files, number)
            )
            return
        identity = person.identity or self._person_of(tree.root, first)
        where = f"{tree.info.path}, identity '{identity}'"
        split = self._split(where, identity, column, person.attributes)
        attributes = {a: text for a, text in person.attributes.items() if a != column}
        for file in person.files:
            known = identity, file.name, split, attributes
            item = Input(file.kind, file.reader, number, None, file.path, *known)
            self._add(item, f"{tree.root}/{file.path}")

    def _read_table(self, number: int, table: Table) -> None:
        column = self._rule.column_in(table.header)
        columns = {kind: table.attributes(kind, column) for kind in KINDS}
        for kind in KINDS:
            if getattr(table.info, kind):
                self.attributes[kind] |= dict.fromkeys(columns[kind])
        for row, values in table.rows:
            self._read_row(number, table, row, values, columns, column)

    def _read_row(
        self,
        number: int,
        table: Table,
        row: int,
        values: Sequence[str],
        columns: dict[Kind, dict[str, int]],
        column: str | None,
    ) -> None:
        info, cells = table.info, dict(zip(table.header, values, strict=False))
        named = {kind: cells.get(getattr(info, kind) or "", "") for kind in KINDS}
        paths = {kind: path for kind, path in named.items() if path.strip()}
        identity = identity_of(cells.get(info.identity, "")) if info.identity else None
        if problem := _problem(len(values) - len(table.header), identity, paths.values()):
            path, n_files = next(iter(paths.values()), ""), len(set(paths.values()))
            self.skipped.append(Skip("row", identity, path, *problem, n_files, number, row))
            return
        if identity is None:
            identity = self._person_of(table.root, next(iter(paths.values())))
        split = self._split(f"{info.path}, row {row}", identity, column, cells)
        for kind, path in paths.items():
            name = cells.get(table.name_column(kind) or "", "").strip() or stem_name(path)
            attributes = {a: values[i] for a, i in columns[kind].items() if values[i].strip()}
            known = identity, name, split, self._shared(kind, attributes)
            item = Input(kind, table.reader(kind, path), number, row, path, *known)
            self._add(item, place_of(table.root, path))

    def _shared(self, kind: Kind, attributes: dict[str, str]) -> dict[str, str]:
        """The same dict as before where it is equal: tables repeat what they say of a person."""
        for last in self._last.values():
            if last == attributes:
                return last
        self._last[kind] = attributes
        return attributes

    def _person_of(self, root: Path, path: str) -> str:
        key = place_of(root, path)
        if key not in self._unnamed:
            name = stem_name(path)
            self._unnamed[key] = self._name_person(identity_of(name) or name)
        return self._unnamed[key]

    def _split(
        self, where: str, identity: str, column: str | None, cells: Mapping[str, str]
    ) -> Split:
        if column is None:
            return self._rule.of_identity(identity)
        remedy = f"correct the column '{column}', or use --split hash:80/10/10"
        cell = cells.get(column, "")
        split = split_named(cell, column)
        if split is None:
            found = f"{column} '{cell[:40]}'"
            raise CorpusError(where, found, "train, validation or test", remedy)
        before = self._splits.setdefault(identity, split)
        if before != split:
            found = f"identity '{identity}' in {split}, before in {before}"
            raise CorpusError(where, found, "each identity in one split", remedy)
        return split

    def _add(self, item: Input, place: str) -> None:
        """Keep an input under a name of its own, unless its file has been met before."""
        owners = self._owners[item.kind]
        owner = owners.get(place)
        if owner is None:
            owners[place] = item.identity
            name = self._names[item.kind](item.name)
            self.usable[item.kind].append(item if name == item.name else replace(item, name=name))
        elif owner == item.identity:
            self.skipped.append(item.skip(REPEATED, "the same file has been named before", 0))
        else:
            detail = f"the file is also of '{owner}'"
            self.skipped.append(item.skip("two identities", detail, 0))


def _problem(n_too_many: int, identity: str | None, paths: Iterable[str]) -> tuple[str, str] | None:
    """Why a row cannot be used: reason and detail; None if it can."""
    if n_too_many:
        return "ragged row", f"{n_too_many:+} cells against the header"
    if not any(paths):
        return "empty row", "neither recording nor picture"
    return bad_identity(identity)
