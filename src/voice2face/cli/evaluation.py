"""The command that measures made faces; parsing only."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from voice2face.cli.options import Json, Seed
from voice2face.cli.program import app


@app.command(
    epilog="\b\nExample: voice2face evaluate pairs.csv --faces speech2face --target canonical\n"
    "         voice2face evaluate pairs.csv --model runs/tanh/model --against other"
)
def evaluate(
    table: Annotated[
        Path, typer.Argument(metavar="PAIRS", help="CSV or Parquet; people are in 'identity'.")
    ],
    faces: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="COLUMN", help="Pictures that a system made."),
    ] = None,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="The real pictures.")] = "face",
    model: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="MODEL",
            help="Make the faces of the column 'voice' instead; folder or org/name[@revision].",
        ),
    ] = None,
    geometry: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="Of the model's faces: released, tight, or detect each; else as it says itself."
        ),
    ] = None,
    against: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="COLUMN", help="Another system's, for the paired difference."),
    ] = None,
    embedder: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="FILE.onnx", help="With FILE.json; else face_reid_0095. Repeatable."),
    ] = None,
    strata: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Such as gender,age: within the first, then both. Else gender."),
    ] = None,
    centre: Annotated[
        bool, typer.Option("--centre", help="Subtract the mean embedding of each side.")
    ] = False,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="DIR", help="Write result and lists of trials."),
    ] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Measure whether made faces show who spoke.

    They are those of a model, or of any other system that left pictures. Each row of the table is
    one made face, its paths relative to the table. 1:2 matching, retrieval and verification come
    with 95 % intervals over people. Pictures that are missing or show no face are counted and
    left out.
    """
    from voice2face.commands.evaluation import Options
    from voice2face.commands.evaluation import evaluate as run

    names = None if strata is None else tuple(s.strip() for s in strata.split(",") if s.strip())
    options = Options(
        table, faces, target, model, geometry, against, tuple(embedder or ()), names, centre, out,
        seed,
    )  # fmt: skip
    run(options, as_json=json)
