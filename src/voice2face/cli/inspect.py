"""``inspect``: what a corpus holds, in numbers and as a page for a person."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voice2face.cli.options import CorpusFolder, Force, Json, Seed
from voice2face.cli.output import print_answer, table_lines
from voice2face.cli.program import app

if TYPE_CHECKING:
    from voice2face.corpus.inspect import Inspection


@app.command(epilog="Example: voice2face inspect corpus --identities 48")
def inspect(
    corpus: CorpusFolder,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", help="File of the page.  [default: CORPUS.html beside the corpus]"
        ),
    ] = None,
    identities: Annotated[int, typer.Option(min=0, max=1000, help="People on the page.")] = 24,
    clips: Annotated[
        int, typer.Option(min=0, max=100, help="Recordings of each person on the page.")
    ] = 2,
    faces: Annotated[
        int, typer.Option(min=0, max=100, help="Faces of each person on the page.")
    ] = 12,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="Count by this attribute only, with all its values; repeatable."
        ),
    ] = None,
    no_page: Annotated[
        bool, typer.Option("--no-page", help="Print numbers, write no page.")
    ] = False,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Show what a corpus holds.

    Prints counts by split and attribute, the quality of the faces, and why inputs were left out.
    Also writes a page with faces, recordings and spectrograms of some people, which is as
    confidential as the data.
    """
    from voice2face.corpus.inspect import Sampling, inspect_corpus, write_page
    from voice2face.corpus.read import Corpus
    from voice2face.files import check_free

    opened = Corpus.open(corpus)
    folder = opened.path.resolve()
    place = None if no_page else out or folder.with_name(f"{folder.name}.html")
    if place:
        check_free(place, force=force)
    inspection, index = inspect_corpus(opened, by or [])
    if place:
        write_page(place, opened, inspection, index, Sampling(identities, clips, faces, seed))
    lines = [*_lines(inspection)]
    if place:
        lines += ["", f"{place}: faces, sound and spectrograms of people; do not publish it"]
    print_answer(as_json, {"corpus": corpus, "page": place, **vars(inspection)}, lines)


def _lines(inspection: "Inspection") -> Iterator[str]:
    """All that is printed."""
    info = inspection.info
    crop = info.face_crop
    yield f"preset {info.preset}, faces {crop.px}×{crop.px} '{crop.geometry}', by {info.program}"
    yield f"data hash {info.data_hash}"
    for source in info.sources:
        yield f"{source.layout} {source.path}: {source.rows} rows or files"
    yield ""
    yield from _counts(inspection)
    yield from _per_identity(inspection)
    yield from _attributes(inspection)
    yield from _figures(inspection)
    yield from _skipped(inspection)


def _counts(inspection: "Inspection") -> Iterator[str]:
    from voice2face.corpus.inspect.numbers import time_unit

    unit, length_s = time_unit(inspection.counts["all"].speech_s)
    rows = [
        (part, str(c.identities), str(c.voices), f"{c.speech_s / length_s:.2f}", str(c.faces))
        for part, c in inspection.counts.items()
    ]
    yield from table_lines([("", "identities", "voices", f"{unit} of speech", "faces"), *rows])
    yield ""
    lacking = inspection.only_voices, inspection.only_faces
    yield "{} identities have voices but no face, {} faces but no voice".format(*lacking)
    if inspection.in_several_splits:
        yield f"WARNING: {inspection.in_several_splits} identities are in more than one split"


def _per_identity(inspection: "Inspection") -> Iterator[str]:
    words = {"speech_s": "seconds of speech", "clips": "clips", "faces": "faces"}
    rows = [
        (words[name], *(_short(v) for v in (s.least, s.lower, s.median, s.upper, s.most)))
        for name, s in inspection.per_identity.items()
    ]
    yield ""
    yield from table_lines(
        [("each identity has", "least", "25 %", "median", "75 %", "most"), *rows]
    )


def _attributes(inspection: "Inspection") -> Iterator[str]:
    from voice2face.corpus.schema import SPLITS

    if any(attribute.values for attribute in inspection.attributes.values()):
        yield ""
        yield "heard, seen: identities with voices, with faces; train ...: identities in each"
    for name, attribute in inspection.attributes.items():
        yield ""
        if attribute.values is None:
            yield f"{name}: {attribute.n_values} different values"
            continue
        rows = []
        for value in attribute.values:
            label = "(none)" if value.value is None else value.value
            everything = value.counts["all"]
            numbers = [everything.identities, value.heard, everything.voices]
            numbers += [value.seen, everything.faces]
            numbers += [value.counts[split].identities for split in SPLITS]
            rows.append((label[:40], *map(str, numbers)))
        header = ("identities", "heard", "voices", "seen", "faces", *SPLITS)
        yield from table_lines([(name, *header), *rows])


def _figures(inspection: "Inspection") -> Iterator[str]:
    if not inspection.figures:
        return
    shares = [f"{p} %" for p in next(iter(inspection.figures.values())).percentiles]
    rows = [
        (name, str(figure.n), *map(_short, figure.percentiles.values()))
        for name, figure in inspection.figures.items()
    ]
    yield ""
    yield from table_lines([("quality", "faces", *shares), *rows])


def _skipped(inspection: "Inspection") -> Iterator[str]:
    yield ""
    total = sum(inspection.skipped.values())
    yield f"{total} of {inspection.info.inputs} inputs left out"
    for reason, n in inspection.skipped.items():
        n_files = inspection.skipped_files[reason]
        files = f": {n_files} files" if n_files != n else ""
        harmless = "  (nothing lost)" if reason in inspection.harmless else ""
        yield f"{n:>8}  {reason}{files}{harmless}"


def _short(value: float) -> str:
    return f"{value:.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:.3g}"
