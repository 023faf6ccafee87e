"""In which order a report tells what, and what its files are called."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voice2face.errors import CorpusError
from voice2face.evaluation.results import Result


@dataclass(frozen=True, eq=False)
class Chapter:
    """Results that answer one kind of question.

    Attributes:
        name: Anchor in the page.
        title: Heading.
        about: A sentence below it.
        results: In order.
    """

    name: str
    title: str
    about: str
    results: tuple[Result, ...]


TESTS = "What the paper measured and the report left without a number. Real faces stand beside as "
TESTS += "the upper reference, rivals that know little or nothing of the voice as the lower one."
FIGURES = "The report's figures in its own layout, each with the measurement that belongs to it."
BEYOND = "Rivals, how well the models generalise, and what else neither paper nor report asked."
KINDS = (
    ("tests", "The four tests", TESTS),
    ("figures", "The figures", FIGURES),
    ("beyond", "Beyond the report", BEYOND),
)
FIRST_BEYOND = ("rival", "general")  # in names of experiments, in this order


def chapters(results: Sequence[Result]) -> list[Chapter]:
    """Tests, figures, the rest; each by its number in the report, or as given; none is empty.

    Raises:
        CorpusError: There are no results, or two of one experiment.
    """
    names = [stem(result) for result in results]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        found = f"two results of '{twice[0]}'" if twice else "no result"
        raise CorpusError("report", found, "one result for each experiment", "choose others")
    kinds: dict[str, list[Result]] = {name: [] for name, _, _ in KINDS}
    for result in sorted(results, key=_place):
        kinds[_kind(result)].append(result)
    return [
        Chapter(name, title, about, tuple(kinds[name]))
        for name, title, about in KINDS
        if kinds[name]
    ]


def stem(result: Result) -> str:
    """What the files of a result start with, such as "figure-2-durations"."""
    item = result.report_item if _kind(result) != "beyond" else ""
    return slug(f"{item} {result.experiment}") or "result"


def slug(text: str) -> str:
    """Small letters, digits and dashes, for names of files and anchors."""
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")


def heading(result: Result) -> str:
    """Such as "Figure 2. Faces over durations"."""
    title = result.title or result.experiment
    return f"{result.report_item}. {title}" if result.report_item else title


def _kind(result: Result) -> str:
    item = result.report_item.lower()
    return "tests" if item.startswith("test") else "figures" if item.startswith("fig") else "beyond"


def _place(result: Result) -> tuple[int, str]:
    """Number and letter of the report's item; for the rest where it belongs."""
    if _kind(result) != "beyond":
        number, letter = re.findall(r"(\d+)\s*(.*)", f"{result.report_item} 0")[0]
        return int(number), letter
    for place, word in enumerate(FIRST_BEYOND):
        if word in result.experiment.lower():
            return place, ""
    return len(FIRST_BEYOND), ""
