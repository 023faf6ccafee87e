"""Numbers and names for readers."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from voice2face.evaluation.results import Claim, Result, Row

WHAT_A_FACE_IS = (
    "A face made from a voice is a guess. It can share what a voice tells about its speaker, above "
    "all the gender and something of the age; everything else in it comes from the faces that the "
    "model was trained on. It is not a likeness, and must not be used to recognise anybody."
)
HOW_TO_READ = (
    "Behind each number stands its 95 % interval, found by drawing the tested people again and "
    "again and widened by how far the trainings from several seeds differ: had other people of the "
    "same kind been asked, of models trained again, the number would most likely have been "
    "somewhere in it. A difference counts only if its interval lies on one side of zero."
)
VERDICTS = ("holds", "does not hold", "cannot be told", "too little training to tell")
STRIPS = (
    "In the tables the bar is the interval, the dot the value and the upright line chance (in "
    "differences: zero), all numbers of one measure on one scale; a hollow dot cannot be told "
    "from that line."
)
ATTRIBUTES = "gender|sex|age|age_band|age_group|ethnicity|race|nationality|language|native"
MISSING = "–"
SIGNS = {"higher": "▲", "lower": "▼", "cannot be told": "≈"}
SIGNS_KEY = "▲ higher, ▼ lower, ≈ cannot be told: the interval holds zero."


def stratum_words(stratum: str) -> str:
    """Words such as "within gender and age" for "gender, age"; other strata stay as they are."""
    parts = [part.strip() for part in re.split(r",|\+|&| and ", stratum) if part.strip()]
    if not parts:
        return "all"
    if not all(re.fullmatch(ATTRIBUTES, part.lower()) for part in parts):
        return stratum
    parts = [part.replace("_", " ") for part in parts]
    return "within " + " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def digits_of(values: Iterable[float | None]) -> int:
    """Decimals that give the largest value three or four digits; 0 for counts."""
    known = [abs(value) for value in values if value is not None]
    largest = max(known, default=0.0)
    if largest > 1 and all(value == round(value) for value in known):
        return 0
    for limit, digits in ((0.005, 5), (0.05, 4), (10, 3), (100, 2), (1000, 1)):
        if 0 < largest < limit:
            return digits
    return 0 if largest >= 1000 else 3


def number(value: float | None, digits: int, *, signed: bool = False) -> str:
    """A number with that many decimals and a true minus; a dash if it was not measured."""
    if value is None:
        return MISSING
    text = f"{value:{'+' if signed else ''},.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")


def interval(low: float | None, high: float | None, digits: int, *, signed: bool = False) -> str:
    """An interval such as "[0.626, 0.792]"; "" if there is none."""
    if low is None or high is None:
        return ""
    return f"[{number(low, digits, signed=signed)}, {number(high, digits, signed=signed)}]"


def difference_word(row: Row) -> str:
    """Word for a paired difference, by its interval; "" if there is none."""
    if row.value is None or row.low is None or row.high is None:
        return ""
    return "higher" if row.low > 0 else "lower" if row.high < 0 else "cannot be told"


def span(values: Sequence[float | int | None], digits: int = 0) -> str:
    """One number if all are the same, else from the least to the largest."""
    known = [value for value in values if value is not None]
    if not known:
        return MISSING
    least, largest = number(min(known), digits), number(max(known), digits)
    return least if least == largest else f"{least}–{largest}"


def verdict_sentence(claims: Sequence[Claim]) -> str:
    """How many of the claims have each verdict."""
    if not claims:
        return "No claim of the paper or the report was asked here."
    counts = Counter[str](claim.verdict for claim in claims)
    told = "; ".join(f"{verdict}: {counts[verdict]}" for verdict in VERDICTS if counts[verdict])
    return f"Claims of the paper and the report that were asked here: {len(claims)} ({told})."


def disagreeing(results: Sequence[Result]) -> list[str]:
    """Names of files of which the results have different checksums."""
    seen: dict[str, set[str]] = {}
    for result in results:
        for name, checksum in result.sources.items():
            seen.setdefault(name, set()).add(checksum)
    return sorted(name for name, checksums in seen.items() if len(checksums) > 1)
