"""One HTML file that shows a person what the network will be given."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voice2face import __version__, markup
from voice2face.corpus.inspect.index import Index
from voice2face.corpus.inspect.numbers import Attribute, Inspection, time_unit
from voice2face.corpus.inspect.people import FIGURE_WORDS, SHOWN_PX, person_view, worst_view
from voice2face.corpus.inspect.sample import draw, read_people, read_worst
from voice2face.corpus.inspect.sound import MOST_S
from voice2face.corpus.read import Corpus
from voice2face.corpus.schema import SPLITS
from voice2face.files import write_text
from voice2face.templates import inline_style, safe, templates

TEMPLATES = Path(__file__).parent / "templates"
MOST_SKIPPED = 200  # inputs left out that are listed
N_WORST = 8  # faces that are shown for each figure
MOST_CHARACTERS = 300  # of a text; longer ones are cut in their middle


@dataclass(frozen=True)
class Sampling:
    """What the page shows of the people.

    Args:
        identities: How many at most.
        clips: Most of each.
        faces: Most of each.
        seed: Seed of the choice.
    """

    identities: int = 24
    clips: int = 2
    faces: int = 12
    seed: int = 0


def write_page(
    path: Path, corpus: Corpus, inspection: Inspection, index: Index, sampling: Sampling
) -> None:
    """Write the page, whole.

    Args:
        path: The file.
        corpus: What it shows.
        inspection: Its numbers.
        index: Who is in which row.
        sampling: Who is shown.

    Raises:
        CorpusError: The corpus is damaged.
        MissingExtraError: jinja2 is not installed.
        OutputError: The page could not be written.
    """
    write_text(path, page(corpus, inspection, index, sampling))


def page(corpus: Corpus, inspection: Inspection, index: Index, sampling: Sampling) -> str:
    """The page as text; the same for the same corpus, seed and program.

    Raises:
        CorpusError: The corpus is damaged.
        MissingExtraError: jinja2 is not installed.
    """
    css, policy = inline_style(TEMPLATES / "page.css")
    chosen = draw(index, sampling.identities, sampling.seed)
    people = read_people(
        corpus, index, chosen, clips=sampling.clips, faces=sampling.faces, seed=sampling.seed
    )
    whole: str = _templates().get_template("page.html").render(
        css=css, policy=policy, version=__version__, name=corpus.path.resolve().name,
        info=inspection.info, inspection=inspection, splits=list(SPLITS), time_unit=time_unit,
        people=[person_view(person, corpus.info) for person in people],
        n_identities=len(index.identities), seed=sampling.seed, most_s=MOST_S,
        worst=[worst_view(found) for found in read_worst(corpus, index, N_WORST)],
        shown_px=SHOWN_PX, skipped=_skipped(corpus),
        **_numbers(inspection), **_left_out(inspection), **_made(inspection),
    )  # fmt: skip
    return whole


def _templates() -> Any:
    """The templates; whatever they print is escaped and one line, in text and in attributes."""
    found = templates(TEMPLATES, _printed, "the page of inspect", "data")
    found.filters["attr"] = lambda value: safe(markup.attribute(_cut(value)))
    return found


def _printed(value: object) -> object:
    """What a template prints: markup of its own as it is, numbers, and all else as escaped text."""
    if hasattr(value, "__html__"):
        return value
    return safe(_number(value) if isinstance(value, int | float) else markup.text(_cut(value)))


def _cut(value: object) -> str:
    line, half = markup.line(value), MOST_CHARACTERS // 2
    return line if len(line) <= MOST_CHARACTERS else f"{line[:half]} … {line[-half:]}"


def _number(value: float) -> str:
    """For a person: thousands apart, few decimals."""
    if isinstance(value, int) or value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _numbers(inspection: Inspection) -> dict[str, Any]:
    """Rows of the tables of counts, attributes and quality."""
    _, length_s = time_unit(inspection.counts["all"].speech_s)
    words = {"speech_s": "seconds of speech", "clips": "clips", "faces": "faces"}
    few = {n: a for n, a in inspection.attributes.items() if a.values is not None}
    many = {n: a.n_values for n, a in inspection.attributes.items() if a.values is None}
    figures = inspection.figures
    return {
        "counts": [
            (part, c.identities, c.voices, round(c.speech_s / length_s, 2),
             round(c.seconds / length_s, 2), c.faces)
            for part, c in inspection.counts.items()
        ],
        "spreads": [
            (words[name], s.n, s.least, s.lower, s.median, s.upper, s.most)
            for name, s in inspection.per_identity.items()
        ],
        "attributes": {name: _rows_of(attribute) for name, attribute in few.items()},
        "of_many_values": [(name, f"{n:,} different values") for name, n in many.items()],
        "figures": [
            (f"{name}: {FIGURE_WORDS[name]}", figure.n, *figure.percentiles.values())
            for name, figure in figures.items()
        ],
        "shares": [f"{p} %" for f in list(figures.values())[:1] for p in f.percentiles],
    }  # fmt: skip


def _rows_of(attribute: Attribute) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for value in attribute.values or ():
        everything = value.counts["all"]
        splits = [value.counts[split].identities for split in SPLITS]
        there = value.heard, everything.voices, value.seen, everything.faces
        label = "(none)" if value.value is None else value.value
        rows.append((label, everything.identities, *there, *splits))
    return rows


def _left_out(inspection: Inspection) -> dict[str, Any]:
    reasons = [
        (reason, n, inspection.skipped_files[reason],
         "no" if reason in inspection.harmless else "yes")
        for reason, n in inspection.skipped.items()
    ]  # fmt: skip
    return {"reasons": reasons, "n_skipped": sum(inspection.skipped.values())}


def _skipped(corpus: Corpus) -> list[tuple[str, ...]]:
    return [
        (row["reason"], row["detail"], row["kind"], row["identity"] or "", row["path"] or "",
         "" if row["row"] is None else str(row["row"]), str(row["files"]))
        for row in corpus.skipped()[:MOST_SKIPPED]
    ]  # fmt: skip


def _made(inspection: Inspection) -> dict[str, Any]:
    info, crop = inspection.info, inspection.info.face_crop
    made = [
        ("audio front end", info.preset),
        ("sound", info.sound),
        ("faces", f"{crop.px}×{crop.px} pixels, geometry '{crop.geometry}'"),
        ("removed from faces", ", ".join(crop.remove) or "nothing"),
        ("split", info.split_rule),
        ("data hash", info.data_hash),
        ("made by", info.program),
        ("schema version", info.schema_version),
    ]
    sources = [
        (str(number), s.layout, s.path, s.rows, "yes" if s.aligned else "no", s.sha256)
        for number, s in enumerate(info.sources)
    ]
    return {"made": made, "sources": sources}
