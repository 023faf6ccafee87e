"""The face space that is shipped; that of pairs is ``benchmarks.pairs_model``'s.

    python -m benchmarks.face_space OUT --data FOLDER

FOLDER holds ``open/`` (faces.csv, portraits.csv, voices.csv) and ``pairs/avspeech``. Writes
OUT/shipped.npz (pixels of open/ alone). Normalised faces and voice embeddings are kept in OUT and
not made again. It is no ``train face``, for each of its collections has its own filters and its own
part in the faces: FairFace the faces, the portraits what surrounds them, the speakers numbers.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import typer

from benchmarks.harness import DataFolder
from voice2face.arrays import Float32s, Float64s, Texts, UInt8s
from voice2face.audio.speech import read_speech
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet, detector
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.faces.layout import Layout
from voice2face.faces.normalise import Normaliser
from voice2face.faces.settings import NormalisedFace, NormalisedFilters
from voice2face.generators.face_decoder import FURTHEST
from voice2face.generators.face_space import FaceSpacePart
from voice2face.parts import write_arrays
from voice2face.training.face_space import (
    People,
    Speakers,
    fit,
    fit_answer,
    raked,
)
from voice2face.training.face_space.components import Codes
from voice2face.training.face_space.head_choice import Judge, head_ages, head_places
from voice2face.training.face_space.heads import head_arrays, usual_outlines
from voice2face.training.face_space.light import drawn_people, fit_light
from voice2face.training.face_space.studio import (
    chosen,
    evened_exposure,
    presentable,
    relit,
    shades,
)
from voice2face.training.face_space.tables import normalised, read_rows
from voice2face.voice_encoders.ge2e import Ge2e

READER = "face_reid_0095"  # reads faces, in training and in evaluation
# How the shipped faces are drawn; chosen on held-out people of AVSpeech.
SHIPPED = FaceSpacePart(
    gender_emphasis=1.2,  # at 0.7 women with short hair are taken for men
    liveliness=1.5,
    shape_emphasis=2.0,
    sharpening=1.0,
    drawn_gender=0.8,
    chance=1.2,  # means of three people differ a little less than people do
)
# As drawn for the network that reads them: it would take a stronger gender back.
READ = msgspec.structs.replace(SHIPPED, gender_emphasis=0.7)
PX = 160  # eyes 35 pixels apart, as in FairFace's crops
YEARS = {
    "20-29": 25.0, "30-39": 35.0, "40-49": 45.0, "50-59": 55.0, "60-69": 65.0, "more than 70": 74.0,
}  # fmt: skip
# Shares of ages among those who are drawn by default: adults', not those of photographs.
AGES = {
    "20-29": 0.24, "30-39": 0.22, "40-49": 0.19, "50-59": 0.15, "60-69": 0.13, "more than 70": 0.07,
}  # fmt: skip
GENDERS = {"female": 0.5, "male": 0.5}
# Portraits smile and are turned a little; of what they supply, the surroundings, that is no part.
PORTRAITS = NormalisedFilters(
    max_turned=0.13, max_nodded=0.2, max_mouth=0.2, max_spectacles=10, max_burnt=0.5
)
# Canonical faces are frontal, with closed mouths; none is to be left out.
CANONICAL = NormalisedFilters(
    max_turned=0.5, max_nodded=0.5, max_mouth=0.5, max_spectacles=10, max_burnt=0.9,
    min_brightness=0, min_colour=0,
)  # fmt: skip

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Places:
    """Folders.

    Attributes:
        out: Where normalised faces and voice embeddings are kept.
        data: Where the data sets lie.
    """

    out: Path
    data: Path


def main(out: Path, data: DataFolder) -> None:
    out.mkdir(parents=True, exist_ok=True)
    places = Places(out, data)
    teachers = [speakers(places), readers(places)]
    started = time.perf_counter()
    write_arrays(out / "shipped.npz", shipped(places, teachers))
    print(f"shipped: {time.perf_counter() - started:.0f} s", flush=True)


def shipped(places: Places, teachers: list[Speakers]) -> Arrays:
    """Pixels of FairFace and of the portraits."""
    around, faces, (heard, read_aloud) = portraits(places), open_faces(places), teachers
    studio = studio_light(around)
    assert heard.texture is not None
    as_exposed = np.ones(len(heard.texture), np.float32)
    seen = replace(heard, texture=relit(heard.texture, shades(heard.texture), studio, as_exposed))
    arrays = fit(faces, [seen, read_aloud], headless=True)
    heads = chosen(around, presentable(around) & usual_outlines(around))
    arrays |= head_arrays(heads, studio, arrays["blend"].astype(np.float32))
    arrays |= head_places(arrays, read_aloud, heard.embedding)
    arrays |= head_ages(arrays, SHIPPED, heard.embedding, age_seen())
    arrays |= answer(places, arrays, READ, seen)
    return arrays | as_photographed(places, arrays, faces)


def as_photographed(places: Places, arrays: Arrays, faces: People) -> Arrays:
    """What gives drawn people the light of all of FairFace's that can be normalised."""
    seen, _ = frontal_faces(places)
    drawn = drawn_people(arrays, SHIPPED, faces)
    textures = Codes.read(arrays).textures(np.clip(drawn.codes, -FURTHEST, FURTHEST))
    inside = Layout.read().inside(PX)[..., None]
    return fit_light(seen.texture, seen.weight, textures, inside)


def age_seen() -> Judge:
    """Ages that a network sees in faces, as of :func:`head_ages`."""
    judge = AgeGender()
    return lambda faces, points: judge.judge(FaceSet(faces, points))[0]


def answer(places: Places, arrays: Arrays, part: FaceSpacePart, one: Speakers) -> Arrays:
    """What makes drawn faces read as the speakers' canonical faces are."""
    table = places.data / "pairs" / "avspeech" / "pairs.csv"
    paths = [table.parent / row["canonical"] for row in read_rows(table)]
    embedder = open_embedder(READER)
    seen, left_out = FaceSet.of_files(paths, detector())
    if left_out or len(paths) != len(one.embedding):
        raise SystemExit("canonical faces without a face: readings and voices no longer match")

    def read(faces: UInt8s, points: Float64s) -> Float32s:
        return embedder.embed(FaceSet(faces, points))

    return fit_answer(arrays, part, one.embedding, embedder.embed(seen), read)


def studio_light(around: People) -> Float32s:
    """The mean pattern of light on portraits, shape (side, side, 3)."""
    some = chosen(around, presentable(around))
    return np.asarray(shades(some.texture).mean(axis=0, dtype=np.float32))


def open_faces(places: Places) -> People:
    """Faces of FairFace that can be drawn from, in the light of a studio.

    They are weighed so that no labelled gender, race or age counts for more.
    """
    people, labels = frontal_faces(places)
    good = presentable(people)
    print(f"faces: {int(good.sum())} of {len(good)} can be drawn from", flush=True)
    gender, age, race = (labels[name][good] for name in ("gender", "age", "race"))
    people, studio = chosen(people, good), studio_light(portraits(places))
    gain = evened_exposure(people.texture, race)
    races = {name: 1 / len(set(race.tolist())) for name in sorted(set(race.tolist()))}
    return replace(
        people,
        texture=relit(people.texture, shades(people.texture), studio, gain),
        weight=raked([(age, AGES), (race, races), (gender, GENDERS)]),
    )


def frontal_faces(
    places: Places,
) -> tuple[People, dict[str, Texts]]:
    """All faces of FairFace that can be normalised, with labels of gender, age and race."""
    table = places.data / "open" / "faces.csv"
    rows, arrays = _faces(places, "faces", table, "picture", NormalisedFace(px=PX))
    of = {name: np.array([row[name] for row in rows]) for name in ("gender", "age", "race")}
    years = np.array([YEARS[name] for name in of["age"]])
    weight = np.full(len(rows), 1 / len(rows))
    male = of["gender"] == "male"
    return People(arrays["texture"], arrays["shape"], male, years, weight), of


def portraits(places: Places) -> People:
    """The portraits, with hair."""
    table = places.data / "open" / "portraits.csv"
    settings = NormalisedFace(px=PX, hair=True, filters=PORTRAITS)
    rows, arrays = _faces(places, "portraits", table, "picture", settings)
    male = np.array([row["gender"] == "male" for row in rows])
    years = np.array([float(row["age_by_network"]) for row in rows])
    weight = np.full(len(rows), 1 / len(rows))
    return People(arrays["texture"], arrays["shape"], male, years, weight, arrays["person"])


def speakers(places: Places) -> Speakers:
    """Speakers of AVSpeech with their canonical faces; gender and age as a network sees them."""
    table = places.data / "pairs" / "avspeech" / "pairs.csv"
    settings = NormalisedFace(px=PX, hair=True, filters=CANONICAL)
    rows, arrays = _faces(places, "avspeech", table, "canonical", settings)
    heard = _embedded(places, "avspeech", table)
    number = {row["clip"]: i for i, row in enumerate(read_rows(table))}
    of = np.array([number[row["clip"]] for row in rows])
    seen = _seen(places, table)
    person = np.array([row["identity"] for row in rows])
    male, age = seen["male"][of], seen["age"][of]
    return Speakers(heard[of], person, male, age, arrays["texture"], arrays["shape"])


def readers(places: Places) -> Speakers:
    """Readers of LibriSpeech, whose gender is known."""
    table = places.data / "open" / "voices.csv"
    rows = read_rows(table)
    male = np.array([float(row["gender"] == "male") for row in rows])
    person = np.array([row["identity"] for row in rows])
    return Speakers(
        _embedded(places, "readers", table),
        person,
        male,
        np.full(len(rows), np.nan),
        on_record=True,
    )


def _faces(
    places: Places, name: str, table: Path, column: str, settings: NormalisedFace
) -> tuple[list[dict[str, str]], Arrays]:
    """Rows of a table whose face can be normalised, and the faces; from OUT if they are there."""
    kept = places.out / f"{name}-normalised.npz"
    rows = read_rows(table)
    if kept.exists():
        stored = dict(np.load(kept, allow_pickle=False))
        return [rows[i] for i in stored.pop("row")], stored
    started = time.perf_counter()
    paths = [table.parent / row[column] for row in rows]
    found, arrays, refused = normalised(paths, Normaliser(settings), detector())
    took = time.perf_counter() - started
    print(
        f"{name}: {len(found)} of {len(rows)} in {took:.0f} s; refused: {dict(refused)}", flush=True
    )
    write_arrays(kept, {"row": found, **arrays})
    return [rows[i] for i in found], arrays


def _embedded(places: Places, name: str, table: Path) -> Float32s:
    """What GE2E hears in each row's recording, shape (rows, 256)."""
    kept = places.out / f"{name}-heard.npz"
    if not kept.exists():
        encoder = Ge2e()
        paths = [table.parent / row["voice"] for row in read_rows(table)]
        write_arrays(kept, {"raw": np.array([encoder.embed(read_speech(path)) for path in paths])})
    return np.asarray(np.load(kept, allow_pickle=False)["raw"])


def _seen(places: Places, table: Path) -> Arrays:
    """Gender that a network sees in canonical faces, and age in pictures; NaN without a face."""
    kept = places.out / "avspeech-seen.npz"
    if not kept.exists():
        seen = {name: _judged(table, name) for name in ("canonical", "face")}
        age = np.where(np.isnan(seen["face"][0]), seen["canonical"][0], seen["face"][0])
        write_arrays(kept, {"age": age, "male": (seen["canonical"][1] > 0.5).astype(np.float64)})
    return dict(np.load(kept, allow_pickle=False))


def _judged(table: Path, column: str) -> tuple[Float64s, Float64s]:
    """Ages and probabilities of male, NaN where no face is found."""
    paths = [table.parent / row[column] for row in read_rows(table)]
    found, left_out = FaceSet.of_files(paths, detector())
    there = np.setdiff1d(np.arange(len(paths)), [one.row for one in left_out])
    judged = np.full((2, len(paths)), np.nan)
    judged[:, there] = AgeGender().judge(found)
    return judged[0], judged[1]


if __name__ == "__main__":
    typer.run(main)
