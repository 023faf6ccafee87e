"""The rule for verdicts on claims, from the rows of a result."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from voice2face.evaluation.results import Claim, Row, Verdict
from voice2face.evaluation.statistics.intervals import FEW_PEOPLE, LEVEL
from voice2face.experiments.comparing import REAL, best_embedder
from voice2face.experiments.context import Context
from voice2face.experiments.summary import TOO_LITTLE, Summary

BEYOND = "beyond paper and report"  # source of what neither asked
# The paper's tests by the names that the report's appendix gives them.
TESTS = {
    1: "paper, test 1: voice/noise distinguishment",
    2: "paper, test 2: face classification for known subjects",
    3: "paper, test 3: gender classification",
    4: "paper, test 4: voice-to-face matching for unknown subjects",
}
# Of durations and segments alike, as the report quotes it.
CONSISTENT = 'paper, "excellent consistency"; the report: "not so successful"'
# A verdict that holds, by the least share of the way from the bound to what real faces reach.
GRADES = ((0.5, "strongly"), (0.2, "clearly"), (0.0, "weakly"))


@dataclass(frozen=True)
class Bound:
    """What a claim is measured against.

    Attributes:
        value: The number.
        source: Where it comes from: "chance", "no difference", "the paper's figure".
        full: What the best there is reaches, such as real faces; words go by how much of the way
            from the bound to it there is. None: no words.
        full_source: What reaches that.
    """

    value: float
    source: str
    full: float | None = None
    full_source: str = ""

    def reached_by(self, rows: Sequence[Row]) -> "Bound":
        """A copy with the value that real faces reach, if it was measured."""
        real = [r.value for r in rows if r.system == REAL and r.value is not None]
        return Bound(self.value, self.source, max(real), REAL) if real else self


CHANCE = Bound(0.5, "chance")
NO_DIFFERENCE = Bound(0.0, "no difference")


@dataclass(frozen=True)
class Asked:
    """A claim, and how it is judged.

    Attributes:
        text: The claim.
        source: The place where it is stated.
        bound: What values must lie above.
        some: One of the values is enough; their intervals are widened for as many looks.
        hears: It says something of what a voice decides, so one face for all voices refutes it.
        model: Whose faces it is about; "": of no model, so none must be worth judging. None: the
            model that figures show.
        speaks: Who judges; None: the embedder that tells real faces apart best.
        prefix: How a judge is called after an embedder, with ``{}`` for its name.
        more: Further sentences of evidence.
    """

    text: str
    source: str
    bound: Bound
    some: bool = False
    hears: bool = True
    model: str | None = None
    speaks: str | None = None
    prefix: str = "{}"
    more: tuple[str, ...] = ()


Rows = Sequence[Row]


def verdict(rows: Rows, bound: Bound, *, some: bool = False) -> Verdict:
    """Whether values lie above a bound, as their intervals have it.

    Args:
        rows: The values; with none there is nothing to tell.
        bound: Of all of them.
        some: One value above is enough; intervals are then widened for as many looks (Bonferroni).

    Returns:
        "holds" if all intervals lie above (one, of ``some``), "does not hold" if one lies below
        (all, of ``some``). An interval without length tells nothing.
    """
    each = [_one(row, bound, len(rows) if some else 1) for row in rows]
    one: Verdict = "holds" if some else "does not hold"  # of which one is enough
    every: Verdict = "does not hold" if some else "holds"
    if one in each:
        return one
    return every if each and set(each) == {every} else "cannot be told"


def _one(row: Row, bound: Bound, n_looks: int) -> Verdict:
    if row.value is None or row.low is None or row.high is None or row.low == row.high:
        return "cannot be told"
    by = NormalDist().inv_cdf(1 - (1 - LEVEL) / 2 / n_looks) / NormalDist().inv_cdf((1 + LEVEL) / 2)
    if row.value - by * (row.value - row.low) > bound.value:
        return "holds"
    below = row.value + by * (row.high - row.value) < bound.value
    return "does not hold" if below else "cannot be told"


def grade(rows: Rows, bound: Bound) -> str:
    """How far above the bound the least of the values lies, in a word; "" where nothing says."""
    values = [row.value for row in rows if row.value is not None]
    if bound.full is None or bound.full <= bound.value or not values:
        return ""
    share = (min(values) - bound.value) / (bound.full - bound.value)
    return next((word for least, word in GRADES if share >= least), "")


def judged(context: Context, asked: Asked, rows: Rows) -> Claim | None:
    """The one claim that rows answer, whoever judged them; None where nothing was measured.

    Args:
        context: The models and embedders.
        asked: The claim.
        rows: What was measured; their embedder is who judged.
    """
    known: dict[str, list[Row]] = {}
    for row in rows:
        if row.value is not None:
            known.setdefault(row.embedder, []).append(row)
    if not known:
        return None
    speaks = asked.speaks or asked.prefix.format(best_embedder(context))
    speaks = speaks if speaks in known else next(iter(known))
    rows, bound = known[speaks], asked.bound
    found = {judge: verdict(own, bound, some=asked.some) for judge, own in known.items()}
    model = context.main if asked.model is None else asked.model
    said, why = _held_back(context, model, asked.hears)
    others = [judge for judge in found if judge != speaks and found[judge] != found[speaks]]
    evidence = [told(rows, bound), *asked.more]
    if others and said is None:
        by_others = "; ".join(f"{judge}: {found[judge]}" for judge in others)
        evidence.append(f"Other judges disagree ({by_others})")
    return Claim(
        text=asked.text,
        source=asked.source,
        verdict=said or found[speaks],
        evidence=". ".join(evidence if said == TOO_LITTLE else [*evidence, *why]),
        measure="; ".join(dict.fromkeys(row.measure for row in rows)),
        judge=speaks,
        bound=f"{bound.value:.3g}: {bound.source}",
        grade=grade(rows, bound) if (said or found[speaks]) == "holds" else "",
        why="; ".join(why) if said == TOO_LITTLE else "",
    )


def claim(
    summary: Summary, text: str, source: str, bound: Bound, rows: Rows, **how: Any
) -> Claim | None:
    """Add the claim that rows answer; see :class:`Asked` for how it may be judged."""
    found = judged(summary.context, Asked(text, source, bound, **how), rows)
    summary.claims += [found] if found is not None else []
    return found


def _held_back(context: Context, model: str, hears: bool) -> tuple[Verdict | None, list[str]]:
    """A verdict that does not depend on what was measured, and its reason."""
    if model not in context.models:
        return None, []
    if hears and context.one_face(model):
        return "does not hold", [f"{model} draws one face, whatever it hears"]
    if reasons := context.fitness(model).reasons:
        return TOO_LITTLE, [f"{model}: {'; '.join(reasons)}"]
    return None, []


def claim_open(summary: Summary, text: str, source: str, why: str) -> None:
    """Add a claim that the models at hand can't be asked about."""
    summary.claims.append(Claim(text, source, "cannot be told", why))


def told(rows: Rows, bound: Bound) -> str:
    """Values with their intervals, and what they are measured against."""
    many = len(rows) > 1
    values = "; ".join(
        f"{_stratum(row)} {shown(row)}" if many and row.stratum else shown(row) for row in rows
    )
    first = rows[0]
    above = f" above {first.against}" if first.against else ""
    n_people = min(row.n_people for row in rows)
    people = f"{n_people} people" if n_people else f"{first.n_trials} recordings"
    if 0 < n_people < FEW_PEOPLE:
        people += ", so few that the interval is rather too short"
    full = "" if bound.full is None else f"; {bound.full_source} {bound.full:.3g}"
    return f"{first.system}{above}: {values} ({people}; {bound.source} {bound.value:.3g}{full})"


def shown(row: Row, digits: int = 3) -> str:
    """A row's value and interval for a sentence."""
    if row.value is None or row.low is None or row.high is None:
        return "not measured"
    return f"{row.value:.{digits}f} [{row.low:.{digits}f}, {row.high:.{digits}f}]"


def _stratum(row: Row) -> str:
    return f"within {row.stratum}" if row.stratum == "gender" else row.stratum
