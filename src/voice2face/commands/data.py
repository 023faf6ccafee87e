"""``prepare`` and ``cohort``: corpora, real and made up."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from voice2face.commands.output import print_json, shown
from voice2face.errors import one_line

N_NAMED = 10  # inputs left out that are named on the screen; the corpus lists all


def prepare(
    tables: list[Path],
    out: Path,
    *,
    columns: dict[str, Any],
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Make a corpus and say what it holds.

    Raises:
        Voice2FaceError: It could not be made.
        typer.Exit: With status 2, if an input was lost (one that is named twice isn't).
    """
    from voice2face.corpus import prepare as make
    from voice2face.corpus.inputs import REPEATED
    from voice2face.corpus.schema import SKIPPED_NAME

    with _bar(quiet) as progress:
        report = make(tables, out, progress=progress, **columns, **options)
    info = report.info
    if as_json:
        print_json({"corpus": str(report.path), "elapsed_s": report.elapsed_s, "info": info})
    else:
        for name, part in info.counts.items():
            typer.echo(
                f"{name:>10}: {part.identities} identities, {part.voices} voices "
                f"({part.speech_s / 3600:.2f} h of speech), {part.faces} faces"
            )
        typer.echo(f"{shown(report.path)} in {report.elapsed_s:.1f} s")
    lost = [skip for skip in report.skipped if skip.reason != REPEATED]
    for skip in lost[:N_NAMED]:
        table = info.tables[skip.table].path
        line = f"error: {skip.source}: left out ({skip.detail}); row {skip.row} of {table}"
        typer.echo(one_line(line), err=True)
    if len(lost) > 1:
        where = shown(report.path / SKIPPED_NAME)
        typer.echo(f"error: {len(lost)} of {info.inputs} left out, listed in {where}", err=True)
    if lost:
        raise typer.Exit(2)


def cohort(
    out: Path,
    *,
    n_identities: int,
    seed: int,
    clips: int,
    faces: int,
    face_px: int,
    coupling: float | None,
    workers: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write a cohort and say how well its voices and faces could be matched at best.

    Raises:
        Voice2FaceError: It could not be written.
    """
    from voice2face.cohort import CohortSettings, facts_of, write_cohort

    given: dict[str, Any] = {} if coupling is None else {"coupling": coupling}
    settings = CohortSettings(
        n_identities=n_identities,
        seed=seed,
        clips_per_identity=clips,
        faces_per_identity=faces,
        face_px=face_px,
        **given,
    )
    with _bar(quiet) as progress:
        table = write_cohort(out, settings, workers=workers, progress=progress)
    facts = facts_of(settings)
    if as_json:
        print_json({"table": table, "facts": facts})
        return
    typer.echo(f"{shown(table)}: {n_identities} people")
    for task, best in facts.best_matching.items():
        typer.echo(f"best possible accuracy of matching {task}: {best.accuracy:.1%}")


@contextlib.contextmanager
def _bar(quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar that is told how many are done of how many."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    with typer.progressbar(length=1, file=sys.stderr, show_pos=True) as bar:

        def show(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        yield show
