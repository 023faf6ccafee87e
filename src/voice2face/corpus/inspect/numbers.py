"""Counts of what a corpus holds."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.corpus.inspect.index import Index, read_index
from voice2face.corpus.prepare.inputs import HARMLESS
from voice2face.corpus.read import Corpus
from voice2face.corpus.schema import (
    FIGURES,
    INFO_NAME,
    KINDS,
    PARTS,
    CorpusInfo,
    Counts,
    Part,
    arrow,
    damaged,
)
from voice2face.errors import SettingsError

MOST_VALUES = 20  # of an attribute: with more, it is not shown value by value
MOST_ASKED = 2000  # the same for an attribute that was asked for
PERCENTILES = (0, 5, 25, 50, 75, 95, 100)


@dataclass(frozen=True)
class Spread:
    """Smallest, quartiles and largest of some numbers, and how many they are."""

    n: int
    least: float
    lower: float
    median: float
    upper: float
    most: float

    @classmethod
    def of(cls, values: npt.NDArray[Any]) -> "Spread":
        """Summary of at least one number."""
        return cls(len(values), *np.percentile(values, (0, 25, 50, 75, 100)).tolist())


@dataclass(frozen=True)
class Value:
    """One value of an attribute; None for an empty cell.

    An identity that has several values counts for each.

    Args:
        value: The text.
        heard: Identities that have voices with it.
        seen: Identities that have faces with it.
        counts: Counts by split.
    """

    value: str | None
    heard: int
    seen: int
    counts: dict[Part, Counts]


@dataclass(frozen=True)
class Attribute:
    """A column of the sources.

    Args:
        n_values: Different values, an empty cell not among them.
        values: The most frequent first; None if they are too many to show, or measurements.
    """

    n_values: int
    values: tuple[Value, ...] | None


@dataclass(frozen=True)
class Figure:
    """Percentiles of what was measured on faces; ``n`` of them have it."""

    n: int
    percentiles: dict[str, float]  # "5" -> a twentieth of the faces is at or below


@dataclass(frozen=True)
class Inspection:
    """What a corpus holds, counted row by row.

    Args:
        info: The content of its ``corpus.json``.
        counts: Counts by split; durations in seconds.
        attributes: Attributes by name.
        per_identity: ``speech_s`` and ``clips`` of those who have voices, ``faces`` of those who
            have faces.
        only_voices: Identities without a face.
        only_faces: Identities without a voice.
        in_several_splits: Identities that leak from one split into another: 0 if all is well.
        figures: Figures of the faces, by name; those that at least one face has.
        skipped: Reason -> inputs that were left out.
        skipped_files: Reason -> files that these stand for.
        harmless: Those of the reasons by which nothing is lost.
    """

    info: CorpusInfo
    counts: dict[Part, Counts]
    attributes: dict[str, Attribute]
    per_identity: dict[str, Spread]
    only_voices: int
    only_faces: int
    in_several_splits: int
    figures: dict[str, Figure]
    skipped: dict[str, int]
    skipped_files: dict[str, int]
    harmless: tuple[str, ...]


def time_unit(seconds: float) -> tuple[str, float]:
    """The unit in which a time is best read, and how many seconds it has."""
    for name, length_s in (("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= length_s:
            return name, length_s
    return "seconds", 1.0


def inspect_corpus(corpus: Corpus, by: Sequence[str] = ()) -> tuple[Inspection, Index]:
    """Count what is there, reading everything but sounds and pixels.

    Args:
        corpus: An open corpus.
        by: Attributes to count by, with all their values; empty: all, without the values of those
            that have more than ``MOST_VALUES`` or are measurements.

    Returns:
        The numbers, and who is in which row.

    Raises:
        CorpusError: The corpus is damaged.
        SettingsError: There is no such attribute, or it has too many values to count by.
    """
    names = sorted({name for kind in KINDS for name in corpus.info.attributes[kind]})
    for name in by:
        if name not in names:
            wanted = f"one of {', '.join(names)}" if names else "a corpus with attributes"
            raise SettingsError(f"--by {name}", "no such attribute", wanted, "choose another")
    index = read_index(corpus)
    clips, faces, speech_s, n_splits = _per_identity(index)
    result = Inspection(
        info=corpus.info,
        counts=_counts(index.table, None)[None],
        attributes={name: _attribute(corpus, index, name, name in by) for name in by or names},
        per_identity=_spreads(clips, faces, speech_s),
        only_voices=int(((clips > 0) & (faces == 0)).sum()),
        only_faces=int(((faces > 0) & (clips == 0)).sum()),
        in_several_splits=int((n_splits > 1).sum()),
        figures=_figures(index),
        skipped=dict(Counter(corpus.info.skipped).most_common()),
        skipped_files=_skipped_files(corpus),
        harmless=tuple(sorted(HARMLESS & set(corpus.info.skipped))),
    )
    _check_counts(corpus, result)
    return result, index


def _check_counts(corpus: Corpus, result: Inspection) -> None:
    """The rows are those that ``corpus.json`` counts."""
    for part, said in corpus.info.counts.items():
        found = result.counts[part]
        for name in ("identities", "voices", "faces"):
            if getattr(found, name) != getattr(said, name):
                raise damaged(
                    corpus.path / INFO_NAME,
                    f"{getattr(said, name)} {name} ({part}) where the shards hold "
                    f"{getattr(found, name)}",
                )


def _skipped_files(corpus: Corpus) -> dict[str, int]:
    """Files of each reason, in the order of ``Inspection.skipped``."""
    files = dict.fromkeys((reason for reason, _ in Counter(corpus.info.skipped).most_common()), 0)
    for row in corpus.skipped():
        if row["reason"] not in files:
            found = f"no count of what was left out as '{row['reason'][:80]}'"
            raise damaged(corpus.path / INFO_NAME, found)
        files[row["reason"]] += row["files"]
    return files


def _grouped(rows: Any, keys: Sequence[str], *sums: tuple[str, str]) -> Any:
    """Aggregates of an Arrow table by some columns, in the order in which their values are met."""
    return rows.group_by(list(keys), use_threads=False).aggregate(list(sums))


def _counts(rows: Any, name: str | None) -> dict[str | None, dict[Part, Counts]]:
    """Counts by split for each value of a column; without a column for all rows, under None."""
    found: dict[str | None, dict[Part, Counts]] = defaultdict(
        lambda: dict.fromkeys(PARTS, Counts())
    )
    column = name or "all"
    if name is None:
        rows = rows.append_column(column, arrow()[0].repeat(0, len(rows)))
    for keys in ((column, "split"), (column,)):
        sums = _grouped(
            rows, keys, ("identity", "count_distinct"), ("seconds", "count"), ("px", "count"),
            ("seconds", "sum"), ("speech_s", "sum"),
        )  # fmt: skip
        for row in sums.to_pylist():
            found[row[column] if name else None][row.get("split", "all")] = Counts(
                identities=row["identity_count_distinct"],
                voices=row["seconds_count"],
                faces=row["px_count"],
                seconds=row["seconds_sum"] or 0.0,
                speech_s=row["speech_s_sum"] or 0.0,
            )
    return found


def _attribute(corpus: Corpus, index: Index, name: str, asked: bool) -> Attribute:
    from pyarrow import compute  # which `import pyarrow` does not bring

    column = f"@{name}"
    kinds = [kind for kind in KINDS if name in corpus.info.attributes[kind]]
    rows = index.table.filter(compute.field("kind").isin(kinds))
    texts: list[str | None] = rows[column].unique().to_pylist()
    n_values = len(texts) - texts.count(None)
    if asked and len(texts) > MOST_ASKED:
        found = f"{len(texts)} different values"
        raise SettingsError(f"--by {name}", found, f"at most {MOST_ASKED}", "leave it out")
    if not asked and (len(texts) > MOST_VALUES or _is_measured(texts)):
        return Attribute(n_values, None)
    people = {
        (row[column], row["kind"]): row["identity_count_distinct"]
        for row in _grouped(rows, (column, "kind"), ("identity", "count_distinct")).to_pylist()
    }
    values = [
        Value(text, people.get((text, "voice"), 0), people.get((text, "face"), 0), counts)
        for text, counts in _counts(rows, column).items()
    ]
    values.sort(key=lambda value: (value.value is None, -value.counts["all"].identities))
    return Attribute(n_values, tuple(values))


def _is_measured(texts: Sequence[str | None]) -> bool:
    """Whether texts are measurements, such as durations: their values are no groups of people."""
    try:
        return any(not float(text).is_integer() for text in texts if text is not None)
    except ValueError:
        return False


def _per_identity(index: Index) -> list[npt.NDArray[Any]]:
    """Clips, faces, speech in seconds (NaN: no clips) and splits of each identity."""
    sums = ("seconds", "count"), ("px", "count"), ("speech_s", "sum"), ("split", "count_distinct")
    found = _grouped(index.table, ("identity",), *sums)
    return [found[f"{column}_{how}"].to_numpy() for column, how in sums]


def _spreads(
    clips: npt.NDArray[Any], faces: npt.NDArray[Any], speech_s: npt.NDArray[Any]
) -> dict[str, Spread]:
    numbers = {
        "speech_s": speech_s[clips > 0],
        "clips": clips[clips > 0],
        "faces": faces[faces > 0],
    }
    return {name: Spread.of(values) for name, values in numbers.items() if len(values)}


def _figures(index: Index) -> dict[str, Figure]:
    result = {}
    for name in FIGURES:
        values = index.table[name].drop_null().to_numpy()
        known = values[~np.isnan(values)]
        if len(known):
            found = np.percentile(known, PERCENTILES).tolist()
            named = dict(zip(map(str, PERCENTILES), found, strict=True))
            result[name] = Figure(len(known), named)
    return result
