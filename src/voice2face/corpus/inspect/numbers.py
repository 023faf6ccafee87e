"""What a corpus holds, in numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.corpus.inspect.index import Index, Int32, Rows, read_index
from voice2face.corpus.prepare.inputs import HARMLESS
from voice2face.corpus.read import Corpus
from voice2face.corpus.schema import (
    FIGURES,
    INFO_NAME,
    KINDS,
    SPLITS,
    CorpusInfo,
    Counts,
    Kind,
    Part,
    damaged,
)
from voice2face.errors import SettingsError

MOST_VALUES = 20  # of an attribute that is shown value by value
MOST_ASKED = 2000  # of one that was asked for
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
    """One value of an attribute; None where the cell was empty, or the source has no such column.

    An identity that has several values counts for each.

    Args:
        value: The text.
        heard: Identities that have voices with it.
        seen: Identities that have faces with it.
        counts: By split.
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
        counts: By split; durations in seconds.
        attributes: By name.
        per_identity: ``speech_s`` and ``clips`` of those who have voices, ``faces`` of those who
            have faces.
        only_voices: Identities without a face.
        only_faces: Identities without a voice.
        in_several_splits: Identities that leak from one split into another: 0 if all is well.
        figures: Figures of the faces, by name; those that at least one face has.
        skipped: Reason -> inputs that were left out.
        skipped_files: Reason -> files that these stand for.
        harmless: Of these reasons, those that lose nothing.
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
    """Count what is there, reading everything but spectrograms and pixels.

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
    _check_names(corpus.info, by)
    index = read_index(corpus, MOST_VALUES, by)
    for name in by:
        if len(index.values[name]) > MOST_ASKED:
            found = f"{len(index.values[name])} different values"
            raise SettingsError(f"--by {name}", found, f"at most {MOST_ASKED}", "leave it out")
    shown = [name for name in index.values if not by or name in by]
    has = {kind: np.unique(index.rows[kind].identity) for kind in KINDS}
    everything = {kind: np.zeros(len(index.rows[kind]), np.int32) for kind in KINDS}
    result = Inspection(
        info=corpus.info,
        counts=_counts(index, everything, 1)[0],
        attributes={name: _attribute(index, name, name in by) for name in shown},
        per_identity=_per_identity(index),
        only_voices=len(np.setdiff1d(has["voice"], has["face"])),
        only_faces=len(np.setdiff1d(has["face"], has["voice"])),
        in_several_splits=_in_several_splits(index),
        figures=_figures(index),
        skipped=dict(Counter(corpus.info.skipped).most_common()),
        skipped_files=_skipped_files(corpus),
        harmless=tuple(sorted(HARMLESS & set(corpus.info.skipped))),
    )
    _check_counts(corpus, result)
    return result, index


def _check_names(info: CorpusInfo, by: Sequence[str]) -> None:
    names = sorted({name for kind in KINDS for name in info.attributes.get(kind, ())})
    for name in by:
        if name not in names:
            wanted = f"one of {', '.join(names)}" if names else "a corpus with attributes"
            raise SettingsError(f"--by {name}", "no such attribute", wanted, "choose another")


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


def _counts(index: Index, cells: dict[Kind, Int32], n_values: int) -> list[dict[Part, Counts]]:
    """Counts by split for each of ``n_values`` values, of which ``cells`` has one for each row.

    A row with a higher number counts nowhere.
    """
    n_splits, n_people = len(SPLITS), len(index.identities)
    slots, people = {}, {}  # of each row: value and split; value, split and identity
    for kind, rows in index.rows.items():
        slots[kind] = cells[kind].astype(np.int64) * n_splits + rows.split
        people[kind] = slots[kind] * n_people + rows.identity
    triples = np.unique(np.concatenate(list(people.values())))
    pairs = np.unique(triples // n_people // n_splits * n_people + triples % n_people)
    n_slots = n_values * n_splits

    def sums(kind: Kind, weights: npt.NDArray[np.float64] | None = None) -> npt.NDArray[Any]:
        found = np.bincount(slots[kind], weights, n_slots)[:n_slots]
        return found.reshape(n_values, n_splits)

    voices = index.rows["voice"].columns
    identities = np.bincount(triples // n_people, minlength=n_slots)[:n_slots]
    by_split = {
        "identities": identities.reshape(n_values, n_splits),
        "voices": sums("voice"),
        "faces": sums("face"),
        "seconds": sums("voice", voices["seconds"]),
        "speech_s": sums("voice", voices["speech_s"]),
    }
    everywhere = {name: table.sum(axis=1) for name, table in by_split.items()}
    # Not a sum: an identity may wrongly be in several splits.
    everywhere["identities"] = np.bincount(pairs // n_people, minlength=n_values)[:n_values]
    parts: dict[Part, dict[str, npt.NDArray[Any]]] = {"all": everywhere}
    for number, split in enumerate(SPLITS):
        parts[split] = {name: table[:, number] for name, table in by_split.items()}
    return [
        {
            part: Counts(**{name: numbers[value].item() for name, numbers in columns.items()})
            for part, columns in parts.items()
        }
        for value in range(n_values)
    ]


def _people(rows: Rows, cells: Int32, n_values: int) -> list[int]:
    """Identities for each value."""
    n_people = int(rows.identity.max(initial=0)) + 1
    pairs = np.unique(cells.astype(np.int64) * n_people + rows.identity)
    found: list[int] = np.bincount(pairs // n_people, minlength=n_values)[:n_values].tolist()
    return found


def _attribute(index: Index, name: str, asked: bool) -> Attribute:
    texts = index.values[name]
    n_values = len(texts) - texts.count(None)
    if not any(name in rows.values for rows in index.rows.values()) or (
        not asked and _is_measured(texts)
    ):
        return Attribute(n_values, None)
    nowhere = len(texts)  # rows of a kind that has no such column
    cells: dict[Kind, Int32] = {
        kind: rows.values.get(name, np.full(len(rows), nowhere, np.int32))
        for kind, rows in index.rows.items()
    }
    counts = _counts(index, cells, len(texts))
    heard, seen = (_people(index.rows[kind], cells[kind], len(texts)) for kind in KINDS)
    values = [Value(*value) for value in zip(texts, heard, seen, counts, strict=True)]
    values.sort(key=lambda value: (value.value is None, -value.counts["all"].identities))
    return Attribute(n_values, tuple(values))


def _is_measured(texts: Sequence[str | None]) -> bool:
    """Fractions, such as durations, are no groups of people."""
    try:
        return any(not float(text).is_integer() for text in texts if text is not None)
    except ValueError:
        return False


def _per_identity(index: Index) -> dict[str, Spread]:
    voices, faces = index.rows["voice"], index.rows["face"]
    n_people = len(index.identities)
    clips = np.bincount(voices.identity, minlength=n_people)
    speech_s = np.bincount(voices.identity, voices.columns["speech_s"], n_people)
    pictures = np.bincount(faces.identity, minlength=n_people)
    result: dict[str, Spread] = {}
    if len(voices):
        result |= {"speech_s": Spread.of(speech_s[clips > 0]), "clips": Spread.of(clips[clips > 0])}
    if len(faces):
        result["faces"] = Spread.of(pictures[pictures > 0])
    return result


def _in_several_splits(index: Index) -> int:
    pairs = [rows.identity.astype(np.int64) * len(SPLITS) + rows.split
             for rows in index.rows.values()]  # fmt: skip
    people = np.unique(np.concatenate(pairs)) // len(SPLITS)
    return int((np.bincount(people.astype(np.int64)) > 1).sum())


def _figures(index: Index) -> dict[str, Figure]:
    result = {}
    for name in FIGURES:
        values = index.rows["face"].columns[name]
        known = values[~np.isnan(values)]
        if len(known):
            found = np.percentile(known, PERCENTILES).tolist()
            named = dict(zip(map(str, PERCENTILES), found, strict=True))
            result[name] = Figure(len(known), named)
    return result
