"""``prepare``: a corpus from recordings, pictures and videos."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from voice2face.cli import options
from voice2face.cli.output import print_answer, print_note, progress_bar
from voice2face.cli.program import app

if TYPE_CHECKING:
    from voice2face.corpus.prepare.run import PrepareReport
    from voice2face.corpus.sources.found import Skip

N_NAMED = 10  # inputs left out that are named on the screen; the corpus lists all


@app.command(
    epilog="\b\nExample: voice2face prepare people.csv corpus\n"
    "         voice2face prepare VoxCeleb corpus --split initials --workers 16"
)
def prepare(
    sources: options.Sources,
    out: options.NewFolder,
    layout: options.Layout = None,
    aligned: options.Aligned = False,
    preset: options.FrontEndPreset = None,
    sound: options.Sound = "flac",
    px: options.FacePx = 64,
    geometry: options.Geometry = "released",
    remove: options.Remove = None,
    split: Annotated[
        str,
        typer.Option(
            help="Training, validation and test people: hash:80/10/10, initials (VoxCeleb's), or "
            "column[:NAME]."
        ),
    ] = "hash:80/10/10",
    identity: options.IdentityColumn = None,
    voice: options.VoiceColumn = None,
    face: options.FaceColumn = None,
    settings: options.SetFaces = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that read; 0: none beside this one.")
    ] = 2,
    engine: Annotated[
        str, typer.Option(help="processes, or ray for several machines.")
    ] = "processes",
    address: Annotated[str | None, typer.Option(help="Address of a running Ray cluster.")] = None,
    max_skipped: Annotated[
        float, typer.Option(help="Largest share of the inputs that may be left out.")
    ] = 0.05,
    restart: Annotated[
        bool,
        typer.Option(
            "--restart", help="Delete the unfinished work in OUT.partial and start again."
        ),
    ] = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Make a corpus from recordings, pictures and videos.

    A table has a column identity, and voice or face or both: paths relative to the table. Other
    columns are kept as attributes. Folders may be VoxCeleb and VGGFace, the authors' download,
    videos of people who talk, or a cohort. Faces are found, aligned and checked. Inputs that can't
    be used are left out and listed; if they are more than --max-skipped, nothing is written. After
    an interruption the same command continues.
    """
    from voice2face.corpus.prepare import prepare as make_corpus
    from voice2face.corpus.prepare.ledger import TooManyLostError

    crop = options.face_crop(settings, px=px, geometry=geometry, remove=remove)
    try:
        with progress_bar(quiet, "files") as progress:
            report = make_corpus(
                sources, out, layout=layout, aligned=aligned, preset=preset, sound=sound,
                face_crop=crop, split=split, identity=identity, voice=voice, face=face,
                workers=workers, engine=engine, address=address, max_skipped=max_skipped,
                restart=restart, progress=progress, note=lambda text: print_note(f"note: {text}"),
            )  # fmt: skip
    except TooManyLostError as error:
        if len(error.lost) > 1:  # the message names the first
            _name(error.lost, [str(source) for source in sources], "error")
        raise
    answer = {"corpus": report.path, "elapsed_s": report.elapsed_s, "info": report.info}
    print_answer(as_json, answer, _lines(report))
    _tell_lost(report)


def _lines(report: "PrepareReport") -> Iterator[str]:
    """Lines about what the corpus holds."""
    from voice2face.corpus.prepare.inputs import HARMLESS

    info = report.info
    for name, part in info.counts.items():
        yield (
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
        yield f"{'not needed':>10}: {listed}"
    rate = info.inputs / max(report.elapsed_s, 1e-9)
    yield f"{report.path} in {report.elapsed_s:.1f} s, {rate:.0f} inputs/s"


def _tell_lost(report: "PrepareReport") -> None:
    """Print which inputs are lost; duplicates are not."""
    from voice2face.corpus.prepare.inputs import HARMLESS
    from voice2face.corpus.schema import SKIPPED_NAME

    lost = [skip for skip in report.skipped if skip.reason not in HARMLESS]
    _name(lost, [source.path for source in report.info.sources], "note")
    if lost:
        where = report.path / SKIPPED_NAME
        reasons = Counter(skip.reason for skip in lost).most_common()
        why = ", ".join(f"{reason} {n}" for reason, n in reasons)
        n_all = report.info.inputs
        print_note(f"note: {len(lost)} of {n_all} left out ({why}), listed in {where}")


def _name(lost: Sequence["Skip"], sources: Sequence[str], word: str) -> None:
    for skip in lost[:N_NAMED]:
        row = "" if skip.row is None else f"row {skip.row} of "
        where = f"{row}{sources[skip.source]}"
        print_note(f"{word}: {skip.path}: left out ({skip.reason}: {skip.detail}); {where}")
