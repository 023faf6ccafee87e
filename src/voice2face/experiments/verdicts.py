"""The rule by which rows of a result give a verdict on a claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from voice2face.evaluation.results import Claim, Row, Verdict
from voice2face.evaluation.statistics.intervals import FEW_PEOPLE, LEVEL
from voice2face.experiments.comparing import REAL, best_embedder
from voice2face.experiments.context import Context
from voice2face.experiments.summary import TOO_LITTLE, Summary

BEYOND = "beyond paper and report"  # source of claims that neither makes
# Tests of the paper, by their names in the report's appendix.
TESTS = {
    1: "paper, test 1: voice/noise distinguishment",
    2: "paper, test 2: face classification for known subjects",
    3: "paper, test 3: gender classification",
    4: "paper, test 4: voice-to-face matching for unknown subjects",
}
# Source of the claims on durations and segments, as the report quotes it.
CONSISTENT = 'paper, "excellent consistency"; the report: "not so successful"'
# Word for a claim that holds, by the least share of the way from the bound to real faces.
GRADES = ((0.5, "strongly"), (0.2, "clearly"), (0.0, "weakly"))


@dataclass(frozen=True)
class Bound:
    """Number that the values must lie above for a claim to hold.

    Attributes:
        value: The number.
        source: Where the number comes from: "chance", "no difference", "the paper's figure".
        full: Value of the best that there is, such as real faces, for the words of ``GRADES``;
            None: no words.
        full_source: What has that value.
    """

    value: float
    source: str
    full: float | None = None
    full_source: str = ""

    def reached_by(self, rows: Sequence[Row]) -> "Bound":
        """A copy with the value of real faces, if it was measured."""
        real = [r.value for r in rows if r.system == REAL and r.value is not None]
        return Bound(self.value, self.source, max(real), REAL) if real else self


CHANCE = Bound(0.5, "chance")
NO_DIFFERENCE = Bound(0.0, "no difference")


Rows = Sequence[Row]


def verdict(rows: Rows, bound: Bound, *, some: bool = False) -> Verdict:
    """Whether the intervals of values lie above a bound.

    Args:
        rows: The values; with none there is nothing to tell.
        bound: The bound of all values.
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
    """Word for how far above the bound the least of the values lies; "" if nothing is known."""
    values = [row.value for row in rows if row.value is not None]
    if bound.full is None or bound.full <= bound.value or not values:
        return ""
    share = (min(values) - bound.value) / (bound.full - bound.value)
    return next((word for least, word in GRADES if share >= least), "")


def claim(
    summary: Summary,
    text: str,
    source: str,
    bound: Bound,
    rows: Rows,
    *,
    some: bool = False,
    hears: bool = True,
    model: str | None = None,
    speaks: str | None = None,
    prefix: str = "{}",
    more: Sequence[str] = (),
) -> Claim | None:
    """Add the claim that rows answer, whoever judged them; nothing if nothing was measured.

    Args:
        summary: Where it is added.
        text: The claim.
        source: The place where it is stated.
        bound: What the values must lie above.
        rows: What was measured; the embedder of a row is its judge.
        some: Whether one value above the bound is enough; the intervals are then widened for the
            number of looks.
        hears: Whether it is about what a voice decides, so that one face for all voices refutes it.
        model: Model whose faces it is about; None: the one that figures show; "": none.
        speaks: Judge that decides; None: the embedder that tells real faces apart best.
        prefix: Name of a judge, with ``{}`` for the embedder's.
        more: Further sentences of evidence.
    """
    known: dict[str, list[Row]] = {}
    for row in rows:
        if row.value is not None:
            known.setdefault(row.embedder, []).append(row)
    if not known:
        return None
    context = summary.context
    speaks = speaks or prefix.format(best_embedder(context))
    speaks = speaks if speaks in known else next(iter(known))
    own = known[speaks]
    found = {judge: verdict(of_judge, bound, some=some) for judge, of_judge in known.items()}
    said, why = _held_back(context, context.main if model is None else model, hears)
    others = [judge for judge in found if judge != speaks and found[judge] != found[speaks]]
    evidence = [told(own, bound), *more]
    if others and said is None:
        by_others = "; ".join(f"{judge}: {found[judge]}" for judge in others)
        evidence.append(f"Other judges disagree ({by_others})")
    made = Claim(
        text=text,
        source=source,
        verdict=said or found[speaks],
        evidence=". ".join(evidence if said == TOO_LITTLE else [*evidence, *why]),
        measure="; ".join(dict.fromkeys(row.measure for row in own)),
        judge=speaks,
        bound=f"{bound.value:.3g}: {bound.source}",
        grade=grade(own, bound) if (said or found[speaks]) == "holds" else "",
        why="; ".join(why) if said == TOO_LITTLE else "",
    )
    summary.claims.append(made)
    return made


def _held_back(context: Context, model: str, hears: bool) -> tuple[Verdict | None, list[str]]:
    """A verdict that does not depend on what was measured, and the reasons."""
    if model not in context.models:
        return None, []
    if hears and context.one_face(model):
        return "does not hold", [f"{model} draws one face, whatever it hears"]
    if reasons := context.fitness(model).reasons:
        return TOO_LITTLE, [f"{model}: {'; '.join(reasons)}"]
    return None, []


def claim_open(summary: Summary, text: str, source: str, why: str) -> None:
    """Add a claim that can't be judged with these models."""
    summary.claims.append(Claim(text, source, "cannot be told", why))


def told(rows: Rows, bound: Bound) -> str:
    """Values with their intervals, and the bound, as a sentence."""
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
    """Value and interval of a row, for a sentence."""
    if row.value is None or row.low is None or row.high is None:
        return "not measured"
    return f"{row.value:.{digits}f} [{row.low:.{digits}f}, {row.high:.{digits}f}]"


def _stratum(row: Row) -> str:
    return f"within {row.stratum}" if row.stratum == "gender" else row.stratum
