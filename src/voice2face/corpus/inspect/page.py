"""One HTML file that shows a person what the network will be given."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from voice2face import __version__
from voice2face.corpus.inspect.index import Index
from voice2face.corpus.inspect.markup import facts, table, text
from voice2face.corpus.inspect.numbers import Attribute, Inspection, time_unit
from voice2face.corpus.inspect.people import FIGURE_WORDS, people_html, worst_html
from voice2face.corpus.inspect.sample import draw, read_people, read_worst
from voice2face.corpus.inspect.sound import MOST_S, clip_of
from voice2face.corpus.inspect.style import CSS
from voice2face.corpus.read import Corpus
from voice2face.corpus.schema import SPLITS
from voice2face.files import write_text

MOST_SKIPPED = 200  # inputs left out that are listed
N_WORST = 8  # faces that are shown for each figure
WARNING = (
    "This page contains pictures and voices of people. It is for the eyes of those who may see "
    "the data it was made from: keep it where the data is kept, and do not publish it."
)


@dataclass(frozen=True)
class Sampling:
    """What the page shows of the people.

    Args:
        identities: How many at most.
        clips: Most of each.
        faces: Most of each.
        seed: Of the choice.
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
        OutputError: The page could not be written.
    """
    write_text(path, page(corpus, inspection, index, sampling))


def page(corpus: Corpus, inspection: Inspection, index: Index, sampling: Sampling) -> str:
    """The page as text; the same for the same corpus, seed and program.

    Raises:
        CorpusError: The corpus is damaged.
    """
    name = corpus.path.resolve().name
    style = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    policy = (
        "default-src 'none'; img-src data:; media-src data:; "
        f"style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"
    )
    body = "\n".join(_sections(corpus, inspection, index, sampling))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="generator" content="voice2face {__version__}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f"<title>{_title(name)}</title>\n<style>{CSS}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _title(name: str) -> str:
    return text(name).removeprefix("<bdi>").removesuffix("</bdi>") + " – corpus of voices and faces"


def _sections(
    corpus: Corpus, inspection: Inspection, index: Index, sampling: Sampling
) -> Iterator[str]:
    yield _head(corpus, inspection)
    yield _counts(inspection)
    yield _attributes(inspection)
    yield _quality(inspection)
    yield _people(corpus, index, sampling)
    yield _worst(corpus, index)
    yield _skipped(corpus, inspection)
    yield _made(inspection)


def _head(corpus: Corpus, inspection: Inspection) -> str:
    info, everything = inspection.info, inspection.counts["all"]
    unit, length_s = time_unit(everything.speech_s)
    sums = (
        f"{everything.identities:,} identities, {everything.voices:,} voices with "
        f"{everything.speech_s / length_s:,.2f} {unit} of speech, {everything.faces:,} faces of "
        f"{info.face_px}×{info.face_px} pixels."
    )
    links = (
        ("counts", "Counts"),
        ("people", "People"),
        ("worst", "Worst faces that were kept"),
        ("skipped", "What was left out"),
        ("made", "How it was made"),
    )
    nav = "".join(f'<a href="#{anchor}">{title}</a>' for anchor, title in links)
    leak = ""
    if inspection.in_several_splits:
        n = inspection.in_several_splits
        leak = f'<p class="warn">{n} identities are in more than one split: results would lie.</p>'
    return (
        f"<header><h1>{text(corpus.path.resolve().name)}</h1>"
        f"<p>A corpus of voices and faces: {sums}</p>"
        f'<p class="warn">{WARNING}</p>{leak}<nav>{nav}</nav></header>'
    )


def _counts(inspection: Inspection) -> str:
    unit, length_s = time_unit(inspection.counts["all"].speech_s)
    rows = [
        (
            part,
            c.identities,
            c.voices,
            round(c.speech_s / length_s, 2),
            round(c.seconds / length_s, 2),
            c.faces,
        )
        for part, c in inspection.counts.items()
    ]
    names = ["", "identities", "voices", f"{unit} of speech", f"{unit} recorded", "faces"]
    spreads = [
        ({"speech_s": "seconds of speech", "clips": "clips", "faces": "faces"}[name],
         s.n, s.least, s.lower, s.median, s.upper, s.most)
        for name, s in inspection.per_identity.items()
    ]  # fmt: skip
    header = ["each identity has", "identities", "least", "25 %", "median", "75 %", "most"]
    return (
        f'<section id="counts"><h2>Counts</h2>{table(names, rows)}'
        f"<h3>Per identity</h3>{table(header, spreads)}"
        f'<p class="small">{inspection.only_voices:,} identities have voices but no face, '
        f"{inspection.only_faces:,} faces but no voice.</p></section>"
    )


def _attributes(inspection: Inspection) -> str:
    many = {n: a.n_values for n, a in inspection.attributes.items() if a.values is None}
    tables = [_attribute(n, a) for n, a in inspection.attributes.items() if a.values is not None]
    if not tables and not many:
        return ""
    rest = facts((name, f"{n:,} different values") for name, n in many.items())
    note = (
        "Heard and seen: identities that have voices, that have faces. Under the names of the "
        "splits: identities in each."
    )
    return (
        f'<section><h2>Attributes</h2><p class="small faint">{note}</p>'
        f'<div class="tables">{"".join(tables)}</div>{rest}</section>'
    )


def _attribute(name: str, attribute: Attribute) -> str:
    rows = []
    for value in attribute.values or ():
        label = "(none)" if value.value is None else value.value
        everything = value.counts["all"]
        splits = [value.counts[split].identities for split in SPLITS]
        there = value.heard, everything.voices, value.seen, everything.faces
        rows.append((label, everything.identities, *there, *splits))
    header = ["", "identities", "heard", "voices", "seen", "faces", *SPLITS]
    return f"<div><h3>{text(name)}</h3>{table(header, rows, long=[0])}</div>"


def _quality(inspection: Inspection) -> str:
    if not inspection.figures:
        return ""
    rows = [
        (f"{name}: {FIGURE_WORDS[name]}", figure.n, *figure.percentiles.values())
        for name, figure in inspection.figures.items()
    ]
    shares = [f"{p} %" for p in next(iter(inspection.figures.values())).percentiles]
    note = "Each column says which value that share of the faces does not exceed."
    return (
        f"<section><h2>Quality of the faces</h2>"
        f"{table(['', 'faces', *shares], rows)}"
        f'<p class="small faint">{note}</p></section>'
    )


def _people(corpus: Corpus, index: Index, sampling: Sampling) -> str:
    chosen = draw(index, sampling.identities, sampling.seed)
    people = read_people(
        corpus, index, chosen, clips=sampling.clips, faces=sampling.faces, seed=sampling.seed
    )
    settings = corpus.info.front_end.log_mel
    about = (
        f"{len(people)} of {len(index.identities):,} identities, drawn with seed {sampling.seed}, "
        "the splits in turns. The pictures are the stored faces, pixel by pixel: all that the "
        "network sees. The sound is the stored recording, silence included, "
        f"at most {MOST_S:.0f} s, as MP3. The coloured picture is computed from it by the front "
        f"end '{corpus.info.preset}', before silence is cut out: log-mel spectrogram, "
        f"seconds to the right, kHz upwards in {settings.n_mels} bands equally wide in mel, dark "
        "for quiet and bright for loud (colours: magma, from each clip's 1 % to its 99.9 %)."
    )
    html = people_html(people, corpus.info, lambda row: clip_of(row["sound"], settings))
    return (
        f'<section id="people"><h2>People</h2><p>{escape(about, quote=False)}</p>{html}</section>'
    )


def _worst(corpus: Corpus, index: Index) -> str:
    found = read_worst(corpus, index, N_WORST)
    about = (
        "For each figure that a threshold cuts, the kept faces that come closest to it: what is a "
        "little worse than these was left out. If they are no good, the threshold is too lax."
        if found
        else "No figure is known of the faces: they were aligned already, or there are none."
    )
    html = "".join(worst_html(worst) for worst in found)
    return f'<section id="worst"><h2>Worst faces that were kept</h2><p>{about}</p>{html}</section>'


def _skipped(corpus: Corpus, inspection: Inspection) -> str:
    total, n_inputs = sum(inspection.skipped.values()), inspection.info.inputs
    start = f'<section id="skipped"><h2>What was left out</h2><p>{total:,} of {n_inputs:,} inputs'
    if not total:
        return f"{start}.</p></section>"
    reasons = [
        (reason, n, inspection.skipped_files[reason],
         "no" if reason in inspection.harmless else "yes")
        for reason, n in inspection.skipped.items()
    ]  # fmt: skip
    rows = [
        (row["reason"], row["detail"], row["kind"], row["identity"] or "", row["path"] or "",
         "" if row["row"] is None else str(row["row"]), str(row["files"]))
        for row in corpus.skipped()[:MOST_SKIPPED]
    ]  # fmt: skip
    header = ["reason", "detail", "kind", "identity", "path", "row", "files"]
    caption = f"The first {len(rows):,} of {total:,}; skipped.parquet has all."
    if len(rows) == total:
        caption = "All of them, as in skipped.parquet."
    return (
        f"{start}.</p>{table(['reason', 'inputs', 'files', 'a loss'], reasons)}<h3>One by one</h3>"
        f"{table(header, rows, caption=caption, long=[1, 3, 4])}</section>"
    )


def _made(inspection: Inspection) -> str:
    info = inspection.info
    crop = info.face_crop
    pairs: Sequence[tuple[str, Any]] = (
        ("audio front end", info.preset),
        ("faces", f"{crop.px}×{crop.px} pixels, geometry '{crop.geometry}'"),
        ("removed from faces", ", ".join(crop.remove) or "nothing"),
        ("split", info.split_rule),
        ("data hash", info.data_hash),
        ("made by", info.program),
        ("schema version", info.schema_version),
    )
    sources = [
        (str(number), s.layout, s.path, s.rows, "yes" if s.aligned else "no", s.sha256)
        for number, s in enumerate(info.sources)
    ]
    header = ["source", "layout", "path", "rows or files", "aligned", "sha256"]
    return (
        f'<section id="made"><h2>How it was made</h2>{facts(pairs)}'
        f"{table(header, sources, long=[2, 5])}</section>"
    )
