"""``inspect``: what a corpus holds, in numbers and as a page for a person."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from voice2face.commands.output import print_json, shown
from voice2face.corpus.inspect import Inspection
from voice2face.corpus.schema import SPLITS
from voice2face.errors import OutputError, one_line

Row = Sequence[str]


def inspect(
    path: Path,
    out: Path | None,
    *,
    identities: int,
    clips: int,
    faces: int,
    by: list[str],
    seed: int,
    no_page: bool,
    as_json: bool,
) -> None:
    """Print the numbers of a corpus and write its page.

    Raises:
        Voice2FaceError: It could not be read, or the page not be written.
    """
    from voice2face.corpus.inspect import Sampling, inspect_corpus, write_page
    from voice2face.corpus.read import Corpus

    corpus = Corpus.open(path)
    place = None if no_page else out or _beside(corpus.path)
    inspection, index = inspect_corpus(corpus, by)
    if place:
        write_page(place, corpus, inspection, index, Sampling(identities, clips, faces, seed))
    if as_json:
        print_json({"corpus": str(path), "page": place and str(place), **_numbers(inspection)})
        return
    for line in _lines(inspection):
        typer.echo(one_line(line))
    if place:
        typer.echo(f"\n{shown(place)}: faces, sound and spectrograms of people; do not publish it")


def _beside(corpus: Path) -> Path:
    """``CORPUS.html`` beside the corpus, unless something else is there."""
    from voice2face.corpus.inspect import is_ours

    folder = corpus.resolve()
    place = folder.with_name(f"{folder.name}.html")
    if place.exists() and not is_ours(place):
        found = "exists and is no page of this program"
        raise OutputError(place, found, "a free place", "choose one with --out")
    return place


def _numbers(inspection: Inspection) -> dict[str, object]:
    names = inspection.__dataclass_fields__
    return {name: getattr(inspection, name) for name in names}


def _lines(inspection: Inspection) -> Iterator[str]:
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


def _counts(inspection: Inspection) -> Iterator[str]:
    from voice2face.corpus.inspect.numbers import time_unit

    unit, length_s = time_unit(inspection.counts["all"].speech_s)
    rows = [
        (part, str(c.identities), str(c.voices), f"{c.speech_s / length_s:.2f}", str(c.faces))
        for part, c in inspection.counts.items()
    ]
    yield from _table(("", "identities", "voices", f"{unit} of speech", "faces"), rows)
    yield ""
    lacking = inspection.only_voices, inspection.only_faces
    yield "{} identities have voices but no face, {} faces but no voice".format(*lacking)
    if inspection.in_several_splits:
        yield f"WARNING: {inspection.in_several_splits} identities are in more than one split"


def _per_identity(inspection: Inspection) -> Iterator[str]:
    words = {"speech_s": "seconds of speech", "clips": "clips", "faces": "faces"}
    rows = [
        (words[name], *(_short(v) for v in (s.least, s.lower, s.median, s.upper, s.most)))
        for name, s in inspection.per_identity.items()
    ]
    yield ""
    yield from _table(("each identity has", "least", "25 %", "median", "75 %", "most"), rows)


def _attributes(inspection: Inspection) -> Iterator[str]:
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
        yield from _table((name, *header), rows)


def _figures(inspection: Inspection) -> Iterator[str]:
    if not inspection.figures:
        return
    shares = [f"{p} %" for p in next(iter(inspection.figures.values())).percentiles]
    rows = [
        (name, str(figure.n), *map(_short, figure.percentiles.values()))
        for name, figure in inspection.figures.items()
    ]
    yield ""
    yield from _table(("quality", "faces", *shares), rows)


def _skipped(inspection: Inspection) -> Iterator[str]:
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


def _table(header: Row, rows: Sequence[Row]) -> Iterator[str]:
    """Columns under each other: the first to the left, the others to the right."""
    lines = [tuple(one_line(cell) for cell in line) for line in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join(cells).rstrip()
