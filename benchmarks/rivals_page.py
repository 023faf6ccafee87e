"""The page about all rivals, of what ``rivals`` found."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from benchmarks import markdown
from benchmarks.markdown import Row, share
from benchmarks.rivals_tables import (
    BASELINES,
    EIGEN,
    JUDGE,
    MATCHING,
    PUBLISHED,
    READERS,
    REAL,
    STRATA,
    TARGETS,
    Found,
    Rows,
    attributes_table,
    differences_table,
    held_out_table,
    matching_table,
    others_table,
    points,
    range_of,
    row_of,
    systems_of,
    truth_table,
    who_table,
)

BOUND, ORACLE = "best possible, by theory", "best possible, measured"


def page(found: Found) -> str:
    """Markdown: what can be told in plain words, then the tables."""
    rows, systems = found["rows"]["voxceleb"], found["systems"]
    asked = row_of(rows["canonical"], PUBLISHED, MATCHING, "", JUDGE)
    five = [name for name, one in systems.items() if one["group"] == "five"]
    return markdown.page(
        "rivals.md",
        people=asked["n_people"] if asked else 0,
        without=found["without"],
        targets=TARGETS,
        strata=STRATA,
        judge=JUDGE,
        rows=rows,
        chosen=found["chosen"],
        matched=lambda target, name, stratum="": share(_matched(rows[target], name, stratum)),
        verdict=lambda target, name, stratum: _verdict(rows[target], name, stratum),
        ranking=lambda target, *about: list(_ranking(found, rows[target], *about)),
        five=[f"`{n}` {share(_matched(rows['canonical'], n))}" for n in five],
        iterations=range_of([i for name in five for i in systems[name]["iterations"]]),
        nearest=dict(_nearest(found)),
        who=who_table(found),
        matching=matching_table,
        differences=partial(differences_table, found),
        others=others_table,
        by_eigenfaces=matching_table(rows["canonical"], EIGEN),
        attributes=attributes_table(rows["faces, beside canonical"]),
        held_out=held_out_table(found["rows"]["held out"]),
        truth={coupling: truth_table(own) for coupling, own in found["truth"].items()},
    )


def _matched(rows: Rows, name: str, stratum: str = "", against: str = "") -> Row | None:
    """1:2 matching of a system's faces by the judge, or by how much it is above another's."""
    return row_of(rows, name, MATCHING, stratum, JUDGE, against)


def _verdict(rows: Rows, name: str, stratum: str) -> str:
    """How far a system is above Speech2Face's published faces, and what that says."""
    row = _matched(rows, name, stratum, PUBLISHED)
    if row is None:
        return "not measured"
    ahead, behind = row["low"] > 0, row["high"] < 0
    told = "it wins" if ahead else "it loses" if behind else "the data cannot tell"
    return f"{points(row)} points, {told}"


def _ranking(found: Found, rows: Rows, stratum: str, direct: str | None) -> Iterator[str]:
    """Who makes the best faces, and what can be told of that."""
    makes_none = {n for n, one in found["systems"].items() if one["group"] == "direct"} | {REAL}
    values = {
        name: row
        for name in systems_of(rows)
        if name not in makes_none and (row := _matched(rows, name, stratum))
    }
    if not values:
        return
    trivial = [n for n in values if n.split(",")[0] in BASELINES]
    trained = [n for n in values if n not in trivial and n != PUBLISHED]
    for what, names in (("trained systems", trained), ("baselines", trivial)):
        if names:
            best = max(names, key=lambda name: values[name]["value"])
            yield f"highest of the {what} is `{best}` with {share(values[best])}"

    def certain(other: str, sign: int) -> str:
        beside = {name: _matched(rows, name, stratum, other) for name in values}
        return _listed(
            [n for n, r in beside.items() if r and (r["low"] > 0) - (r["high"] < 0) == sign]
        )

    if PUBLISHED in values:
        yield f"Speech2Face's published faces reach {share(values[PUBLISHED])}"
        yield f"above these for certain: {certain(PUBLISHED, 1)}; below: {certain(PUBLISHED, -1)}"
    if direct:
        yield f"below direct matching for certain: {certain(direct, -1)}"
    chance = [name for name, row in values.items() if row["low"] <= 0.5]
    yield f"cannot be told from chance: {_listed(chance)}"


def _nearest(found: Found) -> Iterator[tuple[str, dict[str, Any]]]:
    """By coupling of made-up people: what is possible, and which system comes nearest."""
    for coupling, rows in found["truth"].items():
        own = [
            row for row in rows
            if row["measure"] == MATCHING and row["embedder"] in READERS
            and row["system"] not in (BOUND, ORACLE)
        ]  # fmt: skip
        bound = next((r["value"] for r in rows if r["system"] == BOUND), None)
        if own and bound is not None:
            best = max(own, key=lambda row: row["value"])
            yield coupling, {
                "bound": f"{100 * bound:.1f}", "system": best["system"], "share": share(best),
                "read": READERS[best["embedder"]],
            }  # fmt: skip


def _listed(names: Sequence[str]) -> str:
    """Names of systems in a sentence."""
    return ", ".join(f"`{name}`" for name in names) or "none"
