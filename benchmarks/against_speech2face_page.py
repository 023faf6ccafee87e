"""The page about Speech2Face, of what ``against_speech2face`` found."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

PUBLISHED = "speech2face"
REAL = "real faces"
MATCHING = "1:2 matching"
STRATA = {
    "": "all",
    "gender": "within gender",
    "gender, age": "and age",
    "gender, age, ethnicity": "and ethnicity",
}
TARGETS = {
    "canonical": "Against canonical faces",
    "face": "Against the pictures",
}
JUDGE = "face_reid_0095"
SOFTENED = f"{JUDGE}, softened"
JUDGES = {
    JUDGE: f"By {JUDGE}, faces as they are",
    SOFTENED: f"By {SOFTENED}",
    "eigenfaces": "By eigenfaces",
}
BY_PERSON = "baseline-by-person"
# Of the rivals: it says what a voice gives without a generator.
STRONGEST = "ridge to eigenfaces, canonical"

Found = Mapping[str, Any]
RowDict = Mapping[str, Any]


def page(found: Found) -> str:
    """Markdown: for each judge who wins and whether it can be told, then the tables."""
    parts = ["# Compared with Speech2Face's faces", _introduction(found)]
    for judge, title in JUDGES.items():
        chosen = best_on_validation(found, judge)
        parts.append(f"## {title}")
        parts.append("\n".join(f"- {line}" for line in _verdicts(found, chosen, judge)))
        for target, against in TARGETS.items():
            parts += [f"### {against}", _matching(found["rows"][target], judge)]
    parts += [
        "## Retrieval and verification",
        f"By {SOFTENED}, against canonical faces.",
        _retrieval(found["rows"]["canonical"], SOFTENED),
        "## Validation people",
        "1:2 matching of the training corpus' validation people against faces of the kind that "
        "each system learned from, by which the models above were chosen.",
        _validation(found["validation"]),
    ]
    return "\n\n".join(parts) + "\n"


def best_on_validation(found: Found, judge: str) -> str:
    """Of the five models, not the rivals: the highest share on validation people."""
    own = [
        row
        for row in found["validation"]
        if row["system"] in found["models"]
        and row["embedder"] == judge
        and not row["system"].startswith(BY_PERSON)
    ]
    return str(max(own, key=lambda row: row["value"])["system"])


def _introduction(found: Found) -> str:
    about = next(iter(found["models"].values()))
    first = next(row for row in found["rows"]["canonical"] if row["system"] == PUBLISHED)
    return (
        "Written by `python -m benchmarks.against_speech2face` with models that "
        "`benchmarks/against_speech2face.sh` trained; the numbers lie in "
        "`benchmarks/results/against_speech2face.json`.\n\n"
        "Speech2Face's published faces of VoxCeleb identities (columns `speech2face`, and its "
        "normalised frontal pictures, `canonical`), and on the same recordings the report's five "
        "models and every trivial baseline, each taught twice on AVSpeech: by the speakers' "
        "pictures (`face`) and by their canonical faces. Speech2Face learned from about a "
        "million clips; these from 850. The models here are small: "
        f"{about['iterations']} iterations on two cores at a quarter of the width. Voices and "
        "faces are paired by the gender that a network sees in the training pictures; "
        f"`{BY_PERSON}` by person, as the paper does.\n\n{first['n_people']} people, "
        "none of whom was trained or chosen on; each side centred; share of 1:2 trials right, "
        "mean over people, with 95 % intervals over people in both roles. **By** is the paired "
        f"difference to Speech2Face on the same resampled people. {JUDGE} sees the faces as they "
        f"are; **{SOFTENED}**: all faces, made and real, brought to 64 pixels and smoothed by 1.5 "
        "of them, for generators leave a fine grid that the network takes for more than faces "
        "differ in (added after a look at the table of faces as they are, before its own); "
        "**eigenfaces** are those of the training people's pictures."
    )


def _verdicts(found: Found, chosen: str, judge: str) -> Iterable[str]:
    yield (
        f"**{chosen}** stands for the five models: the best of them on validation people, chosen "
        "without a look at those below. Of the trivial baselines, **ridge to eigenfaces**, a "
        "linear map from what the voice encoder hears, says what a voice gives without any "
        "generator."
    )
    for target, title in TARGETS.items():
        for stratum in ("", "gender"):
            for system in (chosen, STRONGEST):
                by = _row(found["rows"][target], PUBLISHED, stratum, judge, system)
                if by is not None and by["value"] is not None:
                    yield f"{title}, {STRATA[stratum]}: {_told(system, by)}."


def _told(system: str, by: RowDict) -> str:
    low, high = -100 * by["high"], -100 * by["low"]
    gap = f"{-100 * by['value']:+.1f} points [{low:+.1f}, {high:+.1f}]"
    verdict = "it wins" if low > 0 else "it loses" if high < 0 else "the data cannot tell"
    return f"{system}, against Speech2Face: {gap}: {verdict}"


def _row(
    rows: Sequence[RowDict], system: str, stratum: str, embedder: str, against: str = ""
) -> RowDict | None:
    about = (system, MATCHING, stratum, embedder, against)
    keys = ("system", "measure", "stratum", "embedder", "against")
    return next((row for row in rows if tuple(row[k] for k in keys) == about), None)


def _matching(rows: Sequence[RowDict], embedder: str) -> str:
    systems = list(dict.fromkeys(r["system"] for r in rows if r["measure"] == MATCHING))
    systems.sort(key=lambda name: (name != REAL, name != PUBLISHED))
    head = ["system"]
    for stratum in STRATA.values():
        head += [stratum, "by"] if stratum in ("all", "within gender") else [stratum]
    lines = []
    for system in systems:
        cells = [system]
        for stratum in STRATA:
            cells.append(_percent(_row(rows, system, stratum, embedder)))
            if stratum in ("", "gender"):
                cells.append(_points(_row(rows, PUBLISHED, stratum, embedder, system)))
        lines.append(cells)
    return _table(head, lines)


def _retrieval(rows: Sequence[RowDict], judge: str) -> str:
    own = [r for r in rows if r["embedder"] == judge and not r["against"] and not r["stratum"]]
    measures = [m for m in dict.fromkeys(r["measure"] for r in own) if m != MATCHING]
    found = {(r["system"], r["measure"]): r for r in own}
    systems = dict.fromkeys(r["system"] for r in own if r["measure"] in measures)
    lines = [[s, *(_percent(found.get((s, m))) for m in measures)] for s in systems]
    chance = ["chance", *(f"{100 * found[PUBLISHED, m]['chance']:.1f}" for m in measures)]
    return _table(["system", *measures], [*lines, chance])


def _validation(rows: Sequence[RowDict]) -> str:
    found = {(r["system"], r["embedder"]): r for r in rows}
    systems = dict.fromkeys(r["system"] for r in rows)
    lines = [[s, *(_percent(found.get((s, judge))) for judge in JUDGES)] for s in systems]
    return _table(["system", *JUDGES], lines)


def _percent(row: RowDict | None) -> str:
    if row is None or row["value"] is None:
        return "—"
    return f"{100 * row['value']:.1f} [{100 * row['low']:.0f}, {100 * row['high']:.0f}]"


def _points(row: RowDict | None) -> str:
    """How far a system is above Speech2Face; the row has it the other way round."""
    if row is None or row["value"] is None:
        return ""
    low, high = -100 * row["high"], -100 * row["low"]
    return f"{-100 * row['value']:+.1f} [{low:+.1f}, {high:+.1f}]"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *lines))
