"""From rows of a result to what they say of a claim."""

from collections.abc import Sequence

from voice2face.evaluation.results import Claim, Row, Verdict
from voice2face.experiments.answers import shown
from voice2face.experiments.comparing import REAL

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


def verdict_above(row: Row, level: float) -> Verdict:
    """Whether a value lies above a level, as its interval has it."""
    if row.low is None or row.high is None:
        return "cannot be told"
    if row.low > level:
        return "holds"
    return "does not hold" if row.high < level else "cannot be told"


def best_judge(rows: Sequence[Row], measure: str, stratum: str = "") -> str:
    """Who tells real faces apart best: the embedder that a verdict goes by.

    Chosen by real faces alone, so not by what it says of a model. The first one where none was
    asked about real faces.
    """
    asked = [r for r in rows if (r.measure, r.stratum, r.against) == (measure, stratum, "")]
    real = [r for r in asked if r.system == REAL and r.value is not None]
    if real:
        return max(real, key=lambda row: row.value or 0.0).embedder
    return asked[0].embedder if asked else ""


def rows_of(
    rows: Sequence[Row], system: str, measure: str, stratum: str = "", against: str = ""
) -> list[Row]:
    """Those that were measured, one of each embedder."""
    wanted = (system, measure, stratum, against)
    found = [r for r in rows if (r.system, r.measure, r.stratum, r.against) == wanted]
    return [row for row in found if row.value is not None]


def claim_above(
    text: str, source: str, found: Sequence[Row], level: float, judge: str
) -> Claim | None:
    """That a value lies above a level; None where it was not measured.

    Args:
        text: The claim.
        source: Where it stands.
        found: The value by each embedder, see :func:`rows_of`.
        level: Such as chance.
        judge: The embedder that the verdict goes by; the others stand in the evidence.
    """
    if not found:
        return None
    first = next((row for row in found if row.embedder == judge), found[0])
    others = [row for row in found if row is not first]
    nothing = "no difference is 0" if first.against else f"by chance {level:.3g}"
    told = f"{first.system}: {_by(first)} ({first.n_people} people; {nothing})"
    if others:
        told += f"; {', '.join(map(_by, others))}"
    return Claim(text, source, verdict_above(first, level), told)


def _by(row: Row) -> str:
    against = f" above {row.against}" if row.against else ""
    return f"{shown(row)}{against}" + (f" by {row.embedder}" if row.embedder else "")
