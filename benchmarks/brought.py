"""What people bring: recordings, pictures, tables as phones, recorders and spreadsheets write them.

Target: at least 120 recordings, 60 pictures and 30 tables, every one right: what is in it comes
out, or it is refused in one plain line that says why.
"""

import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.brought_pictures import pictures
from benchmarks.brought_recordings import recordings
from benchmarks.brought_tables import tables
from benchmarks.harness import Figure, Result, figure
from benchmarks.inputs import Inputs

LEAST = {"recordings": 120, "pictures": 60, "tables": 30}


@dataclass(frozen=True)
class Case:
    """One thing that somebody brings.

    Attributes:
        situation: What it is.
        right: What should come of it.
        attempt: Tries it; returns what came of it, and whether that is right.
    """

    situation: str
    right: str
    attempt: Callable[[], tuple[str, bool]]


def measure(inputs: Inputs) -> Result:
    """Try all of them."""
    makers = {"recordings": recordings, "pictures": pictures, "tables": tables}
    figures: list[Figure] = []
    listed: dict[str, list[dict[str, object]]] = {}
    for kind, make in makers.items():
        folder = inputs.folder / kind
        folder.mkdir()
        started = time.monotonic()
        listed[kind] = rows = list(_tried(Case(*case) for case in make(folder)))
        n_right = sum(bool(row["right"]) for row in rows)
        figures += [
            figure(f"{kind} tried", [len(rows)], at_least=LEAST[kind]),
            figure(f"{kind} right, share", [n_right / len(rows)], at_least=1.0),
            figure(f"{kind}, seconds", [time.monotonic() - started]),
        ]
    return Result("load_clip, FaceMaker.from_picture, read_source", tuple(figures), listed)


def _tried(cases: Iterable[Case]) -> Iterable[dict[str, object]]:
    for case in cases:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                came, is_right = case.attempt()
            except Exception as error:  # what nobody foresaw is what is looked for
                came, is_right = f"{type(error).__name__}: {error}"[:300], False
        yield {
            "situation": case.situation, "wanted": case.right, "came": came, "right": is_right
        }  # fmt: skip
