"""From numbers of each recording to rows, and from faces to grids, of a result."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image

from voice2face.evaluation.results import Grid, Row
from voice2face.evaluation.statistics.intervals import Estimate, difference, estimate
from voice2face.experiments.context import Context
from voice2face.experiments.speech import Speech
from voice2face.experiments.systems import Made, mean_over_seeds
from voice2face.files import atomic_write, write_bytes

Floats = npt.NDArray[np.float64]
Pictures = npt.NDArray[np.uint8]


def of_models(
    context: Context,
    speech: Speech,
    key: str,
    measure: Callable[[Made], Floats],
    *,
    raw: bool = False,
) -> dict[str, list[Floats]]:
    """One number for each recording of each model, of each of its seeds.

    Args:
        context: The models.
        speech: What they hear.
        key: Its name, see :meth:`Context.made`.
        measure: Of the faces made from it, shape (n,).
        raw: Whether it needs them as they were before they were cut to [-1, 1].
    """
    return {
        variant: [measure(context.made(model, speech, key, raw=raw)) for model in seeds]
        for variant, seeds in context.models.items()
    }


def mean_row(
    context: Context,
    system: str,
    measure: str,
    values: Floats | Sequence[Floats],
    people: npt.NDArray[np.str_],
    *,
    stratum: str = "",
    embedder: str = "",
    chance: float | None = None,
    n_trials: int | None = None,
    note: str = "",
) -> Row:
    """Mean over people with its interval; of several seeds, of each recording's mean over them.

    Args:
        context: Seed and resamples.
        system: Whose.
        measure: What.
        values: Of each recording, shape (n,), NaN where nothing was asked; or one such of each
            seed.
        people: Who speaks, or is seen, shape (n,).
        stratum: What trials have in common.
        embedder: Who compared.
        chance: Of a blind guess.
        n_trials: Questions; else how many values there are.
        note: What one must know.
    """
    seeds = list(values) if isinstance(values, list | tuple) else [np.asarray(values)]
    per_probe = mean_over_seeds(seeds)
    found = estimate(per_probe, people, seed=context.seed, n_resamples=context.n_resamples)
    if len(seeds) > 1:
        means = [float(np.nanmean(one)) for one in seeds]
        spread = f"{len(seeds)} seeds, {min(means):.3g} to {max(means):.3g}"
        note = f"{note}; {spread}" if note else spread
    asked = ~np.isnan(per_probe)
    return Row(
        system, measure, stratum, embedder, found.value, found.low, found.high,
        n_people=len(np.unique(people[asked])),
        n_trials=int(asked.sum()) if n_trials is None else n_trials,
        chance=chance, note=note,
    )  # fmt: skip


def difference_row(
    context: Context,
    systems: tuple[str, str],
    measure: str,
    values: tuple[Sequence[Floats], Sequence[Floats]],
    people: npt.NDArray[np.str_],
    **about: str,
) -> Row:
    """By how much the first system is above the second, paired on recordings and people.

    Args:
        context: Seed and resamples.
        systems: Both names.
        measure: What.
        values: Of each, one array (n,) a seed.
        people: Who speaks, shape (n,).
        about: Fields of the row: stratum, embedder, note.
    """
    a, b = (mean_over_seeds(list(seeds)) for seeds in values)
    found = difference(a, b, people, seed=context.seed, n_resamples=context.n_resamples)
    asked = ~np.isnan(a - b)
    return Row(
        systems[0], measure, value=found.value, low=found.low, high=found.high,
        n_people=len(np.unique(people[asked])), n_trials=int(asked.sum()),
        against=systems[1], **about,  # type: ignore[arg-type]
    )  # fmt: skip


def mean_estimate(of_seeds: Sequence[Estimate]) -> tuple[Estimate, str]:
    """Of a measure that is no mean over recordings: the mean over seeds, and what to note of it.

    The ends of the interval are averaged too; it is then rather too long than too short.
    """
    values = np.array([(one.value, one.low, one.high) for one in of_seeds])
    note = ""
    if len(of_seeds) > 1:
        note = f"{len(of_seeds)} seeds, {values[:, 0].min():.3g} to {values[:, 0].max():.3g}"
    return Estimate(*map(float, values.mean(axis=0))), note


def find_row(
    rows: Sequence[Row], system: str, measure: str, against: str = "", embedder: str | None = None
) -> Row | None:
    """The first such row; None where there is none."""
    for row in rows:
        same = (row.system, row.measure, row.against) == (system, measure, against)
        if same and embedder in (None, row.embedder):
            return row
    return None


def shown(row: Row, digits: int = 3) -> str:
    """A row's value and interval for a sentence."""
    if row.value is None or row.low is None or row.high is None:
        return "not measured"
    return f"{row.value:.{digits}f} [{row.low:.{digits}f}, {row.high:.{digits}f}]"


def as_estimate_row(
    system: str, measure: str, found: Estimate, n: int, embedder: str = "", note: str = ""
) -> Row:
    """A measure of a whole set that comes with an interval of its own."""
    return Row(
        system, measure, "", embedder, found.value, found.low, found.high, n_trials=n, note=note
    )


def write_grid(
    folder: Path,
    experiment: str,
    cells: Pictures,
    about: Mapping[str, str],
    rows: Sequence[str],
    columns: Sequence[str],
) -> Grid:
    """Write faces as one picture beside the result.

    Args:
        folder: Of the results.
        experiment: Its name, which begins the file's.
        cells: RGB, uint8, shape (rows, columns, px, px, 3); white where there is no face.
        about: name and title of the grid; row_title, column_title and note where wanted.
        rows: Label of each row.
        columns: Of each column.

    Raises:
        OutputError: It could not be written.
    """
    n_rows, n_columns, px = cells.shape[:3]
    tiled = cells.swapaxes(1, 2).reshape(n_rows * px, n_columns * px, 3)
    name = f"{experiment}.{about['name']}.png"
    with atomic_write(folder / name) as path:
        Image.fromarray(np.ascontiguousarray(tiled)).save(path, format="PNG", optimize=True)
    return Grid(file=name, px=px, rows=list(rows), columns=list(columns), **about)


def write_asked(context: Context, experiment: str, speech: Speech) -> dict[str, str]:
    """Write down which recordings are asked about; a result's ``trials_sha256``.

    Raises:
        OutputError: It could not be written.
    """
    pairs = [
        list(pair) for pair in zip(speech.clip.tolist(), speech.identity.tolist(), strict=True)
    ]
    data = msgspec.json.encode({"recordings": pairs}) + b"\n"
    write_bytes(context.out / f"{experiment}.recordings.json", data)
    return {"recordings": hashlib.sha256(data).hexdigest()}
