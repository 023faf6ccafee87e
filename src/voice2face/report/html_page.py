"""One HTML file with everything in it, for a screen of any size and for paper."""

import base64
import hashlib
from collections.abc import Mapping, Sequence

from voice2face import __version__
from voice2face.evaluation.results import Claim, Result
from voice2face.markup import attribute, text
from voice2face.report import words
from voice2face.report.figures import panels
from voice2face.report.grids import Faces
from voice2face.report.html_parts import (
    curves_html,
    facts_table,
    grid_html,
    series_html,
    table_html,
)
from voice2face.report.order import Chapter, heading, stem
from voice2face.report.style import CSS
from voice2face.report.tables import tables

VERDICT_SIGNS = ("✓", "✗", "?")
STRIPS = (
    "In the tables the bar is the interval, the dot the value and the upright line chance (in "
    "differences: zero), all numbers of one measure on one scale; a hollow dot cannot be told "
    "from that line."
)


def page(
    chapters: Sequence[Chapter],
    faces: Mapping[str, Sequence[Faces]],
    numbers: Mapping[str, dict[str, int]],
    title: str,
    about: str,
) -> str:
    """The page as text; the same for the same results and program.

    Args:
        chapters: What is told, in order.
        faces: Grids of each result by its stem.
        numbers: Number of the look of each series' name, by the result's stem.
        title: Heading.
        about: What this is about; an empty line parts paragraphs.
    """
    style = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{style}'; "
        "base-uri 'none'; form-action 'none'"
    )
    results = [result for chapter in chapters for result in chapter.results]
    parts = [_header(chapters, title, about), _summary(results)]
    parts += [_chapter(chapter, faces, numbers) for chapter in chapters]
    body = "\n".join([*parts, _made(results)])
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="generator" content="voice2face {__version__}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{attribute(title)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
        f"{body}\n</body>\n</html>\n"
    )


def _header(chapters: Sequence[Chapter], title: str, about: str) -> str:
    paragraphs = "".join(f"<p>{text(part)}</p>" for part in about.split("\n\n") if part.strip())
    rows = [("Summary", '<a href="#summary">which claims hold</a>')]
    for chapter in chapters:
        links = " ".join(f'<a href="#{stem(r)}">{text(heading(r))}</a>' for r in chapter.results)
        rows.append((chapter.title, links))
    rows.append(("How it was made", '<a href="#made">seeds, trials, sources</a>'))
    nav = "".join(f"<div><b>{name}</b> <span>{links}</span></div>" for name, links in rows)
    return f"<header><h1>{text(title)}</h1>{paragraphs}<nav>{nav}</nav></header>"


def _summary(results: Sequence[Result]) -> str:
    claims = [(claim, result) for result in results for claim in result.claims]
    order = sorted(claims, key=lambda pair: words.VERDICTS.index(pair[0].verdict))
    items = "".join(_claim(claim, stem(result)) for claim, result in order)
    listed = f'<ul class="claims">{items}</ul>' if items else ""
    left_out = "".join(
        f"<li>{text(heading(r))}: {text(r.left_out)}</li>" for r in results if r.left_out
    )
    not_asked = f"<h3>What could not be asked here</h3><ul>{left_out}</ul>" if left_out else ""
    differing = words.disagreeing(results)
    warning = ""
    if differing:
        warning = (
            '<p class="warn">Not all results were made from the same files: of '
            f"{text(', '.join(differing))} they saw different contents. Run the older again.</p>"
        )
    return (
        f'<section id="summary"><h2>Summary</h2>{warning}'
        f'<p class="lead">{words.verdict_sentence([claim for claim, _ in claims])}</p>'
        f"<p>{words.WHAT_A_FACE_IS}</p>{listed}{not_asked}"
        f'<p class="small faint">{words.HOW_TO_READ} {STRIPS}</p></section>'
    )


def _claim(claim: Claim, anchor: str = "") -> str:
    k = words.VERDICTS.index(claim.verdict)
    source = text(claim.source)
    link = f'<a href="#{anchor}">{source}</a>' if anchor else source
    return (
        f'<li class="v{k}"><span class="verdict">{VERDICT_SIGNS[k]} {claim.verdict}</span>'
        f'<p class="text">{text(claim.text)} <span class="small faint">({link})</span></p>'
        f"<p>{text(claim.evidence)}</p></li>"
    )


def _chapter(
    chapter: Chapter,
    faces: Mapping[str, Sequence[Faces]],
    numbers: Mapping[str, dict[str, int]],
) -> str:
    told = "".join(_result(r, faces[stem(r)], numbers[stem(r)]) for r in chapter.results)
    head = f"<h2>{chapter.title}</h2><p>{chapter.about}</p>"
    return f'<section id="{chapter.name}">{head}{told}</section>'


def _result(result: Result, faces: Sequence[Faces], numbers: dict[str, int]) -> str:
    parts = [f"<h3>{text(heading(result))}</h3><p>{text(result.question)}</p>"]
    if result.protocol:
        parts.append(f'<p class="small faint">{text(result.protocol)}</p>')
    if result.left_out:
        parts.append(f'<p class="warn">Not asked here: {text(result.left_out)}</p>')
    found = panels(result)
    shown = "".join(grid_html(one) for one in faces)
    if found:
        shown += curves_html(found, numbers)
    if shown:
        parts.append(f'<div class="show">{shown}</div>')
    parts += [table_html(table) for table in tables(result)]
    if found:
        parts.append(series_html(found))
    if result.claims:
        items = "".join(_claim(claim) for claim in result.claims)
        parts.append(f'<ul class="claims">{items}</ul>')
    return f'<section class="result" id="{stem(result)}">{"".join(parts)}</section>'


def _made(results: Sequence[Result]) -> str:
    trials = [
        (heading(result), name, checksum)
        for result in results
        for name, checksum in result.trials_sha256.items()
    ]
    seeds = [
        (heading(r), ", ".join(f"{n} {s}" for n, s in r.seeds.items()), r.made_by) for r in results
    ]
    seen: dict[tuple[str, str], list[str]] = {}
    for result in results:
        for name, checksum in result.sources.items():
            seen.setdefault((name, checksum), []).append(heading(result))
    sources = [
        (name, "all" if len(users) == len(results) else "; ".join(users), checksum)
        for (name, checksum), users in sorted(seen.items())
    ]
    parts = [facts_table(["experiment", "seeds", "made by"], seeds, long=-1)]
    if trials:
        head = ["experiment", "list of trials", "sha256"]
        parts.append(f"<h3>Trials</h3>{facts_table(head, trials, long=2)}")
    if sources:
        head = ["source", "used for", "sha256"]
        parts.append(f"<h3>Sources</h3>{facts_table(head, sources, long=2)}")
    about = (
        "This page was drawn from files of results and computes nothing itself. Beside it lie the "
        "same as Markdown (report.md), every number with all its digits (tables/*.csv), tables "
        "for LaTeX (tables/*.tex) and the figures for print (figures/*.pdf, *.png)."
    )
    return (
        f'<section id="made"><h2>How it was made</h2><p>{about}</p>{"".join(parts)}'
        f'<p class="small faint">voice2face {__version__}</p></section>'
    )
