"""``reconstruct``: a face from each recording (no torch)."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voice2face.cli.options import Json
from voice2face.cli.output import print_json, print_lines, print_note
from voice2face.cli.program import app
from voice2face.errors import Voice2FaceError

if TYPE_CHECKING:
    from voice2face.release.batch import Done, Job


@app.command(
    epilog="\b\nExample: voice2face reconstruct me.wav -o me.png\n"
    "         voice2face reconstruct recordings -o faces --sheet"
)
def reconstruct(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT", help="Recordings, videos, folders of them.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder, or NAME.png for one.")] = Path(),
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Folder or org/name[@revision]; else the bundled one."),
    ] = None,
    label: Annotated[
        bool, typer.Option("--label", help="Write under each face that a machine made it.")
    ] = False,
    sheet: Annotated[
        bool, typer.Option("--sheet", help="Also one labelled sheet of all faces: sheet.png.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a face from each recording.

    Each becomes NAME.png, RGB, 64×64 pixels; of two recordings with one name the second becomes
    NAME-2.png. Each says in its metadata what made it; `info` shows that. A recording that can't
    be used is reported, the others are done, and the exit status is 2.
    """
    from voice2face.audio.apart import reader
    from voice2face.release import batch
    from voice2face.release.inference import load
    from voice2face.release.provenance import LABEL

    plan = batch.plan(inputs, out, sheet)
    done: list[tuple[Job, Done]] = []
    rows = []
    with reader(len(plan.jobs)) as read:  # its processes start beside the model
        loaded = load(model)
        outcomes = batch.carry_out(loaded, plan.jobs, LABEL if label else "", read)
        with contextlib.closing(outcomes):
            for job, outcome in outcomes:
                rows.append(_row(job, outcome))
                if isinstance(outcome, Voice2FaceError):
                    print_note(f"error: {outcome}")
                    continue
                done.append((job, outcome))
                if not as_json:
                    print_lines(f"{job.source} -> {job.target}")
    answer: dict[str, Any] = {"model": loaded.config.name, "faces": rows}
    if sheet and done:
        batch.write_sheet_of(plan.sheet, done, loaded)
        answer["sheet"] = str(plan.sheet)
        if not as_json:
            print_lines(f"contact sheet: {plan.sheet.resolve()}")
    if as_json:
        print_json(answer)
    _end(len(plan.jobs), len(plan.jobs) - len(done))


def _row(job: "Job", outcome: "Done | Voice2FaceError") -> dict[str, Any]:
    """What is told of a recording to a program."""
    if isinstance(outcome, Voice2FaceError):
        return {"input": str(job.source), "error": str(outcome)}
    return {
        "input": str(job.source),
        "output": str(job.target),
        "seconds": round(outcome.seconds, 3),
        **({} if outcome.speech_s is None else {"speech_s": round(outcome.speech_s, 3)}),
    }


def _end(n: int, n_failed: int) -> None:
    """End with status 2 if a recording failed."""
    if n_failed > 1:
        print_note(f"error: {n_failed} of {n} recordings failed")
    if n_failed:
        raise typer.Exit(2)
