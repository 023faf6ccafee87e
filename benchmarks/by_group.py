"""What the default model draws for each gender, age, ethnicity and accent; and with what skin.

    python -m benchmarks.by_group PAIRS.csv [--model NAME]

PAIRS.csv has columns identity, voice, canonical (the speaker's face), gender, age, ethnicity and
native_english, of people who taught nothing. Writes ``results/by_group.json``, and its tables into
the card of a model in the package and, of the default one, into docs/people.md; of another model
``results/by_group_NAME.json``. Whether faces get darker or lighter with some voices is asked of the
skin's lightness (L* of CIELAB, the cheeks' median) of the face and of drawn ones: the share of its
variance between the labelled groups, beside that of labels dealt out anew to people of the same
gender.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer

from benchmarks.by_group_page import filled, told
from benchmarks.faces import BANDS, as_pictures
from benchmarks.harness import RESULTS, machine
from voice2face.arrays import Bools, Float64s, Int64s, Texts
from voice2face.audio.speech import read_speech
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet, detector, geometry_of
from voice2face.evaluation.statistics.intervals import estimate, person_means
from voice2face.files import write_text
from voice2face.release.inference import Model, load
from voice2face.release.model_folder import CARD, SHIPPED_MODELS
from voice2face.training.face_space.tables import read_rows

LABELS = ("gender", "age", "ethnicity", "native_english")
N_DRAWS = 9
N_SHUFFLES = 10_000
LEAST_PEOPLE = 8  # of a group in which a correlation is computed
# Cheeks in the released crop, as fractions of its side: columns of each, rows of both.
CHEEKS, CHEEK_ROWS, CROP_PX = ((0.28, 0.40), (0.60, 0.72)), (0.56, 0.66), 64
PAGE = Path("docs/people.md")


@dataclass(frozen=True, eq=False)
class Drawn:
    """What was drawn of each recording, and what is seen in it.

    Attributes:
        who: Speaker of each recording, shape (n,).
        male: Whether it is labelled as a man's.
        heard: Whether the model hears a man.
        seen: Whether a man is seen in the face.
        seen_in_draws: Share of the drawn faces in which a man is seen.
        age: Years seen in the face.
        face: Lightness of the face's skin, 0 to 100.
        draws: Lightness of the drawn faces' skin, shape (n, N_DRAWS).
        real: Lightness of the speaker's skin, in the canonical face; NaN where no face is found.
    """

    who: Texts
    male: Bools
    heard: Bools
    seen: Bools
    seen_in_draws: Float64s
    age: Float64s
    face: Float64s
    draws: Float64s
    real: Float64s


def main(
    pairs: Path,
    name: Annotated[str | None, typer.Option("--model", help="Else the default one.")] = None,
) -> None:
    rows, model = read_rows(pairs), load(name)
    drawn = draw(rows, pairs.parent, model)
    found = {
        "run_with": "python -m benchmarks.by_group PAIRS.csv --model NAME",
        "machine": machine(),
        "model": model.config.sha256,
        "recordings": len(rows),
        "people": len(set(drawn.who.tolist())),
        "groups": {label: dict(groups(rows, label, drawn)) for label in LABELS},
        "skin": skin(rows, drawn),
    }
    result = "by_group.json" if name is None else f"by_group_{model.config.name}.json"
    write_text(RESULTS / result, json.dumps(found, indent=1) + "\n")
    words = told(found)
    print(words)
    pages = [model.folder / CARD] if model.folder in SHIPPED_MODELS.values() else []
    for page in [*pages, *([PAGE] if name is None else [])]:
        write_text(page, filled(page.read_text(encoding="utf-8"), words))


def draw(rows: list[dict[str, str]], root: Path, model: Model) -> Drawn:
    """The face and N_DRAWS drawn ones of each recording, and what a network sees in them."""
    made = [model.reconstruct_speech(read_speech(root / row["voice"])) for row in rows]
    faces = as_pictures(np.clip([one.face for one in made], -1, 1))
    drawn = as_pictures(np.clip(np.concatenate([one.faces(N_DRAWS) for one in made]), -1, 1))
    judge, detect = AgeGender(), detector()
    age, share = judge.judge(found := all_found(FaceSet.of_pictures(faces, detect)))
    found_drawn = all_found(FaceSet.of_pictures(drawn, detect))
    real, left_out = FaceSet.of_files([root / row["canonical"] for row in rows], detect)
    there = np.setdiff1d(np.arange(len(rows)), [one.row for one in left_out])
    light = np.full(len(rows), np.nan)
    light[there] = lightness(real)
    return Drawn(
        who=np.array([row["identity"] for row in rows]),
        male=np.array([row["gender"] == "male" for row in rows]),
        heard=np.array([one.heard is not None and one.heard.male > 0.5 for one in made]),
        seen=share > 0.5,
        seen_in_draws=(judge.judge(found_drawn)[1] > 0.5).reshape(-1, N_DRAWS).mean(axis=1),
        age=age,
        face=lightness(found),
        draws=lightness(found_drawn).reshape(-1, N_DRAWS),
        real=light,
    )


def all_found(found: tuple[FaceSet, list[Any]]) -> FaceSet:
    """Faces of a model, in each of which the detector must find one."""
    if found[1]:
        raise SystemExit(f"no face in {len(found[1])} made pictures: what is seen would be others'")
    return found[0]


def lightness(faces: FaceSet) -> Float64s:
    """L* of the skin: the median over both cheeks, shape (n,)."""
    import cv2

    geometry = geometry_of("released")
    top, bottom = (round(row * CROP_PX) for row in CHEEK_ROWS)
    values = []
    for block in faces.blocks():
        for crop in block.aligned(geometry, CROP_PX):
            lab = cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
            cheeks = [
                lab[top:bottom, round(a * CROP_PX) : round(b * CROP_PX), 0] for a, b in CHEEKS
            ]
            values.append(float(np.median(np.concatenate(cheeks, axis=None))))
    return np.array(values)


def groups(
    rows: list[dict[str, str]], label: str, drawn: Drawn
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Figures of each group of a label; shares and lightness are means over people."""
    of_rows = np.array([row[label] for row in rows])
    band = np.array([BANDS[row["age"]] for row in rows])
    right = {
        "gender_heard": drawn.heard == drawn.male,
        "gender_seen": drawn.seen == drawn.male,
        "gender_seen_in_draws": np.where(drawn.male, drawn.seen_in_draws, 1 - drawn.seen_in_draws),
        "age_seen": drawn.age,
        "lightness_of_the_face": drawn.face,
        "lightness_of_drawn_faces": drawn.draws.mean(axis=1),
        "lightness_of_the_speaker": drawn.real,
    }
    for name in sorted(set(of_rows.tolist()), key=lambda name: (BANDS.get(name, 0), name)):
        of = of_rows == name
        people = len(set(drawn.who[of].tolist()))
        found: dict[str, Any] = {"people": people, "recordings": int(of.sum())}
        for measure, values in right.items():
            found[measure] = over_people(np.asarray(values, np.float64)[of], drawn.who[of])
        if label != "age" and people >= LEAST_PEOPLE:
            found["r_of_age_with_band"] = float(np.corrcoef(drawn.age[of], band[of])[0, 1])
        yield name, found


def over_people(values: Float64s, who: Texts) -> list[float] | None:
    """Mean over people and its interval; None of one person, who would be no group."""
    if len(set(who[~np.isnan(values)].tolist())) < 2:
        return None
    one = estimate(values, who)
    return [one.value, one.low, one.high]


def skin(rows: list[dict[str, str]], drawn: Drawn) -> dict[str, Any]:
    """Whether the skin's lightness goes with a label, of people of one gender."""
    names, first = np.unique(drawn.who, return_index=True)
    male = drawn.male[first]
    asked = {
        "face": person_means(drawn.face, drawn.who)[0],
        "drawn faces": person_means(drawn.draws.mean(axis=1), drawn.who)[0],
    }
    real, known = person_means(drawn.real, drawn.who)
    light = dict(zip(known.tolist(), real.tolist(), strict=True))
    truth = np.array([light.get(name, np.nan) for name in names.tolist()])
    answer: dict[str, Any] = {
        "spread": {
            "over_voices_of_one_gender": {
                name: float(within(values, male).std()) for name, values in asked.items()
            },
            "over_drawn_faces_of_one_voice": float(drawn.draws.std(axis=1).mean()),
            "over_speakers_of_one_gender": float(
                within(truth[~np.isnan(truth)], male[~np.isnan(truth)]).std()
            ),
        }
    }
    for label in LABELS[1:]:
        of_people = np.array([rows[i][label] for i in first])
        answer[label] = {name: explained(v, of_people, male) for name, v in asked.items()}
        there = ~np.isnan(truth)
        answer[label]["speakers themselves"] = explained(
            truth[there], of_people[there], male[there]
        )
    there = ~np.isnan(truth)
    answer["r_with_the_speaker"] = {
        name: correlated(values[there], truth[there], male[there]) for name, values in asked.items()
    }
    return answer


def within(values: Float64s, male: Bools) -> Float64s:
    """Values of people less the mean of their gender."""
    return values - np.where(male, values[male].mean(), values[~male].mean())


def explained(values: Float64s, label: npt.NDArray[Any], male: Bools) -> dict:
    """Share of the variance within a gender that lies between groups, and by chance as much."""
    centred = within(values, male)
    _, number = np.unique(label, return_inverse=True)

    def share(number: Int64s) -> float:
        counts = np.bincount(number)
        means = np.bincount(number, centred) / counts
        return float((counts * means**2).sum() / (centred**2).sum())

    found, by_chance = share(number), shuffled(number, male, share)
    means = {str(name): float(centred[label == name].mean()) for name in np.unique(label)}
    return {
        "share_of_variance": found,
        "by_chance": float(by_chance.mean()),
        "p": float((1 + (by_chance >= found).sum()) / (1 + len(by_chance))),
        "lighter_than_the_gender_by": means,
    }


def correlated(values: Float64s, truth: Float64s, male: Bools) -> dict[str, float]:
    """Pearson's r over people, within gender, and its probability by chance."""
    a, b = within(values, male), within(truth, male)
    rows = np.arange(len(a))

    def r(order: Int64s) -> float:
        return float(np.corrcoef(a, b[order])[0, 1])

    found, by_chance = r(rows), shuffled(rows, male, r)
    p = (1 + (np.abs(by_chance) >= abs(found)).sum()) / (1 + len(by_chance))
    return {"r": found, "p": float(p)}


def shuffled(numbers: Int64s, male: Bools, of: Any) -> Float64s:
    """A statistic of numbers dealt out anew among people of the same gender, many times."""
    rng, found = np.random.default_rng(0), np.empty(N_SHUFFLES)
    for turn in range(N_SHUFFLES):
        dealt = numbers.copy()
        for side in (male, ~male):
            dealt[side] = rng.permutation(dealt[side])
        found[turn] = of(dealt)
    return found


if __name__ == "__main__":
    typer.run(main)
