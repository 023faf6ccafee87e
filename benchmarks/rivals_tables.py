"""Tables of the page about all rivals."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.markdown import Row, share
from benchmarks.markdown import table as any_table

PUBLISHED, REAL, JUDGE = "speech2face", "real faces", "face_reid_0095"
EIGEN = "eigenfaces"
MATCHING = "1:2 matching"
TARGETS = {"canonical": "canonical faces", "face": "the pictures"}
STRATA = {
    "": "all",
    "gender": "within gender",
    "gender, age": "and age",
    "gender, age, ethnicity": "and ethnicity",
}
GROUPS = {
    "direct": "matches voices with real faces directly; makes no face",
    "closed form": "fitted at once",
    "five": "of the report, with its critics; learned from FairFace's faces, paired with voices by "
    "gender and decade, and from none of AVSpeech's",
    "rival": "after another's design, or the default model's",
    "added": "trained elsewhere",
}
BASELINES = (
    "mean face", "gender's mean face", "random face", "nearest voice's face",
    "ridge to eigenfaces", "shuffled voices",
)  # fmt: skip
READERS = {"attributes": "by attributes", EIGEN: "by eigenfaces"}

Found = Mapping[str, Any]
Rows = Sequence[Row]


def who_table(found: Found) -> str:
    """What each system is, and what its training took."""
    lines = []
    for name, one in found["systems"].items():
        cost, seconds = one["cost"].get("cpu_s"), found["seconds_a_face"].get(name)
        lines.append(
            [
                f"`{name}`", GROUPS[one["group"]], str(one["provenance"].get("recordings", "—")),
                str(len(one["models"])), range_of(one["iterations"]),
                "—" if cost is None else f"{cost / 60:.1f}",
                "—" if not seconds else f"{1 / seconds:.0f}",
            ]
        )  # fmt: skip
    head = [
        "system", "what", "recordings", "seeds", "iterations", "core-minutes of a training",
        "faces a second",
    ]  # fmt: skip
    return table(head, lines)


def range_of(numbers: Sequence[int | None]) -> str:
    """The least and the largest of some numbers, of which some are not known."""
    known = sorted({number for number in numbers if number is not None})
    if not known:
        return "—"
    return f"{known[0]:,}" if len(known) == 1 else f"{known[0]:,} to {known[-1]:,}"


def matching_table(rows: Rows, embedder: str = JUDGE) -> str:
    """1:2 matching by one judge, in all strata."""
    names = [name for name in systems_of(rows) if row_of(rows, name, MATCHING, "", embedder)]
    lines = [
        [quoted(n), *(share(row_of(rows, n, MATCHING, s, embedder)) for s in STRATA)] for n in names
    ]
    return table(["system", *STRATA.values()], lines)


def differences_table(found: Found, target: str) -> str:
    """By how many points each system is above published faces and above direct matching."""
    rows = found["rows"]["voxceleb"][target]
    others = [PUBLISHED, *filter(None, [found["chosen"].get(f"direct, {target}")])]
    head = ["system", *(f"above {o}, {STRATA[s]}" for o in others for s in ("", "gender"))]
    asked = [(other, stratum) for other in others for stratum in ("", "gender")]
    lines = [
        [quoted(name), *(points(row_of(rows, name, MATCHING, s, JUDGE, o)) for o, s in asked)]
        for name in systems_of(rows)
        if name != REAL
    ]
    return table(head, lines)


def others_table(rows: Rows) -> str:
    """All measures but 1:2 matching."""
    own = [r for r in rows if r["embedder"] == JUDGE and not r["against"] and not r["stratum"]]
    measures = [m for m in dict.fromkeys(r["measure"] for r in own) if m != MATCHING]
    lines = [
        [quoted(s), *(share(row_of(rows, s, m, "", JUDGE)) for m in measures)]
        for s in systems_of(rows)
        if s != REAL
    ]
    chance = {r["measure"]: r["chance"] for r in own}
    lines.append(["chance", *(f"{100 * chance[m]:.1f}" for m in measures)])
    return table(["system", *measures], lines)


def attributes_table(rows: Rows) -> str:
    """Gender and age that faces show."""
    lines = []
    for name in dict.fromkeys(row["system"] for row in rows):
        gender, age = (
            next((r for r in rows if (r["system"], r["measure"]) == (name, m)), None)
            for m in ("gender", "age, r")
        )
        r = "—" if age is None else f"{age['value']:.2f} [{age['low']:.2f}, {age['high']:.2f}]"
        lines.append([quoted(name), share(gender), r])
    return table(["faces of", "gender right", "age, r"], lines)


def held_out_table(rows: Mapping[str, Any]) -> str:
    """1:2 matching of people who were held out of training."""
    lines = [
        [quoted(name), *(share(row_of(rows[t], name, MATCHING, "", JUDGE)) for t in TARGETS)]
        for name in systems_of(rows["canonical"])
    ]
    return table(["system", *(f"against {words}" for words in TARGETS.values())], lines)


def truth_table(rows: Rows) -> str:
    """1:2 matching of made-up people, for each task and reader of faces."""
    tasks = dict.fromkeys(row["measure"] for row in rows)
    head = ["system", *(f"{task}, {words}" for task in tasks for words in READERS.values())]
    lines = []
    for name in dict.fromkeys(row["system"] for row in rows):
        own = {(r["measure"], r["embedder"]): r for r in rows if r["system"] == name}
        lines.append([quoted(name), *(share(own.get((t, e))) for t in tasks for e in READERS)])
    return table(head, lines)


def systems_of(rows: Rows) -> list[str]:
    """Real faces, published ones, matchers, models, baselines."""
    names = [*dict.fromkeys(row["system"] for row in rows if row["measure"] == MATCHING)]

    def place(name: str) -> int:
        if name in (REAL, PUBLISHED):
            return (REAL, PUBLISHED).index(name)
        if name.startswith("direct matching"):
            return 2
        return 4 if name.split(",")[0] in BASELINES else 3

    return sorted(names, key=place)


def row_of(
    rows: Rows, system: str, measure: str, stratum: str, embedder: str, against: str = ""
) -> Row | None:
    """The row of a number; None where it was not measured."""
    about = (system, measure, stratum, embedder, against)
    keys = ("system", "measure", "stratum", "embedder", "against")
    return next((row for row in rows if tuple(row[k] for k in keys) == about), None)


def points(row: Row | None) -> str:
    """A difference in points, with its interval."""
    if row is None or row["value"] is None:
        return ""
    low, high = 100 * row["low"], 100 * row["high"]
    return f"{100 * row['value']:+.1f} [{low:+.1f}, {high:+.1f}]"


def quoted(name: str) -> str:
    """A system's name as the tables show it."""
    return name if name in (REAL, PUBLISHED) else f"`{name}`"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table whose first column is aligned to the left."""
    return any_table(head, lines, "---")
