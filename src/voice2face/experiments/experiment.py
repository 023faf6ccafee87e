"""An experiment as data: what it asks, and how."""

from collections.abc import Callable
from dataclasses import dataclass

from voice2face import __version__
from voice2face.evaluation.results import Chapter, Result
from voice2face.experiments.context import Context
from voice2face.experiments.summary import TOO_LITTLE, Summary


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A question, and how it is asked.

    Attributes:
        name: Name in commands, and of its files.
        title: Heading.
        report_item: Its counterpart in the report, such as ``Figure 2`` or ``Test 4``; or "".
        chapter: Chapter of the page; within it experiments stand in the order of the registry.
        question: The question in one sentence.
        protocol: What is done, in a few sentences.
        measure: What is measured, with its unit.
        chance: What a system without knowledge reaches, in words.
        unit: What the intervals resample.
        run: Adds rows, series, grids and claims to a summary.
        lacking: Says why it can't be asked of a corpus, from names, attributes and lengths of
            recordings; "" if it can.
    """

    name: str
    title: str
    report_item: str = ""
    chapter: Chapter = "beyond"
    question: str
    protocol: str
    measure: str
    chance: str
    unit: str = "People."
    run: Callable[[Summary], None]
    lacking: Callable[[Context], str] = lambda context: ""

    def answer(self, context: Context) -> Result:
        """Ask it; the result, or why it can't be asked of this corpus."""
        found = Summary(context, self.name)
        if not (left_out := self.lacking(context)):
            self.run(found)
        if any(claim.verdict == TOO_LITTLE for claim in found.claims):
            found.unfit = context.fitness(context.main).said
        return Result(
            experiment=self.name, title=self.title, report_item=self.report_item,
            chapter=self.chapter, question=self.question, protocol=self.small_print,
            left_out=left_out, rows=found.rows, series=found.series, grids=found.grids,
            claims=found.claims, trials_sha256=found.trials, unfit=found.unfit,
            seeds={"all that is drawn": context.seed}, warnings=list(context.notes),
            sources=context.sources() | found.sources, made_by=f"voice2face {__version__}",
        )  # fmt: skip

    @property
    def small_print(self) -> str:
        """Protocol, measure, chance and what is resampled, as a few sentences."""
        said = (
            self.protocol,
            f"Measured: {_lowered(self.measure)}",
            f"By chance: {_lowered(self.chance)}",
            f"Intervals resample: {_lowered(self.unit)}",
        )
        return " ".join(f"{part.rstrip('.')}." for part in said)


def _lowered(sentence: str) -> str:
    """A sentence that goes on after a colon; names in capitals stay."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]
