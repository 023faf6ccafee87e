"""An experiment as data: what it asks, how, and of what."""

from collections.abc import Callable
from dataclasses import dataclass

from voice2face.evaluation.results import Chapter, Result
from voice2face.experiments.context import Context
from voice2face.experiments.summary import TOO_LITTLE, Summary


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
        run: Answers it, of a corpus that holds what it needs: adds rows, series, grids and claims.
        lacking: Why it can't be asked, from names, attributes and lengths alone; "" where it can.
        drawn: What is drawn by the context's seed.
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
    run: Callable[[Summary], None]
    lacking: Callable[[Context], str] = lambda context: ""
    drawn: tuple[str, ...] = ("resampling",)

    def answer(self, context: Context) -> Result:
        """What the models at hand say, or why nothing could be asked of this corpus."""
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
            seeds=dict.fromkeys(self.drawn, context.seed), warnings=list(context.notes),
            sources=context.sources() | found.sources, made_by=context.made_by,
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
