"""The page about all rivals, of what ``rivals`` found."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.rivals_tables import (
    BASELINES,
    JUDGE,
    MATCHING,
    PUBLISHED,
    READERS,
    REAL,
    STRATA,
    TARGETS,
    Found,
    RowDict,
    Rows,
    attributes_table,
    cell,
    differences_table,
    held_out_table,
    judges_table,
    listed,
    matching_table,
    others_table,
    points,
    range_of,
    row_of,
    systems_of,
    truth_tables,
    who_table,
)

NO_TRUTH = (
    "Not asked in this run; one model over couplings: [measured on synthetic "
    "people](known-truth.md)."
)
BOUND, ORACLE = "best possible, by theory", "best possible, measured"


def page(found: Found) -> str:
    """Markdown: what can be told in plain words, then the tables."""
    rows = found["rows"]["voxceleb"]
    parts = ["# Rivals", _introduction(found), "## In short", _bullets(_short(found))]
    parts += ["## Who they are", who_table(found)]
    for target, words in TARGETS.items():
        parts += [
            f"## Against {words}",
            matching_table(rows[target], JUDGE),
            "Against Speech2Face's faces and against direct matching, in points; paired, on the "
            "same resampled people:",
            differences_table(rows[target], found, target),
            "One of ten faces, retrieval and verification:",
            others_table(rows[target]),
        ]
    parts += [
        "## By another judge",
        f"1:2 matching against canonical faces, by eigenfaces of the training pictures. {JUDGE} is "
        "what direct matching and Speech2Face's route learned to tell faces by, and what marks the "
        "fine grid that some generators leave; eigenfaces are neither.",
        judges_table(rows["canonical"]),
        "## Gender and age that the faces show",
        "By a network, against the labels; age as the correlation with the labelled band.",
        attributes_table(rows["faces, beside canonical"]),
        "## Held-out people of AVSpeech",
        "By which one of each family was chosen. Systems that were taught on them are not asked.",
        held_out_table(found["rows"]["held out"]),
        "## Made-up people",
        *([_truth_words(), *truth_tables(found["truth"])] if found["truth"] else [NO_TRUTH]),
    ]
    return "\n\n".join(parts) + "\n"


def _introduction(found: Found) -> str:
    first = row_of(found["rows"]["voxceleb"]["canonical"], PUBLISHED, MATCHING, "", JUDGE)
    people = first["n_people"] if first else 0
    left = found["without"]
    without = f" Left out of this run: {'; '.join(left)}." if left else ""
    return (
        "Written by `python -m benchmarks.rivals`; numbers in `benchmarks/results/rivals.json`. "
        "Every system learns from the same seven eighths of AVSpeech's people (968 clips in all), "
        "but for those of which the table says otherwise, and hears through the same frozen voice "
        "encoder, GE2E; Speech2Face's published faces come from a model that learned from about a "
        f"million clips. All are asked about recordings of {people} VoxCeleb people whom nothing "
        "was trained or chosen on. GE2E learned to tell speakers apart on VoxCeleb's voices too, "
        f"without a face.{without}\n\n"
        "Share of trials right in per cent, mean over people and over the trainings of a system, "
        "each from another seed, with 95 % intervals over people in both roles and over seeds, "
        "where there are several; each side's embeddings are centred. A face that is not found "
        "counts as one that tells nothing. **Direct matching** compares a voice with real faces "
        "and makes none: two small heads over frozen encoders, what a voice gives before a picture "
        "is made. "
        "Where an interval of a difference holds zero, the data cannot tell who is ahead; of "
        "twenty such intervals about one misses the truth."
    )


def _short(found: Found) -> Iterator[str]:
    for target, words in TARGETS.items():
        rows = found["rows"]["voxceleb"][target]
        direct = found["chosen"].get(f"direct, {target}")
        if direct:
            yield (
                f"**Against {words}, direct matching** (`{direct}`, chosen on held-out people) is "
                f"right in {cell(row_of(rows, direct, MATCHING, '', JUDGE))} of trials, within "
                f"gender {cell(row_of(rows, direct, MATCHING, 'gender', JUDGE))}. Against "
                f"Speech2Face's published faces: {_verdict(rows, direct, PUBLISHED, '')}; within "
                f"gender {_verdict(rows, direct, PUBLISHED, 'gender')}."
            )
        makers = _makers(found, rows)
        for stratum in ("", "gender"):
            yield from _ranking(rows, makers, stratum, words, direct)
    yield from _short_five(found)
    yield from _short_truth(found["truth"])


def _short_five(found: Found) -> Iterator[str]:
    five = [name for name, one in found["systems"].items() if one["group"] == "five"]
    if five:
        rows = found["rows"]["voxceleb"]["canonical"]
        told = (f"`{n}` {cell(row_of(rows, n, MATCHING, '', JUDGE))}" for n in five)
        lengths = range_of([i for n in five for i in found["systems"][n]["iterations"]])
        yield (
            f"**The report's models** after {lengths} iterations, where the released program has "
            f"50,000: right against canonical faces in {', '.join(told)}. So short a training says "
            "nothing of what they can do in the end."
        )


def _ranking(
    rows: Rows, makers: Sequence[str], stratum: str, words: str, direct: str | None
) -> Iterator[str]:
    """Who makes the best faces, and what can be told of that."""
    values = {n: row for n in makers if (row := row_of(rows, n, MATCHING, stratum, JUDGE))}
    if not values:
        return
    trivial = [n for n in values if n.split(",")[0] in BASELINES]
    trained = [n for n in values if n not in trivial and n != PUBLISHED]
    told = []
    for what, names in (("trained systems", trained), ("baselines", trivial)):
        if names:
            best = max(names, key=lambda name: values[name]["value"])
            told.append(f"highest of the {what} is `{best}` with {cell(values[best])}")
    if PUBLISHED in values:
        told.append(f"Speech2Face's published faces reach {cell(values[PUBLISHED])}")
        ahead, behind = (_told(rows, values, stratum, PUBLISHED, sign) for sign in (1, -1))
        told.append(f"above these for certain: {ahead}; below: {behind}")
    if direct:
        below = _told(rows, values, stratum, direct, -1)
        told.append(f"below direct matching for certain: {below}")
    chance = [n for n, row in values.items() if row["low"] <= 0.5]
    told.append(f"cannot be told from chance: {listed(chance)}")
    yield f"Faces against {words}, {STRATA[stratum]}: {'; '.join(told)}."


def _verdict(rows: Rows, name: str, other: str, stratum: str) -> str:
    """A difference in points, and what it says."""
    row = row_of(rows, name, MATCHING, stratum, JUDGE, other)
    if row is None:
        return "not measured"
    ahead, behind = row["low"] > 0, row["high"] < 0
    told = "it wins" if ahead else "it loses" if behind else "the data cannot tell"
    return f"{points(row)} points, {told}"


def _told(rows: Rows, values: Mapping[str, RowDict], stratum: str, other: str, sign: int) -> str:
    """Names of those that are above (1) or below (-1) another for certain, or neither (0)."""
    names = []
    for name in values:
        row = row_of(rows, name, MATCHING, stratum, JUDGE, other)
        if row is not None:
            found = (row["low"] > 0) - (row["high"] < 0)
            names += [name] if found == sign else []
    return listed(names)


def _short_truth(truth: Mapping[str, Rows]) -> Iterator[str]:
    for coupling, rows in truth.items():
        own = [
            row for row in rows
            if row["measure"] == MATCHING and row["embedder"] in READERS
            and row["system"] not in (BOUND, ORACLE)
        ]  # fmt: skip
        bound = next((r["value"] for r in rows if r["system"] == BOUND), None)
        if own and bound is not None:
            best = max(own, key=lambda row: row["value"])
            yield (
                f"**Made-up people, coupling {coupling}**: {100 * bound:.1f} are possible; nearest "
                f"comes `{best['system']}` with {cell(best)}, {READERS[best['embedder']]}."
            )


def _truth_words() -> str:
    return (
        "Of made-up people it is known how much a voice tells about a face, and so the best that "
        "any system can reach (`synthetic/ceiling.py`). **Best possible, measured**: the best "
        "decision, by the true numbers, on the very trials. 300 people, a recording and a picture "
        "each, three quarters of them to learn from; 1:2 matching of people not trained on. Direct "
        "matching takes eigenfaces of the pictures and has one number for both readings."
    )


def _makers(found: Found, rows: Rows) -> list[str]:
    """Systems that make faces."""
    direct = {n for n, one in found["systems"].items() if one["group"] == "direct"}
    return [n for n in systems_of(rows) if n not in direct and n != REAL]


def _bullets(lines: Iterator[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
