"""One HTML file that shows a person what the network will be given."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voice2face import __version__, markup
from voice2face.corpus.inspect.index import Index
from voice2face.corpus.inspect.numbers import PERCENTILES, Inspection, time_unit
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
        shown_px=SHOWN_PX, shares=[f"{p} %" for p in PERCENTILES], figure_words=FIGURE_WORDS,
        skipped=corpus.skipped()[:MOST_SKIPPED], n_skipped=sum(inspection.skipped.values()),
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
    """A number for a reader: thousands apart, few decimals."""
    if isinstance(value, int) or value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
