"""The report as Markdown."""

from collections.abc import Mapping, Sequence

from voice2face import __version__
from voice2face.evaluation.results import Claim, Result, Row
from voice2face.markup import markdown as md
from voice2face.report import words
from voice2face.report.order import Chapter, heading, stem
from voice2face.report.tables import Table, letter, tables


def markdown_page(
    chapters: Sequence[Chapter], pictures: Mapping[str, Sequence[str]], title: str, about: str
) -> str:
    """The report as text; the same for the same results and program.

    Args:
        chapters: What is told, in order.
        pictures: PNG files of each result by its stem, relative to the page.
        title: Heading.
        about: What this is about; an empty line parts paragraphs.
    """
    results = [result for chapter in chapters for result in chapter.results]
    parts = [f"# {md(title)}", *(md(p) for p in about.split("\n\n") if p.strip())]
    parts += _summary(results)
    for chapter in chapters:
        parts += [f"## {chapter.title}", chapter.about]
        for result in chapter.results:
            parts += _result(result, pictures.get(stem(result), ()))
    parts += _made(results)
    return "\n\n".join(parts) + "\n"


def _summary(results: Sequence[Result]) -> list[str]:
    claims = [claim for result in results for claim in result.claims]
    parts = ["## Summary"]
    parts += [f"**Too little training to tell.** {md(s)}." for s in unfit_of(results)]
    parts += [f"**{md(s)}**" for s in dict.fromkeys(s for r in results for s in r.warnings)]
    if differing := words.disagreeing(results):
        names = md(", ".join(differing))
        parts.append(f"**Not all results were made from the same files:** {names}.")
    parts += [words.verdict_sentence(claims), words.WHAT_A_FACE_IS]
    if claims:
        order = sorted(claims, key=lambda claim: words.VERDICTS.index(claim.verdict))
        parts.append("\n".join(_claim(claim, unfit_of(results)) for claim in order))
    if left_out := [f"- {md(heading(r))}: {md(r.left_out)}" for r in results if r.left_out]:
        parts += ["What could not be asked here:", "\n".join(left_out)]
    return [*parts, words.HOW_TO_READ]


def unfit_of(results: Sequence[Result]) -> list[str]:
    """Why models are not worth judging, each once."""
    return list(dict.fromkeys(sentence for result in results for sentence in result.unfit))


def _claim(claim: Claim, unfit: Sequence[str]) -> str:
    verdict = f"{claim.verdict}, {claim.grade}" if claim.grade else claim.verdict
    about = f"{claim.measure}, by {claim.judge}" if claim.judge else claim.measure
    bound = f"; above {claim.bound}" if claim.bound else ""
    measured = f" *Measured: {md(about + bound)}.*" if about else ""
    why = "" if claim.why in unfit else claim.why
    told = md(". ".join(filter(None, [claim.evidence, why])))
    return f"- **{verdict}**: {md(claim.text)} ({md(claim.source)}).{measured} {told}"


def _result(result: Result, pictures: Sequence[str]) -> list[str]:
    parts = [f"### {md(heading(result))}", md(result.question)]
    if result.protocol:
        parts.append(md(result.protocol))
    if result.left_out:
        parts.append(f"**Not asked here:** {md(result.left_out)}")
    parts += [f"![{md(heading(result))}]({name})" for name in pictures]
    for table in tables(result):
        parts += _table(table)
    return parts


def _table(table: Table) -> list[str]:
    width = len(table.columns)
    lines = [_line(["", *map(md, table.headings)]), _line(["---"] + ["---:"] * width)]
    for name, cells in table.lines:
        shown = [_cell(table, i, row) for i, row in enumerate(cells)]
        lines.append(_line([md(name), *shown]))
    lines += [_line([f"*{name}*", *values]) for name, values in table.feet()]
    parts = [f"**{md(table.caption)}**"] if table.caption else []
    parts.append("\n".join(lines))
    if table.signed:
        parts.append(words.SIGNS_KEY)
    notes = [f"({letter(i)}) {md(note)}" for i, note in enumerate(table.notes)]
    return [*parts, " ".join(notes)] if notes else parts


def _cell(table: Table, column: int, row: Row | None) -> str:
    if row is None:
        return ""
    digits, mark = table.digits[column], table.mark(row)
    word = words.difference_word(row) if table.signed else ""
    parts = (
        words.number(row.value, digits, signed=table.signed),
        words.interval(row.low, row.high, digits, signed=table.signed),
        words.SIGNS.get(word, ""),
        f"({mark})" if mark else "",
        md(table.inside(row)),
    )
    return " ".join(filter(None, parts))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _made(results: Sequence[Result]) -> list[str]:
    lines = []
    for result in results:
        seeds = ", ".join(f"{name} {seed}" for name, seed in result.seeds.items())
        lines.append(f"- {md(heading(result))}: seeds {md(seeds) or 'none'}; {md(result.made_by)}")
        lines += [f"  - trials {md(n)}: `{md(c)}`" for n, c in result.trials_sha256.items()]
    sources = sorted({pair for result in results for pair in result.sources.items()})
    hashes = [f"- {md(name)}: `{md(checksum)}`" for name, checksum in sources]
    parts = ["## How it was made", "\n".join(lines)]
    if hashes:
        parts += ["Sources:", "\n".join(hashes)]
    return [*parts, f"voice2face {__version__}"]
