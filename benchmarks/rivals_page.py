"""The page about all rivals, of what ``rivals`` found."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

PUBLISHED, REAL, JUDGE = "speech2face", "real faces", "face_reid_0095"
EIGEN = "eigenfaces"
MATCHING, SEVERAL = "1:2 matching", "1:10 matching"
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
    "five": "of the report, with its critics",
    "rival": "after another's design, or the default model's",
    "added": "trained elsewhere",
}
BASELINES = (
    "mean face", "gender's mean face", "random face", "nearest voice's face",
    "ridge to eigenfaces", "shuffled voices",
)  # fmt: skip
READERS = {"attributes": "by attributes", EIGEN: "by eigenfaces"}
NO_TRUTH = (
    "Not asked in this run; one model over couplings: [measured on synthetic "
    "people](known-truth.md)."
)
BOUND, ORACLE = "best possible, by theory", "best possible, measured"

Found = Mapping[str, Any]
RowDict = Mapping[str, Any]
Rows = Sequence[RowDict]


def page(found: Found) -> str:
    """Markdown: what can be told in plain words, then the tables."""
    rows = found["rows"]["voxceleb"]
    parts = ["# Rivals", _introduction(found), "## In short", _bullets(_short(found))]
    parts += ["## Who they are", _who(found)]
    for target, words in TARGETS.items():
        parts += [
            f"## Against {words}",
            _matching(rows[target], JUDGE),
            "Against Speech2Face's faces and against direct matching, in points; paired, on the "
            "same resampled people:",
            _differences(rows[target], found, target),
            "One of ten faces, retrieval and verification:",
            _others(rows[target]),
        ]
    parts += [
        "## By another judge",
        f"1:2 matching against canonical faces, by eigenfaces of the training pictures. {JUDGE} is "
        "what direct matching and Speech2Face's route learned to tell faces by, and what marks the "
        "fine grid that some generators leave; eigenfaces are neither.",
        _judges(rows["canonical"]),
        "## Gender and age that the faces show",
        "By a network, against the labels; age as the correlation with the labelled band.",
        _attributes(rows["faces, beside canonical"]),
        "## Held-out people of AVSpeech",
        "By which one of each family was chosen. Systems that were taught on them are not asked.",
        _held_out(found["rows"]["held out"]),
        "## Made-up people",
        *([_truth_words(), *_truth(found["truth"])] if found["truth"] else [NO_TRUTH]),
    ]
    return "\n\n".join(parts) + "\n"


def _introduction(found: Found) -> str:
    first = _row(found["rows"]["voxceleb"]["canonical"], PUBLISHED, MATCHING, "", JUDGE)
    people = first["n_people"] if first else 0
    left = found["without"]
    without = f" Left out of this run: {'; '.join(left)}." if left else ""
    return (
        "Written by `python -m benchmarks.rivals`; numbers in `benchmarks/results/rivals.json`. "
        "Every system learns from the same seven eighths of AVSpeech's people (968 clips in all) "
        "and hears through the same frozen voice encoder, GE2E; Speech2Face's published faces come "
        "from a model that learned from about a million clips. All are asked about recordings of "
        f"{people} VoxCeleb people whom nothing was trained or chosen on. GE2E learned to tell "
        "speakers apart on VoxCeleb's voices too, without a face."
        f"{without}\n\n"
        "Share of trials right in per cent, mean over people, with 95 % intervals over people in "
        "both roles; each side's embeddings are centred. A face that is not found counts as one "
        "that tells nothing. **Direct matching** compares a voice with real faces and makes none: "
        "two small heads over frozen encoders, what a voice gives before a picture is made. "
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
                f"right in {_cell(_row(rows, direct, MATCHING, '', JUDGE))} of trials, within "
                f"gender {_cell(_row(rows, direct, MATCHING, 'gender', JUDGE))}. Against "
                f"Speech2Face's published faces: {_verdict(rows, direct, PUBLISHED, '')}; within "
                f"gender {_verdict(rows, direct, PUBLISHED, 'gender')}."
            )
        makers = _makers(found, rows)
        for stratum in ("", "gender"):
            yield from _ranking(rows, makers, stratum, words, direct)
    five = found["chosen"].get("five")
    if five:
        own = _row(found["rows"]["voxceleb"]["canonical"], five, MATCHING, "", JUDGE)
        yield (
            f"**The report's models** at the length of training below: `{five}`, the best of them "
            f"on held-out people, is right in {_cell(own)} of trials: {_against_chance(own)}."
        )
    yield from _short_truth(found["truth"])


def _ranking(
    rows: Rows, makers: Sequence[str], stratum: str, words: str, direct: str | None
) -> Iterator[str]:
    """Who makes the best faces, and what can be told of that."""
    values = {n: row for n in makers if (row := _row(rows, n, MATCHING, stratum, JUDGE))}
    if not values:
        return
    trivial = [n for n in values if n.split(",")[0] in BASELINES]
    trained = [n for n in values if n not in trivial and n != PUBLISHED]
    told = []
    for what, names in (("trained systems", trained), ("baselines", trivial)):
        if names:
            best = max(names, key=lambda name: values[name]["value"])
            told.append(f"highest of the {what} is `{best}` with {_cell(values[best])}")
    if PUBLISHED in values:
        told.append(f"Speech2Face's published faces reach {_cell(values[PUBLISHED])}")
        ahead, behind = (_told(rows, values, stratum, PUBLISHED, sign) for sign in (1, -1))
        told.append(f"above these for certain: {ahead}; below: {behind}")
    if direct:
        below = _told(rows, values, stratum, direct, -1)
        told.append(f"below direct matching for certain: {below}")
    chance = [n for n, row in values.items() if row["low"] <= 0.5]
    told.append(f"cannot be told from chance: {_names(chance)}")
    yield f"Faces against {words}, {STRATA[stratum]}: {'; '.join(told)}."


def _verdict(rows: Rows, name: str, other: str, stratum: str) -> str:
    """A difference in points, and what it says."""
    row = _row(rows, name, MATCHING, stratum, JUDGE, other)
    if row is None:
        return "not measured"
    ahead, behind = row["low"] > 0, row["high"] < 0
    told = "it wins" if ahead else "it loses" if behind else "the data cannot tell"
    return f"{_points(row)} points, {told}"


def _told(rows: Rows, values: Mapping[str, RowDict], stratum: str, other: str, sign: int) -> str:
    """Names of those that are above (1) or below (-1) another for certain, or neither (0)."""
    names = []
    for name in values:
        row = _row(rows, name, MATCHING, stratum, JUDGE, other)
        if row is not None:
            found = (row["low"] > 0) - (row["high"] < 0)
            names += [name] if found == sign else []
    return _names(names)


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
                f"comes `{best['system']}` with {_cell(best)}, {READERS[best['embedder']]}."
            )


def _who(found: Found) -> str:
    lines = []
    for name, one in found["systems"].items():
        cost, seconds = one["cost"].get("cpu_s"), found["seconds_a_face"].get(name)
        lines.append(
            [
                f"`{name}`", GROUPS[one["group"]], str(one["provenance"].get("recordings", "—")),
                "—" if cost is None else f"{cost / 60:.1f}",
                "—" if not seconds else f"{1 / seconds:.0f}",
            ]
        )  # fmt: skip
    head = ["system", "what", "recordings", "core-minutes of training", "faces a second"]
    return _table(head, lines)


def _matching(rows: Rows, embedder: str) -> str:
    lines = [
        [_name(s), *(_cell(_row(rows, s, MATCHING, stratum, embedder)) for stratum in STRATA)]
        for s in _systems(rows)
    ]
    return _table(["system", *STRATA.values()], lines)


def _differences(rows: Rows, found: Found, target: str) -> str:
    others = [PUBLISHED, *filter(None, [found["chosen"].get(f"direct, {target}")])]
    head = ["system", *(f"above {o}, {STRATA[s]}" for o in others for s in ("", "gender"))]
    asked = [(other, stratum) for other in others for stratum in ("", "gender")]
    lines = [
        [_name(name), *(_points(_row(rows, name, MATCHING, s, JUDGE, o)) for o, s in asked)]
        for name in _systems(rows)
        if name != REAL
    ]
    return _table(head, lines)


def _others(rows: Rows) -> str:
    own = [r for r in rows if r["embedder"] == JUDGE and not r["against"] and not r["stratum"]]
    measures = [m for m in dict.fromkeys(r["measure"] for r in own) if m != MATCHING]
    lines = [
        [_name(s), *(_cell(_row(rows, s, m, "", JUDGE)) for m in measures)]
        for s in _systems(rows)
        if s != REAL
    ]
    chance = {r["measure"]: r["chance"] for r in own}
    lines.append(["chance", *(f"{100 * chance[m]:.1f}" for m in measures)])
    return _table(["system", *measures], lines)


def _judges(rows: Rows) -> str:
    names = [name for name in _systems(rows) if _row(rows, name, MATCHING, "", EIGEN)]
    lines = [[_name(n), *(_cell(_row(rows, n, MATCHING, s, EIGEN)) for s in STRATA)] for n in names]
    return _table(["system", *STRATA.values()], lines)


def _attributes(rows: Rows) -> str:
    lines = []
    for name in dict.fromkeys(row["system"] for row in rows):
        gender, age = (
            next((r for r in rows if (r["system"], r["measure"]) == (name, m)), None)
            for m in ("gender", "age, r")
        )
        r = "—" if age is None else f"{age['value']:.2f} [{age['low']:.2f}, {age['high']:.2f}]"
        lines.append([_name(name), _cell(gender), r])
    return _table(["faces of", "gender right", "age, r"], lines)


def _held_out(rows: Mapping[str, Any]) -> str:
    lines = [
        [_name(name), *(_cell(_row(rows[t], name, MATCHING, "", JUDGE)) for t in TARGETS)]
        for name in _systems(rows["canonical"])
    ]
    return _table(["system", *(f"against {words}" for words in TARGETS.values())], lines)


def _truth_words() -> str:
    return (
        "Of made-up people it is known how much a voice tells about a face, and so the best that "
        "any system can reach (`synthetic/ceiling.py`). **Best possible, measured**: the best "
        "decision, by the true numbers, on the very trials. 300 people, a recording and a picture "
        "each, three quarters of them to learn from; 1:2 matching of people not trained on. Direct "
        "matching takes eigenfaces of the pictures and has one number for both readings."
    )


def _truth(truth: Mapping[str, Rows]) -> Iterator[str]:
    for coupling, rows in truth.items():
        tasks = dict.fromkeys(row["measure"] for row in rows)
        head = ["system", *(f"{task}, {words}" for task in tasks for words in READERS.values())]
        lines = []
        for name in dict.fromkeys(row["system"] for row in rows):
            own = {(r["measure"], r["embedder"]): r for r in rows if r["system"] == name}
            lines.append([_name(name), *(_cell(own.get((t, e))) for t in tasks for e in READERS)])
        yield f"### Coupling {coupling}"
        yield _table(head, lines)


def _makers(found: Found, rows: Rows) -> list[str]:
    """Systems that make faces."""
    direct = {n for n, one in found["systems"].items() if one["group"] == "direct"}
    return [n for n in _systems(rows) if n not in direct and n != REAL]


def _systems(rows: Rows) -> list[str]:
    """Real faces, published ones, matchers, models, baselines."""
    names = [*dict.fromkeys(row["system"] for row in rows if row["measure"] == MATCHING)]

    def place(name: str) -> int:
        if name in (REAL, PUBLISHED):
            return (REAL, PUBLISHED).index(name)
        if name.startswith("direct matching"):
            return 2
        return 4 if name.split(",")[0] in BASELINES else 3

    return sorted(names, key=place)


def _row(
    rows: Rows, system: str, measure: str, stratum: str, embedder: str, against: str = ""
) -> RowDict | None:
    about = (system, measure, stratum, embedder, against)
    keys = ("system", "measure", "stratum", "embedder", "against")
    return next((row for row in rows if tuple(row[k] for k in keys) == about), None)


def _against_chance(row: RowDict | None) -> str:
    if row is None:
        return "not measured"
    if row["low"] > 0.5:
        return "above chance"
    return "below chance" if row["high"] < 0.5 else "it cannot be told from chance"


def _cell(row: RowDict | None) -> str:
    if row is None or row["value"] is None:
        return "—"
    ends = "" if row["low"] is None else f" [{100 * row['low']:.0f}, {100 * row['high']:.0f}]"
    return f"{100 * row['value']:.1f}{ends}"


def _points(row: RowDict | None) -> str:
    if row is None or row["value"] is None:
        return ""
    low, high = 100 * row["low"], 100 * row["high"]
    return f"{100 * row['value']:+.1f} [{low:+.1f}, {high:+.1f}]"


def _name(name: str) -> str:
    return name if name in (REAL, PUBLISHED) else f"`{name}`"


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _bullets(lines: Iterator[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *lines))
