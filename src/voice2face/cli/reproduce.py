"""The command that reproduces everything; parsing only."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from voice2face.cli.options import Device, Json, OptionalCount, Seed, Set
from voice2face.cli.program import app

Names = Optional[str]  # noqa: UP045  (typer reads it at run time)
SetMore = Optional[list[str]]  # noqa: UP045


@app.command(
    epilog="\b\nExample: voice2face reproduce corpus out --dry-run\n"
    "         voice2face reproduce corpus out --seeds 3 --device cuda \\\n"
    "             --set training.precision=bf16"
)
def reproduce(
    corpus: Annotated[Path, typer.Argument(metavar="CORPUS", help="Made by `prepare`.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the work.")],
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Models of each variant.")] = 1,
    variants: Annotated[
        Names, typer.Option(help="Of the models, such as tanh,bn; else the report's five.")
    ] = None,
    preset: Annotated[str, typer.Option(help="released or paper.")] = "released",
    width: Annotated[float, typer.Option(help="Share of the channels.")] = 1.0,
    iterations: OptionalCount = None,
    voice_iterations: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Of the speaker stage; else a fifth of the models'."),
    ] = None,
    settings: Set = None,
    set_voice: Annotated[
        SetMore, typer.Option(metavar="NAME=VALUE", help="The same of the speaker stage.")
    ] = None,
    set_recogniser: Annotated[
        SetMore, typer.Option(metavar="NAME=VALUE", help="The same of the recogniser.")
    ] = None,
    only: Annotated[
        Names, typer.Option(metavar="EXPERIMENT,...", help="Ask these alone; else all.")
    ] = None,
    embedder: Annotated[
        SetMore,
        typer.Option(metavar="FILE.onnx", help="Beside the project's own. Repeatable."),
    ] = None,
    other: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="CORPUS", help="Ask what is lost on another corpus' people, too."),
    ] = None,
    resamples: Annotated[int, typer.Option(min=100, help="Behind each interval.")] = 10_000,
    jobs: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Processes at once; else one a core, on a GPU one."),
    ] = None,
    seed: Seed = 0,
    device: Device = "cpu",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what there is to do, and how long it takes.")
    ] = False,
    json: Json = False,
) -> None:
    """Train, measure and report everything.

    Speaker stage, recogniser, the five models, every question of the report, and a page with
    figures and tables in OUT/report. What is done is not done again: the same command goes on
    wherever it was stopped, and what has other settings than before is made anew. OUT/log.txt has
    what trainings say.
    """
    from voice2face.commands.assignments import parse_assignments
    from voice2face.commands.reproduce import reproduce as run

    def names(text: str | None) -> tuple[str, ...] | None:
        return None if text is None else tuple(s.strip() for s in text.split(",") if s.strip())

    changes = {
        "face_changes": settings, "voice_changes": set_voice, "recogniser_changes": set_recogniser,
    }  # fmt: skip
    run(
        corpus, out, jobs=jobs, dry_run=dry_run, as_json=json,
        variants=names(variants), n_seeds=seeds, seed=seed, preset=preset, width=width,
        iterations=iterations, voice_iterations=voice_iterations, only=names(only),
        embedders=None if embedder is None else tuple(embedder), n_resamples=resamples,
        device=device, other=other,
        **{k: tuple(parse_assignments(given or []).items()) for k, given in changes.items()},
    )  # fmt: skip
