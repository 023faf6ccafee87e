"""``prepare``, ``plan`` and ``cohort``: corpora, real and made up."""

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import typer

from voice2face.commands.assignments import parse_assignments
from voice2face.commands.output import print_json, shown
from voice2face.errors import one_line

if TYPE_CHECKING:
    from voice2face.corpus.prepare.inputs import Skip

N_NAMED = 10  # inputs left out that are named on the screen; the corpus lists all


def prepare(
    sources: list[Path],
    out: Path,
    *,
    crop: dict[str, Any],
    assignments: Sequence[str],
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Make a corpus and say what it holds.

    Raises:
        Voice2FaceError: It could not be made.
        typer.Exit: With status 2, if an input was lost (one that is there twice isn't).
    """
    from voice2face.corpus.prepare import prepare as make
    from voice2face.corpus.prepare.inputs import HARMLESS
    from voice2face.corpus.prepare.ledger import TooManyLostError
    from voice2face.corpus.schema import SKIPPED_NAME

    face_crop = face_settings(crop, assignments)
    try:
        with _rate(quiet) as progress:
            report = make(
                sources, out, face_crop=face_crop, progress=progress, note=_note, **options
            )
    except TooManyLostError as error:
        if len(error.lost) > 1:  # the message names the first
            _name(error.lost, [str(source) for source in sources])
        raise
    info = report.info
    if as_json:
        print_json({"corpus": str(report.path), "elapsed_s": report.elapsed_s, "info": info})
    else:
        for name, part in info.counts.items():
            typer.echo(
                f"{name:>10}: {part.identities} identities, {part.voices} voices "
                f"({part.speech_s / 3600:.2f} h of speech), {part.faces} faces"
            )
        if harmless := {r: n for r, n in info.skipped.items() if r in HARMLESS}:
            files = Counter[str]()
            for skip in report.skipped:
                files[skip.reason] += skip.files
            listed = ", ".join(
                f"{reason} {n}" + (f" ({files[reason]} files)" if files[reason] != n else "")
                for reason, n in harmless.items()
            )
            typer.echo(f"{'not needed':>10}: {listed}")
        rate = info.inputs / max(report.elapsed_s, 1e-9)
        typer.echo(f"{shown(report.path)} in {report.elapsed_s:.1f} s, {rate:.0f} inputs/s")
    lost = [skip for skip in report.skipped if skip.reason not in HARMLESS]
    _name(lost, [source.path for source in info.sources])
    if len(lost) > 1:
        where = shown(report.path / SKIPPED_NAME)
        typer.echo(f"error: {len(lost)} of {info.inputs} left out, listed in {where}", err=True)
    if lost:
        raise typer.Exit(2)


def _note(text: str) -> None:
    typer.echo(one_line(f"note: {text}"), err=True)


def _name(lost: Sequence["Skip"], sources: Sequence[str]) -> None:
    for skip in lost[:N_NAMED]:
        row = "" if skip.row is None else f"row {skip.row} of "
        where = f"{row}{sources[skip.source]}"
        line = f"error: {skip.path}: left out ({skip.reason}: {skip.detail}); {where}"
        typer.echo(one_line(line), err=True)


def plan(
    sources: list[Path],
    *,
    crop: dict[str, Any],
    assignments: Sequence[str],
    workers: int,
    sample: int,
    seed: int,
    as_json: bool,
    columns: dict[str, str | None],
    layout: str | None,
    aligned: bool,
    preset: str | None,
) -> None:
    """Say how long a corpus will take, and how much room and memory.

    Raises:
        Voice2FaceError: The sources cannot be used.
    """
    from voice2face.corpus.prepare.forecast import forecast
    from voice2face.corpus.prepare.run import look_at
    from voice2face.corpus.sources import Columns

    started = time.monotonic()
    request = look_at(
        sources, Columns(**columns), layout=layout, aligned=aligned, preset=preset,
        face_crop=face_settings(crop, assignments), split="hash:80/10/10",
    )  # fmt: skip
    listing_s = time.monotonic() - started
    for text in request.inputs.notes:
        if not text.startswith("no identity is in"):  # `plan` knows no split
            _note(text)
    answer = forecast(request, workers, listing_s=listing_s, n_sample=sample, seed=seed)
    if as_json:
        print_json(answer)
        return
    for part in answer.samples:
        failed = f", {part.n_failed} unusable" if part.n_failed else ""
        typer.echo(
            f"{part.reader:>10}: {part.n_files} files, {part.file_s * 1000:.1f} ms each on one "
            f"core ({part.n_sampled} read{failed}), {part.bytes_each / 1e3:.1f} kB stored each"
        )
    typer.echo(
        f"{'time':>10}: {_duration(answer.seconds)} on {workers} cores "
        f"[{_duration(answer.seconds_low)} to {_duration(answer.seconds_high)}]"
    )
    typer.echo(
        f"{'disk':>10}: {_size(answer.corpus_bytes)}, {_size(answer.disk_bytes)} while it grows"
    )
    total = answer.parent_bytes + workers * answer.worker_bytes
    typer.echo(
        f"{'memory':>10}: {_size(total)}: {_size(answer.worker_bytes)} for each of {workers} "
        f"processes that read, {_size(answer.parent_bytes)} for the one that writes"
    )


def face_settings(crop: dict[str, Any], assignments: Sequence[str]) -> Any:
    """``FaceCrop`` of options and of ``--set``.

    Raises:
        SettingsError: A setting that does not exist, or a value that it cannot have.
    """
    from voice2face.errors import SettingsError
    from voice2face.settings import FaceCrop, change

    remove = _removed(crop["remove"] or "")
    try:
        settings = change(FaceCrop(), {**crop, "remove": remove})
    except SettingsError as error:  # an entry is called like its option
        thing = f"--{error.thing}"
        raise SettingsError(thing, error.found, error.wanted, error.remedy) from error
    return change(settings, parse_assignments(assignments))


def _removed(text: str) -> tuple[str, ...]:
    """The words of ``--remove``.

    Raises:
        SettingsError: One that is unknown, or is there twice.
    """
    from voice2face.errors import SettingsError
    from voice2face.settings import Removable

    words = tuple(word.strip() for word in text.split(",") if word.strip())
    for word in words:
        if word not in get_args(Removable):
            known = ", ".join(get_args(Removable))
            wanted = f"one or more of {known}, parted by commas,"
            raise SettingsError("--remove", word, wanted, "correct it")
        if words.count(word) > 1:
            raise SettingsError("--remove", f"{word} twice", "each once", "correct it")
    return words


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.1f} MB"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


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
    from voice2face.synthetic import CohortSettings, facts_of, write_cohort

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


@contextlib.contextmanager
def _rate(quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar with the rate in files a second."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(unit=" files", file=sys.stderr, dynamic_ncols=True, smoothing=0.05) as bar:

        def show(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        yield show
