"""Made-up results: no number and no face in them means anything."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from voice2face.evaluation.results import Claim, Grid, Result, Row, Series

PX = 32
SYSTEMS = ("real faces", "baseline", "bn", "bn-tanh", "tanh", "dropout", "mean face",
           "gender's mean face", "random face", "nearest voice's face", "ridge to eigenfaces",
           "shuffled voices")  # fmt: skip
MODELS = SYSTEMS[1:6]
STRATA = ("", "gender", "gender, age", "gender, age, ethnicity")
HOSTILE = '<script>alert("1")</script> & $x_1$ | \\textbf{%} *a* \u202e'
DURATIONS = [1.0, 2.0, 3.0, 5.0, 10.0]


def tiled(folder: Path, name: str, rows: int, columns: int, *, px: int = PX, seed: int = 0) -> str:
    """Write a picture of drawn faces; its last cell is empty."""
    rng = np.random.default_rng(seed)
    sheet = Image.new("RGB", (columns * px, rows * px), (255, 255, 255))
    for i in range(rows * columns - 1):
        ground, skin = (tuple(int(v) for v in rng.integers(60, 220, 3)) for _ in range(2))
        face = Image.new("RGB", (px, px), ground)
        draw = ImageDraw.Draw(face)
        draw.ellipse((px * 0.2, px * 0.12, px * 0.8, px * 0.92), fill=skin)
        for x in (0.37, 0.63):
            draw.ellipse((px * (x - 0.05), px * 0.4, px * (x + 0.05), px * 0.48), fill=(20, 20, 20))
        draw.line((px * 0.38, px * 0.72, px * 0.62, px * 0.72), fill=(150, 40, 40), width=2)
        sheet.paste(face, (i % columns * px, i // columns * px))
    sheet.save(folder / name)
    return name


def row(system: str, measure: str, value: float | None, **fields: object) -> Row:
    """With an interval of ± 0.06 and counts."""
    ends = {} if value is None else {"low": value - 0.06, "high": value + 0.06}
    counts = {"n_people": 68, "n_trials": 9112}
    return Row(system, measure, value=value, **(counts | ends | fields))


def matching() -> Result:
    """Test 4: systems by strata by embedders, and differences."""
    rows = [
        row(system, "1:2 matching", round(0.9 - 0.03 * i - 0.02 * j, 4), stratum=stratum,
            embedder=embedder, chance=0.5)
        for embedder in ("face_reid_0095", "eigenfaces", "recogniser of the corpus")
        for i, system in enumerate(SYSTEMS)
        for j, stratum in enumerate(STRATA)
    ]  # fmt: skip
    rows += [
        row("baseline", "1:2 matching", value, stratum=stratum, embedder="face_reid_0095",
            against=other)
        for other, values in (("mean face", (0.12, 0.01)), ("shuffled voices", (0.09, -0.08)))
        for stratum, value in zip(STRATA[:2], values, strict=True)
    ]  # fmt: skip
    rows.append(row("bn", "R@1", None, note="nobody has two pictures"))
    claims = [
        Claim("Faces made from unseen people's voices match them better than chance",
              "paper, section 5", "holds", "Baseline 0.713 [0.626, 0.792] against 0.5.",
              "1:2 matching", "face_reid_0095", "0.5: chance", "clearly"),
        Claim("So do they within gender", "paper, section 5", "cannot be told",
              "Baseline 0.547 [0.471, 0.623] against 0.5, 68 people."),
    ]  # fmt: skip
    return Result(
        "matching", "Is the made face nearer to its speaker's face than to another's?", rows,
        protocol="One recording, two faces: whose voice is it? People are resampled.",
        title="Matching voices to unknown people's faces", report_item="Test 4", chapter="tests",
        claims=claims,
        trials_sha256={"1:2": "ab" * 32}, seeds={"trials": 0, "bootstrap": 7},
        sources={"corpus": "cd" * 32, "baseline": "ef" * 32}, made_by="voice2face 0.5",
    )  # fmt: skip


def durations(folder: Path) -> Result:
    """Figure 2: faces, curves over seconds in two panels."""
    series = [
        Series(name, DURATIONS, [base - 0.03 * k for k in range(5)],
               [base - 0.03 * k - 0.04 for k in range(5)],
               [base - 0.03 * k + 0.04 for k in range(5)],
               x_label="speech heard (s)", y_label="distance of made faces", panel=panel)
        for panel in ("baseline", "tanh")
        for name, base in (("two pieces of one speaker", 0.4), ("two speakers", 0.8))
    ]  # fmt: skip
    labels = [f"{d:g} s" for d in DURATIONS] + ["reference"]
    grid = Grid("speakers", "Faces of four speakers", tiled(folder, "durations.png", 4, 6), PX,
                ["woman, 20–29", "man, 60–69", "woman, 40–49", "a speaker with a long name"],
                labels, row_title="speaker", column_title="speech heard",
                note="The reference is one of the speaker's pictures.")  # fmt: skip
    rows = [row("baseline", "within / between distance", 0.6 - 0.1 * k, stratum=f"{d:g} s")
            for k, d in enumerate(DURATIONS)]  # fmt: skip
    claims = [Claim("Longer recordings give more consistent faces", "report, Figure 2",
                    "does not hold", "The ratio falls by 0.01 [-0.02, 0.04].")]  # fmt: skip
    return Result("durations", "How much speech does a face need?", rows, series,
                  title="Faces over durations", report_item="Figure 2", chapter="figures",
                  grids=[grid],
                  claims=claims, sources={"corpus": "cd" * 32},
                  made_by="voice2face 0.5")  # fmt: skip


def five_models(folder: Path) -> Result:
    """Figure 7: many columns."""
    grid = Grid("models", "Five models on the same clips", tiled(folder, "models.png", 6, 12), PX,
                [f"clip {i}" for i in range(6)], list(SYSTEMS))  # fmt: skip
    return Result("models", "Do the models differ?", title="Five models", report_item="Figure 7",
                  chapter="figures",
                  grids=[grid])  # fmt: skip


def groups() -> Result:
    """Figure 6 b: points over names, chance."""
    names = ["African", "Asian", "European", "South American"]
    series = [
        Series(model, names, [0.7 - 0.05 * i + 0.02 * k for i in range(3)] + [None],
               [0.6 - 0.05 * i for i in range(3)] + [None],
               [0.8 - 0.05 * i for i in range(3)] + [None],
               x_label="", y_label="1:2 matching, share right", chance=0.5)
        for k, model in enumerate(MODELS)
    ]  # fmt: skip
    return Result("groups", "For whom does it work?", series=series, title="Ethnic groups",
                  report_item="Figure 6 b",
                  chapter="figures")  # fmt: skip


def others() -> list[Result]:
    """Beyond the report, and one that could not be asked."""
    return [
        Result("distances", "How far are the sets of faces apart?", [
            row("baseline", "Fréchet distance", 1843.2, embedder="face_reid_0095"),
            row("mean face", "Fréchet distance", 4120.0, embedder="face_reid_0095"),
        ], title="Fréchet distance"),
        Result("generalisation", "Where does it stop to work?", [
            row(model, "1:2 matching", 0.7 - 0.02 * i, stratum=place, chance=0.5,
                note=f"3 seeds, {0.61 + 0.02 * k:.2f} to {0.78 - 0.02 * i:.2f}")
            for k, model in enumerate(MODELS)
            for i, place in enumerate(
                ["seen people", "unseen people", "telephone", "MP3", "reverberation", "French"])
        ], title="Generalisation"),
        Result("rivals", "Does a model beat what knows no voice?", title="Rivals", rows=[
            row("baseline", "1:2 matching", 0.02, against=system, n_trials=10 + i)
            for i, system in enumerate(SYSTEMS[6:])
        ]),
        Result("bilingual", "One speaker, two languages?", report_item="Figure 6 a",
               chapter="figures", title="Two languages of one speaker",
               left_out="Nobody in this corpus is recorded in two languages."),
    ]  # fmt: skip


def all_results(folder: Path) -> list[Result]:
    """A whole report, in the order of the registry."""
    distances, generalisation, rivals, bilingual = others()
    figures = [durations(folder), bilingual, groups(), five_models(folder)]
    return [rivals, generalisation, matching(), *figures, distances]
