"""An experiment as data: what it asks, how, and of what."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voice2face.evaluation.results import Chapter, Result

if TYPE_CHECKING:
    from voice2face.experiments.context import Context


@dataclass(frozen=True)
class Experiment:
    """One question that a result answers.

    Attributes:
        name: Name of its files and in commands.
        title: Its heading.
        report_item: What it is in the report: ``Figure 2``, ``Test 4``; empty for what goes beyond.
        chapter: Where a report tells it; within a chapter experiments stand as in the registry.
        question: In one sentence.
        protocol: Who is asked what, in a few sentences.
        measure: What is counted, with its unit.
        chance: What a system that knows nothing reaches, in words.
        unit: What the intervals resample.
        run: Answers it, of a corpus that holds what it needs.
        lacking: Why it can't be asked, from names, attributes and lengths alone; "" where it can.
    """

    name: str
    title: str
    report_item: str
    question: str
    protocol: str
    measure: str
    chance: str
    unit: str
    chapter: Chapter
    run: Callable[["Context", "Experiment"], Result]
    lacking: Callable[["Context"], str] = lambda context: ""

    def answer(self, context: "Context") -> Result:
        """What the models at hand say, or why nothing could be asked of this corpus."""
        if not (left_out := self.lacking(context)):
            return self.run(context, self)
        about = {"sources": context.sources(), "made_by": context.made_by}
        return self.result(left_out=left_out, warnings=list(context.notes), **about)

    def result(self, **answers: object) -> Result:
        """A result of this experiment with its heading and its small print filled in."""
        return Result(
            experiment=self.name,
            title=self.title,
            report_item=self.report_item,
            chapter=self.chapter,
            question=self.question,
            protocol=self.small_print,
            **answers,  # type: ignore[arg-type]
        )

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
