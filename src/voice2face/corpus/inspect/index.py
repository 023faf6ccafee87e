"""Who and what is in each row of a corpus, read without the payload."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.corpus.inspect.columns import read_columns
from voice2face.corpus.read import Corpus
from voice2face.corpus.schema import FIGURES, KINDS, SPLITS, Kind, Shard

Int32 = npt.NDArray[np.int32]


@dataclass
class Codes:
    """Texts as numbers, in the order in which they are met; an empty cell is a text too."""

    number: dict[str | None, int] = field(default_factory=dict)

    def of(self, column: Any) -> Int32:
        """Numbers of the cells of an Arrow column."""
        encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
        texts = encoded.dictionary.to_pylist()
        numbers = [self.number.setdefault(text, len(self.number)) for text in texts]
        cells: Int32 = np.array(numbers, np.int32)[encoded.indices.to_numpy()]
        return cells

    @property
    def texts(self) -> list[str | None]:
        """The text of each number."""
        return list(self.number)


@dataclass(frozen=True)
class Rows:
    """All voices or all faces; the arrays have one entry for each row, in the shards' order.

    Args:
        shards: Where they lie.
        starts: Number of the first row of each shard, and at the end how many rows there are.
        identity: Number of the person.
        split: Number of the split, in the order of ``schema.SPLITS``.
        columns: Seconds and speech of voices in seconds, figures of faces (NaN: not known).
        values: Of attributes with few values: number of the value.
    """

    shards: tuple[Shard, ...]
    starts: npt.NDArray[np.int64]
    identity: Int32
    split: npt.NDArray[np.int8]
    columns: dict[str, npt.NDArray[np.float64]]
    values: dict[str, Int32]

    def __len__(self) -> int:
        return len(self.identity)

    def place(self, row: int) -> tuple[Shard, int]:
        """The shard of a row, and its place in it."""
        number = int(np.searchsorted(self.starts, row, "right")) - 1
        return self.shards[number], int(row - self.starts[number])


@dataclass(frozen=True)
class Index:
    """All rows of a corpus.

    Args:
        identities: Names of the people by number.
        values: Texts of each attribute by number; None for an empty cell.
        rows: Voices and faces.
    """

    identities: list[str]
    values: dict[str, list[str | None]]
    rows: dict[Kind, Rows]


def read_index(corpus: Corpus, most_values: int, whole: Sequence[str] = ()) -> Index:
    """Read all columns but the payloads, one shard at a time.

    Args:
        corpus: What to read.
        most_values: Of an attribute with more, rows are not told apart: ``Rows.values`` lacks it.
        whole: Attributes that may have any number of values.

    Raises:
        CorpusError: A shard is missing or damaged.
    """
    names = {name for kind in KINDS for name in corpus.info.attributes.get(kind, ())}
    people, values = Codes(), {name: Codes() for name in sorted(names)}
    rows = {
        kind: _read_rows(corpus, kind, people, values, most_values, frozenset(whole))
        for kind in KINDS
    }
    few = {n for n, codes in values.items() if n in whole or len(codes.number) <= most_values}
    for part in rows.values():
        for name in set(part.values) - few:  # the voices had few values, the faces have many
            del part.values[name]
    return Index(
        identities=[str(text) for text in people.texts],
        values={name: codes.texts for name, codes in values.items()},
        rows=rows,
    )


def _read_rows(
    corpus: Corpus,
    kind: Kind,
    people: Codes,
    values: dict[str, Codes],
    most_values: int,
    whole: frozenset[str],
) -> Rows:
    numbers = ("seconds", "speech_s") if kind == "voice" else FIGURES
    attributes = corpus.info.attributes.get(kind, ())
    found = corpus.shards(kind)
    identity: list[Int32] = []
    columns: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in numbers}
    codes: dict[str, list[Int32]] = {name: [] for name in attributes}
    for shard in found:
        table = read_columns(corpus, shard, ["identity", *numbers, *attributes])
        identity.append(people.of(table["identity"]))
        for name in numbers:
            columns[name].append(table[name].cast("float64").to_numpy())  # null becomes NaN
        for name in attributes:
            numbered = values[name].of(table[name])
            if name in whole or len(values[name].number) <= most_values:
                codes[name].append(numbered)
            else:
                codes[name] = []
    n_rows = [shard.rows for shard in found]
    split = [SPLITS.index(shard.split) for shard in found]
    return Rows(
        shards=tuple(found),
        starts=np.cumsum([0, *n_rows]),
        identity=_joined(identity, np.int32),
        split=np.repeat(np.array(split, np.int8), n_rows),
        columns={name: _joined(parts, np.float64) for name, parts in columns.items()},
        values={name: _joined(parts, np.int32) for name, parts in codes.items()},
    )


def _joined(parts: Sequence[npt.NDArray[Any]], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *parts])
