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
# Of the rivals: it says what a voice gives without a generator.
STRONGEST = "ridge to eigenfaces, canonical"

Found = Mapping[str, Any]
RowDict = Mapping[str, Any]


def page(found: Found) -> str:
    """Markdown: who wins and whether it can be told, then the tables."""
    chosen = best_on_validation(found)
    parts = [
        "# Against Speech2Face",
        _introduction(found, chosen),
        "## Who wins",
        "\n".join(f"- {line}" for line in _verdicts(found, chosen)),
        *(
            f"## {title}\n\n{_matching(found['rows'][target], JUDGE)}"
            for target, title in TARGETS.items()
        ),
        "## Retrieval and verification, against canonical faces",
        _retrieval(found["rows"]["canonical"]),
        "## The same by eigenfaces, against canonical faces",
        _matching(found["rows"]["canonical"], "eigenfaces"),
        "## Validation people",
        "1:2 matching of the training corpus' validation people against faces of the kind that "
        "each system learned from, by which the model above was chosen.",
        _validation(found["validation"]),
    ]
    return "\n\n".join(parts) + "\n"


def best_on_validation(found: Found) -> str:
    """Of the models, not the rivals: the one with the highest share on validation people."""
    own = [row for row in found["validation"] if row["system"] in found["models"]]
    return str(max(own, key=lambda row: row["value"])["system"])


def _introduction(found: Found, chosen: str) -> str:
    about = found["models"][chosen]
    first = next(row for row in found["rows"]["canonical"] if row["system"] == PUBLISHED)
    return (
        "Written by `python -m benchmarks.against_speech2face` with models that "
        "`benchmarks/against_speech2face.sh` trained; the numbers lie in "
        "`benchmarks/results/against_speech2face.json`.\n\n"
        "Speech2Face's published faces of VoxCeleb identities (columns `speech2face`, and its "
        "normalised frontal pictures, `canonical`), and on the same recordings the report's five "
        "models and every trivial rival, each taught twice on AVSpeech: by the speakers' "
        "pictures (`face`) and by their canonical faces. Speech2Face learned from about a "
        "million clips; these from 850. The models here are small: "
        f"{about['iterations']} iterations on two cores at a quarter of the width. Voices and "
        "faces are paired by the gender that a network sees in the training pictures: paired by "
        "person, one picture each, the classifier learns the pictures by heart and the generator "
        "ends at one face for all (`baseline-by-person`). "
        f"{first['n_people']} people, none of whom was trained or chosen on; {JUDGE}, each side "
        "centred; share of trials right, mean over people, with 95 % intervals over people in "
        "both roles. **By** is the paired difference to Speech2Face on the same resampled people."
    )


def _verdicts(found: Found, chosen: str) -> Iterable[str]:
    yield (
        f"**{chosen}** stands for the five models: the best of them on validation people, chosen "
        "without a look at those below. Of the rivals, **ridge to eigenfaces**, which is a linear "
        "map from what the voice encoder hears, says what a voice gives without any generator."
    )
    for target, title in TARGETS.items():
        for stratum in ("", "gender"):
            for system in (chosen, STRONGEST):
                by = _row(found["rows"][target], PUBLISHED, stratum, JUDGE, system)
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


def _retrieval(rows: Sequence[RowDict]) -> str:
    own = [r for r in rows if r["embedder"] == JUDGE and not r["against"] and not r["stratum"]]
    measures = [m for m in dict.fromkeys(r["measure"] for r in own) if m != MATCHING]
    found = {(r["system"], r["measure"]): r for r in own}
    systems = dict.fromkeys(r["system"] for r in own if r["measure"] in measures)
    lines = [[s, *(_percent(found.get((s, m))) for m in measures)] for s in systems]
    chance = ["chance", *(f"{100 * found[PUBLISHED, m]['chance']:.1f}" for m in measures)]
    return _table(["system", *measures], [*lines, chance])


def _validation(rows: Sequence[RowDict]) -> str:
    return _table(["system", "share right"], [[r["system"], _percent(r)] for r in rows])


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
