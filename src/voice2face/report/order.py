"""Order of a report, and names of its files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voice2face.errors import CorpusError
from voice2face.evaluation.results import Chapter as Kind
from voice2face.evaluation.results import Result


@dataclass(frozen=True, eq=False)
class Chapter:
    """Results of one kind of question.

    Attributes:
        name: Anchor in the page.
        title: Heading.
        about: Sentence below the heading.
        results: Results in order.
    """

    name: Kind
    title: str
    about: str
    results: tuple[Result, ...]


TESTS = "What the paper measured and the report left without a number. Real faces stand beside as "
TESTS += "the upper reference, baselines that know little or nothing of the voice as the lower one."
FIGURES = "The report's figures in its own layout, each with the measurement that belongs to it."
BEYOND = "Whether there is a model worth judging, and what neither paper nor report asked."
KINDS: tuple[tuple[Kind, str, str], ...] = (
    ("tests", "The four tests", TESTS),
    ("figures", "The figures", FIGURES),
    ("beyond", "Beyond the report", BEYOND),
)


def chapters(results: Sequence[Result]) -> list[Chapter]:
    """Chapters: tests, figures, the rest; results stay in the order given.

    Raises:
        CorpusError: There are no results, or two of one experiment.
    """
    names = [stem(result) for result in results]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        found = f"two results of '{twice[0]}'" if twice else "no result"
        raise CorpusError("report", found, "one result for each experiment", "choose others")
    return [
        Chapter(kind, title, about, own)
        for kind, title, about in KINDS
        if (own := tuple(result for result in results if result.chapter == kind))
    ]


def stem(result: Result) -> str:
    """Beginning of the names of a result's files, such as "figure-2-durations"."""
    item = result.report_item if result.chapter != "beyond" else ""
    return slug(f"{item} {result.experiment}") or "result"


def slug(text: str) -> str:
    """A text in small letters, digits and dashes, for names of files and anchors."""
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")


def heading(result: Result) -> str:
    """Heading of a result, such as "Figure 2. Faces over durations"."""
    title = result.title or result.experiment
    return f"{result.report_item}. {title}" if result.report_item else title
