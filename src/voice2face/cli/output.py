"""How commands print their answers."""

import contextlib
import importlib.util
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from voice2face.errors import CONTROLS, one_line

Row = Sequence[str]


def print_json(answer: Any) -> None:
    """Print an answer for a program, on standard output."""
    import msgspec

    data = _plain(msgspec.to_builtins(answer, enc_hook=str))
    text = msgspec.json.format(msgspec.json.encode(data)).decode()
    typer.echo(CONTROLS.sub(_escaped, text))


def print_lines(*lines: str) -> None:
    """Print lines for a person, on standard output; control characters in names are replaced."""
    for line in lines:
        typer.echo(one_line(line))


def print_answer(as_json: bool, data: Any, lines: Iterable[str]) -> None:
    """Print what a command found, for a program or for a person.

    Args:
        as_json: Whether it is for a program.
        data: Answer for a program: anything that msgspec encodes, and paths.
        lines: Lines for a person.
    """
    if as_json:
        print_json(data)
    else:
        print_lines(*lines)


def print_verification(as_json: bool, model: Path, report: dict[str, Any]) -> None:
    """Print where a trained voice encoder is, and how well it verifies speakers.

    Args:
        as_json: Whether it is for a program.
        model: Folder of the model.
        report: Content of ``verification.json``.
    """
    summary = f"verification EER on speakers not trained on: {report['summary']}"
    lines = [summary, *verification_lines(report["rows"]), f"model: {model.resolve()}"]
    print_answer(as_json, {"model": model, "verification": report}, lines)


def verification_lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """A table with a line for each row of ``verification.json``."""
    if not rows:
        return
    cells: list[tuple[str, ...]] = [
        ("heard", "of", "EER", "minDCF .05", "minDCF .01", "same", "others", "too short")
    ]
    for row in rows:
        heard = "whole" if row["duration_s"] is None else f"{row['duration_s']:g} s"
        found = row["result"] or {}
        estimates = (found.get(name) for name in ("eer", "min_dcf_05", "min_dcf_01"))
        numbers = (
            "{value:.3f} [{low:.3f}, {high:.3f}]".format(**e) if e else "-" for e in estimates
        )
        counts = (str(found.get(name, 0)) for name in ("n_same", "n_different"))
        cells.append((heard, row["within"] or "all", *numbers, *counts, str(row["n_left_out"])))
    yield from table_lines(cells)


def print_note(text: str) -> None:
    """Print a line on standard error, beside the answer."""
    typer.echo(one_line(text), err=True)


def table_lines(rows: Iterable[Row], width: float = math.inf) -> Iterator[str]:
    """Lines of a table; the first column is aligned to the left, the others to the right.

    Args:
        rows: Rows of equally many cells.
        width: Characters of a line. Columns that don't fit go into further tables below, each
            with the first column again.
    """
    head, *columns = zip(*[tuple(map(one_line, row)) for row in rows], strict=True)
    side, sizes = max(map(len, head)), [max(map(len, column)) for column in columns]
    start = 0
    while start < len(columns):
        end, used = start, side
        while end < len(columns) and (end == start or used + 2 + sizes[end] <= width):
            used += 2 + sizes[end]
            end += 1
        if start:
            yield ""
        for label, *cells in zip(head, *columns[start:end], strict=True):
            right = (cell.rjust(size) for cell, size in zip(cells, sizes[start:end], strict=True))
            yield "  ".join((label.ljust(side), *right)).rstrip()
        start = end


@contextlib.contextmanager
def progress_bar(quiet: bool, unit: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar, as a function of how many are done of how many.

    None if it is not wanted, if standard error is no terminal, or if tqdm is not installed.
    """
    if quiet or not sys.stderr.isatty() or importlib.util.find_spec("tqdm") is None:
        yield None
        return
    from tqdm import tqdm

    with tqdm(unit=f" {unit}", file=sys.stderr, dynamic_ncols=True, smoothing=0.05) as bar:

        def show(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        yield show


def _escaped(found: re.Match[str]) -> str:
    """A control character escaped as in JSON; line ends stay."""
    return found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1]


def _plain(data: Any) -> Any:
    """Data with bytes of names that are no UTF-8 replaced by "\ufffd"."""
    if isinstance(data, str):
        return data.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    return [_plain(value) for value in data] if isinstance(data, list) else data
