"""``reconstruct``: a face from each recording (no torch)."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voice2face.cli.options import Force, Json
from voice2face.cli.output import print_json, print_lines, print_note
from voice2face.cli.program import app
from voice2face.errors import AudioError, SettingsError, Voice2FaceError

if TYPE_CHECKING:
    from voice2face.release.batch import Done, Job, Plan
    from voice2face.voice_encoders.listening import Speaker

N_NAMED = 5  # files left out that are named; JSON has all


@app.command(
    epilog="\b\nExample: voice2face reconstruct me.wav -o me.png\n"
    "         voice2face reconstruct recordings -o faces --sheet"
)
def reconstruct(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT", help="Recordings, videos, or folders of them.")
    ],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="Folder for the pictures, or NAME.png for a single one."),
    ] = Path(),
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="face-space, gan, a folder, or org/name[@revision].  [default: face-space]",
        ),
    ] = None,
    label: Annotated[
        bool, typer.Option("--label", help="Write under each face that a machine made it.")
    ] = False,
    sheet: Annotated[
        bool,
        typer.Option("--sheet", help="Also write all faces onto one labelled picture, sheet.png."),
    ] = False,
    faces: Annotated[
        int,
        typer.Option(
            min=0, max=100, help="Also draw this many other people who might have the voice."
        ),
    ] = 0,
    px: Annotated[
        int | None,
        typer.Option(
            min=16, max=2048, help="Side of the pictures in pixels.  [default: the model's]"
        ),
    ] = None,
    speaker: Annotated[
        str, typer.Option(help="Whom to hear if several people speak: all, or the longest speaker.")
    ] = "all",
    force: Force = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Also print what was measured of a recording that failed."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a face from each recording.

    talk.wav gives talk.png, and with --faces also talk-drawn-1.png and so on. Recordings of the
    same name in different folders give FOLDER-talk.png; otherwise a second one gives talk-2.png.
    Each picture says in its metadata what made it: see `info`. Files that voice2face didn't make
    are not replaced without --force. If a recording can't be used, the reason is printed, the
    others are done, and the exit status is 2.
    """
    from voice2face.audio.apart import reader
    from voice2face.files import check_free
    from voice2face.release import batch
    from voice2face.release.inference import load
    from voice2face.release.provenance import LABEL

    wanted = batch.Wanted(LABEL if label else "", px, _speaker(speaker), force)
    plan = batch.plan(inputs, out, sheet, faces)
    if sheet:
        check_free(plan.sheet, force=force)
    done: list[tuple[Job, Done]] = []
    rows = []
    with reader(len(plan.jobs)) as read:  # its processes start beside the model
        loaded = load(model)
        outcomes = batch.carry_out(loaded, plan.jobs, wanted, read)
        with contextlib.closing(outcomes):
            for job, outcome in outcomes:
                rows.append(_row(job, outcome))
                if isinstance(outcome, Voice2FaceError):
                    _tell_failure(outcome, verbose)
                    continue
                done.append((job, outcome))
                if not as_json:
                    _tell(job, outcome)
    answer: dict[str, Any] = {"model": loaded.config.name, "faces": rows}
    answer |= {"left_out": plan.left_out, "unreadable": dict(plan.unreadable)}
    if sheet and done:
        batch.write_sheet_of(plan.sheet, done, loaded)
        answer["sheet"] = str(plan.sheet)
        if not as_json:
            print_lines(f"contact sheet: {plan.sheet.resolve()}")
    if as_json:
        print_json(answer)
    _tell_left_out(plan)
    _end(len(plan.jobs), len(plan.jobs) - len(done), len(plan.unreadable))


def _speaker(word: str) -> "Speaker":
    """Value of ``--speaker``."""
    from voice2face.voice_encoders.listening import ALL, LONGEST

    for speaker in (ALL, LONGEST):
        if word == speaker:
            return speaker
    raise SettingsError("--speaker", word, f"{ALL} or {LONGEST}", "correct it")


def _tell(job: "Job", done: "Done") -> None:
    """Print what became of a recording; a note if several people speak in it."""
    heard = f" ({done.heard})" if done.heard else ""
    print_lines(f"{job.source} -> {job.target}{heard}")
    if done.speakers and done.speakers.warning:
        print_note(f"note: {job.source}: {done.speakers.warning}; --speaker longest takes one")


def _tell_failure(error: Voice2FaceError, verbose: bool) -> None:
    """Print why there is no face of a recording."""
    print_note(f"error: {error}")
    if verbose and (numbers := _numbers(error)):
        print_note(f"  {', '.join(f'{name} {n:g}' for name, n in numbers.items())}")


def _tell_left_out(plan: "Plan") -> None:
    """Print what lies in the folders and was not used."""
    if n := len(plan.left_out):
        named = ", ".join(path.name for path in plan.left_out[:N_NAMED])
        named += f" and {n - N_NAMED} more" if n > N_NAMED else ""
        many, one = "files are not recordings, and were", "file is not a recording, and was"
        print_note(f"note: {n} {many if n > 1 else one} left out: {named}")
    for folder, reason in plan.unreadable:
        print_note(f"error: {folder}: not read ({reason}); correct its rights, or leave it out")


def _row(job: "Job", outcome: "Done | Voice2FaceError") -> dict[str, Any]:
    """Answer for a program about one recording."""
    if isinstance(outcome, Voice2FaceError):
        numbers = _numbers(outcome)
        failed = {"input": str(job.source), "error": str(outcome)}
        return failed | ({"numbers": numbers} if numbers else {})
    return {
        "input": str(job.source),
        "output": str(job.target),
        "seconds": round(outcome.seconds, 3),
        **({"drawn": [str(path) for path in job.drawn]} if job.drawn else {}),
        **({} if outcome.speech_s is None else {"speech_s": round(outcome.speech_s, 3)}),
        **({"heard": outcome.heard.as_data()} if outcome.heard else {}),
        **({"speakers": outcome.speakers.n} if outcome.speakers else {}),
    }


def _numbers(error: Voice2FaceError) -> dict[str, float]:
    """Measurements of a recording that can't be used."""
    return error.numbers if isinstance(error, AudioError) else {}


def _end(n: int, n_failed: int, n_unreadable: int) -> None:
    """End with status 2 if a recording failed, or a folder could not be read."""
    if n_failed > 1:
        print_note(f"error: {n_failed} of {n} recordings failed")
    if n_failed or n_unreadable:
        raise typer.Exit(2)
