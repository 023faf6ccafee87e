"""``evaluate``: faces of one or two systems against real ones."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voice2face.cli.options import Force, Json, Seed, comma_list, given
from voice2face.cli.output import print_answer, print_note
from voice2face.cli.program import app
from voice2face.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from voice2face.evaluation.comparison import Answers
    from voice2face.evaluation.results import Result, Row

RESULT, TRIALS = "evaluate.json", "trials"

ModelName = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="Instead of --faces: make them from the column 'voice' with this model (folder or "
        "org/name[@revision]).",
    ),
]
Geometry = Annotated[
    str | None,
    typer.Option(
        help="Crop of the model's faces: released, tight, or detect to find each face.  "
        "[default: what the model says]"
    ),
]
MatcherName = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="A model of `train matching`: also measure what the column 'voice' tells without "
        "making a face.",
    ),
]
Against = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="Pictures of another system, for the paired difference."),
]
EmbedderFiles = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE.onnx",
        help="Face embedder, with FILE.json beside it; repeatable.  [default: face_reid_0095]",
    ),
]
Strata = Annotated[
    str | None,
    typer.Option(
        help="Columns to measure within: gender,age is within gender, then within both.  "
        "[default: gender]"
    ),
]


@app.command(
    epilog="\b\nExample: voice2face evaluate pairs.csv --faces speech2face --target canonical\n"
    "         voice2face evaluate pairs.csv --model runs/tanh/model --against other"
)
def evaluate(
    table: Annotated[
        Path, typer.Argument(metavar="PAIRS", help="Table (CSV or Parquet) with a column identity.")
    ],
    faces: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Pictures that the system made.")
    ] = None,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="The real pictures.")] = "face",
    model: ModelName = None,
    geometry: Geometry = None,
    against: Against = None,
    matcher: MatcherName = None,
    embedder: EmbedderFiles = None,
    strata: Strata = None,
    centre: Annotated[
        bool,
        typer.Option(
            "--centre", help="Subtract the mean embedding of made and of real faces first."
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the result and the lists of trials."),
    ] = None,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Measure whether made faces show who spoke.

    The faces are made here by a --model, or are pictures of any system, in the column --faces.
    Each row of the table is one made face; paths are relative to the table. Prints 1:2 matching,
    retrieval and verification with 95 % intervals over people. Pictures that are missing or show
    no face are counted and left out.
    """
    from msgspec.structs import asdict

    from voice2face.evaluation.table import measure_table

    groups = comma_list(strata)
    _check(faces, model, geometry, against, groups, matcher)
    if out is not None:
        _check_place(out, force)
    result, answers, losses = measure_table(
        table, faces=faces, model=model, geometry=geometry, against=against, matcher=matcher,
        target=target, strata=groups or (), centre=centre, seed=seed, note=print_note,
        **given(embedders=embedder),
    )  # fmt: skip
    lines = [*_lines(result.rows)]
    if out is not None:
        _write(out, result, answers)
        lines += ["", f"result: {(out / RESULT).resolve()}"]
    answer = asdict(result) | {"left_out": losses, "not_asked": answers.unasked}
    print_answer(as_json, answer, lines)


def _check(
    faces: str | None,
    model: str | None,
    geometry: str | None,
    against: str | None,
    strata: Sequence[str] | None,
    matcher: str | None,
) -> None:
    """Refuse options that contradict each other.

    Raises:
        SettingsError: They do.
    """
    from voice2face.evaluation.embedders.face_set import geometry_of
    from voice2face.evaluation.table import DETECT, check_different

    if faces is not None and model is not None:
        found = "--faces and --model"
        raise SettingsError("evaluate", found, "one of them", "compare two with --against")
    if faces is None and model is None and (matcher is None or against is not None):
        found = "neither --faces nor --model"
        raise SettingsError("evaluate", found, "one of them", "or --matcher alone")
    if geometry is not None and model is None:
        raise SettingsError(
            "--geometry", "no --model", "a model whose faces lie so", "leave it out"
        )
    if geometry not in (None, DETECT):
        geometry_of(geometry)
    check_different("--faces and --against", [c for c in (faces, against) if c])
    check_different("--strata", strata or ())
    if strata == ():
        raise SettingsError("--strata", "no name", "columns such as gender,age", "leave it out")


def _check_place(out: Path, force: bool) -> None:
    """Refuse to replace files of others.

    Raises:
        OutputError: Something else has the name of a result.
    """
    from voice2face.files import check_free

    result, trials = out / RESULT, out / TRIALS
    check_free(result, force=force)
    if trials.exists() and not result.exists() and not force:
        found = "there, and no result of `evaluate` beside it"
        raise OutputError(trials, found, "a new folder", "choose another --out, or add --force")


def _write(out: Path, result: "Result", answers: "Answers") -> None:
    from voice2face.evaluation.results import write_result
    from voice2face.evaluation.trials.trials import write_trials

    for name, trials in answers.trials.items():
        file_name = re.sub(r"[^\w]+", "-", name)[:100]  # a column may have any name
        write_trials(out / TRIALS / f"{file_name}.json", trials)
    write_result(out / RESULT, result)


def _lines(rows: Sequence["Row"]) -> Iterator[str]:
    """A block for each embedder and system, a line for each number."""
    labels = [row.measure + (f" within {row.stratum}" if row.stratum else "") for row in rows]
    width = max(map(len, labels))
    head = ""
    for label, row in sorted(
        zip(labels, rows, strict=True), key=lambda pair: (pair[1].embedder, _system(pair[1]))
    ):
        if head != (head := _heading(row)):
            yield head
        if row.value is None:
            yield f"  {label.ljust(width)}  not measured"
            continue
        chance = "" if row.chance is None else f"  chance {row.chance:.3g}"
        interval = "" if row.low is None else f" [{row.low:.3f}, {row.high:.3f}]"
        people = f"{row.n_people} people, {row.n_trials:,} trials"
        yield f"  {label.ljust(width)}  {row.value:.3f}{interval}{chance}  {people}"


def _system(row: "Row") -> str:
    return f"{row.system} above {row.against}" if row.against else row.system


def _heading(row: "Row") -> str:
    return f"{_system(row)}, by {row.embedder}" if row.embedder else _system(row)
