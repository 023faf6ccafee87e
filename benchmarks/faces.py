"""What the faces of a face space are worth, on people who taught nothing.

    python -m benchmarks.faces NAME MODEL PAIRS.csv [--embedder FILE]

MODEL is the folder of a model that draws by a face space. An embedder is FILE.onnx, or the .dat
file of dlib's (``benchmarks.dlib_embedder``).
PAIRS.csv has columns identity, voice, canonical, speech2face, and gender and age where they are
labelled (else gender is what a network sees in the canonical face). Writes ``results/NAME.json``:
gender and age that a network sees in the faces, 1:2 matching against canonical faces beside
Speech2Face's on the same clips, with paired intervals; both halves of each recording; energy of
period two; how often a detector finds a face, in draws too; how far draws of one voice lie apart;
how many people the region holds that is to hold nine in ten.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import typer

from benchmarks.dlib_embedder import DlibEmbedder
from benchmarks.harness import RESULTS, machine
from voice2face.arrays import Bools, Float32s, Float64s, Pictures, Texts
from voice2face.audio.speech import Speech, read_speech
from voice2face.errors import AudioError
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet, detector
from voice2face.evaluation.embedders.fitted import Embedder, open_embedder
from voice2face.evaluation.metrics.distances import frechet_distance
from voice2face.faces.luma import WEIGHTS
from voice2face.faces.normalise import BACKGROUND, Normaliser
from voice2face.faces.settings import NormalisedFace, NormalisedFilters
from voice2face.files import sha256_of, write_text
from voice2face.generators.face_space import FILE, FaceSpace, FaceSpacePart
from voice2face.parts import read_arrays
from voice2face.release.model_folder import read_config
from voice2face.training.face_space.components import Codes
from voice2face.training.face_space.studio import relit, shades
from voice2face.training.face_space.tables import normalised, read_rows
from voice2face.voice_encoders.ge2e import Ge2e

N_DRAWS = 3  # of each voice
N_RESAMPLES = 1000
BANDS = {"20-39": 0, "40-59": 1, ">=60": 2}
REGION = 0.9
ANYTHING = NormalisedFilters(
    max_turned=0.5, max_nodded=0.5, max_mouth=0.5, max_spectacles=10, max_burnt=0.9,
    min_brightness=0, min_colour=0,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class People:
    """The people asked about: a row a recording."""

    rows: list[dict[str, str]]
    root: Path
    heard: Float32s
    halves: Float32s  # (2, n, dim); NaN where a half is too short
    male: Bools
    who: Texts

    def files(self, column: str) -> list[Path]:
        """Paths of a column."""
        return [self.root / row[column] for row in self.rows]


def main(name: str, model: Path, pairs: Path, embedder: list[str] | None = None) -> None:
    part, file = read_config(model).generator, model / FILE
    if not isinstance(part, FaceSpacePart):
        raise SystemExit(f"{model}: draws by no face space")
    arrays = read_arrays(file)
    space = FaceSpace(part, arrays)
    people = read_people(pairs)
    started = time.perf_counter()
    faces = as_pictures(space.faces(people.heard))
    took = (time.perf_counter() - started) / len(faces)
    drawn = as_pictures(
        space.faces(np.repeat(people.heard, N_DRAWS, axis=0), np.random.default_rng(0))
    )
    found = {
        "run_with": f"python -m benchmarks.faces {name} MODEL PAIRS.csv --embedder FILE",
        "machine": machine(),
        "space_sha256": sha256_of(file),
        "part": msgspec.to_builtins(part),
        "recordings": len(people.rows),
        "people": len(set(people.who.tolist())),
        "seconds_a_face": took,
        **judged(people, faces, drawn, space),
        "matching": [matched(people, faces, one) for one in ("face_reid_0095", *(embedder or ()))],
        **spreads(people, drawn),
        "region_of_nine_in_ten_holds": coverage(people, space, arrays),
    }
    write_text(RESULTS / f"{name}.json", json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def read_people(table: Path) -> People:
    """Their voices, heard whole and in halves."""
    rows, encoder = read_rows(table), Ge2e()
    heard, halves = [], []
    for row in rows:
        speech = read_speech(table.parent / row["voice"])
        heard.append(encoder.embed(speech))
        middle = len(speech.samples) // 2
        halves.append([])
        for half in (speech.samples[:middle], speech.samples[middle:]):
            try:
                halves[-1].append(encoder.embed(Speech(half, name=speech.name)))
            except AudioError:
                halves[-1].append(np.full(encoder.dim, np.nan, np.float32))
    who = np.array([row["identity"] for row in rows])
    if "gender" in rows[0]:
        male = np.array([row["gender"] == "male" for row in rows])
    else:
        canonical, _ = FaceSet.of_files([table.parent / r["canonical"] for r in rows], detector())
        male = AgeGender().judge(canonical)[1] > 0.5
    both = np.array(halves, np.float32).transpose(1, 0, 2)
    return People(rows, table.parent, np.array(heard), both, male, who)


def as_pictures(faces: Float32s) -> Pictures:
    """(n, 3, px, px) in [-1, 1] as (n, px, px, 3), uint8."""
    return np.rint((faces.transpose(0, 2, 3, 1) + 1) * 127.5).astype(np.uint8)


def judged(people: People, faces: Pictures, drawn: Pictures, space: FaceSpace) -> dict[str, Any]:
    """Gender, age, halves, the grid, and whether a detector finds the faces."""
    detect, judge = detector(), AgeGender()
    found, lost = FaceSet.of_pictures(faces, detect)
    found_drawn, lost_drawn = FaceSet.of_pictures(drawn, detect)
    age, share = judge.judge(found)
    there = np.setdiff1d(np.arange(len(faces)), [one.row for one in lost])
    there_drawn = np.setdiff1d(np.arange(len(drawn)), [one.row for one in lost_drawn])
    _, drawn_share = judge.judge(found_drawn)
    theirs, _ = FaceSet.of_files(people.files("speech2face"), detect)
    rival_age, rival_share = judge.judge(theirs)
    of_drawn = np.repeat(people.male, N_DRAWS)[there_drawn]
    whole = ~np.isnan(people.halves).any(axis=(0, 2))
    sides = [
        judge.judge(FaceSet.of_pictures(as_pictures(space.faces(half[whole])), detect)[0])[1] > 0.5
        for half in people.halves
    ]
    result: dict[str, Any] = {
        "detector_finds": len(there) / len(faces),
        "detector_finds_drawn": len(there_drawn) / len(drawn),
        "gender_seen": float(((share > 0.5) == people.male[there]).mean()),
        "gender_seen_speech2face": float(((rival_share > 0.5) == people.male).mean()),
        "gender_seen_in_draws": float(((drawn_share > 0.5) == of_drawn).mean()),
        "gender_same_in_draws_as_in_the_face": float(
            ((drawn_share > 0.5) == (share > 0.5)[np.repeat(np.arange(len(faces)), N_DRAWS)]).mean()
        ) if len(there) == len(faces) and len(there_drawn) == len(drawn) else None,
        "same_gender_of_halves": float((sides[0] == sides[1]).mean()),
        "halves_compared": int(whole.sum()),
        "period_two_energy": period_two(faces) / period_two(theirs_pictures(people)),
    }  # fmt: skip
    if "age" in people.rows[0]:
        band = np.array([BANDS[row["age"]] for row in people.rows])
        result["r_of_age_with_band"] = float(np.corrcoef(age, band[there])[0, 1])
        result["r_of_age_with_band_speech2face"] = float(np.corrcoef(rival_age, band)[0, 1])
    return result


def theirs_pictures(people: People) -> Pictures:
    """Canonical faces, all of one size."""
    from voice2face.faces.pictures import square_pixels

    return np.stack([square_pixels(path.read_bytes(), 128) for path in people.files("canonical")])


def period_two(pictures: Pictures) -> float:
    """Share of the luma's energy at a period of two pixels, in rows and columns, at 64 pixels."""
    luma = pictures @ np.array(WEIGHTS)
    factor = luma.shape[1] // 64
    small = luma.reshape(len(luma), 64, factor, 64, factor).mean(axis=(2, 4))
    small -= small.mean(axis=(1, 2), keepdims=True)
    power = np.abs(np.fft.fft2(small)) ** 2
    return float((power[:, 32].sum(1) + power[:, :, 32].sum(1)).mean() / power.sum((1, 2)).mean())


def matched(people: People, faces: Pictures, name: str) -> dict[str, Any]:
    """1:2 matching of our faces and of Speech2Face's against canonical ones, by one embedder."""
    embedder, detect = opened(name), detector()
    real = embedder.embed(FaceSet.of_files(people.files("canonical"), detect)[0])
    made = embedder.embed(FaceSet.of_pictures(faces, detect)[0])
    theirs = embedder.embed(FaceSet.of_files(people.files("speech2face"), detect)[0])
    result: dict[str, Any] = {"embedder": embedder.name}
    names = np.unique(people.who)
    drawn = np.random.default_rng(0).integers(0, len(names), (N_RESAMPLES, len(names)))
    for kind, group in (("all", None), ("within_gender", people.male)):
        ours, other = (by_person(one, real, people.who, group) for one in (made, theirs))
        difference = np.sort((ours - other)[drawn].mean(axis=1))
        low, high = difference[[int(0.025 * N_RESAMPLES), int(0.975 * N_RESAMPLES) - 1]]
        interval = np.quantile(ours[drawn].mean(axis=1), (0.025, 0.975))
        result[kind] = {
            "ours": float(ours.mean()),
            "interval": interval.tolist(),
            "speech2face": float(other.mean()),
            "difference_interval": [float(low), float(high)],
        }
    return result


def opened(name: str) -> Embedder:
    """An embedder by its name or file."""
    return DlibEmbedder(Path(name)) if name.endswith(".dat") else open_embedder(name)


def by_person(
    made: npt.NDArray[Any],
    real: npt.NDArray[Any],
    who: Texts,
    group: Bools | None,
) -> Float64s:
    """Of each person, the share of impostors that lie below a true face, in names' order."""
    made, real = (x - x.mean(axis=0) for x in (made, real))
    made, real = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (made, real))
    scores = made @ real.T
    shares: dict[str, list[float]] = {}
    for row, name in enumerate(who):
        others = (who != name) if group is None else (who != name) & (group == group[row])
        true = scores[row, who == name]
        below = scores[row, others] < true[:, None]
        shares.setdefault(str(name), []).append(float(below.mean()))
    return np.array([np.mean(shares[str(name)]) for name in np.unique(who)])


def spreads(people: People, drawn: Pictures) -> dict[str, Any]:
    """Distances between draws of one voice, against those between people of one gender."""
    embedder, detect = open_embedder("face_reid_0095"), detector()
    real = embedder.embed(FaceSet.of_files(people.files("canonical"), detect)[0])
    made = embedder.embed(FaceSet.of_pictures(drawn, detect)[0])
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (made, real)]
    within = [apart(unit[0][start : start + N_DRAWS]) for start in range(0, len(drawn), N_DRAWS)]
    _, first = np.unique(people.who, return_index=True)
    bands = np.array([row.get("age", "") for row in people.rows])
    between = [
        apart(unit[1][first[(people.male[first] == men) & (bands[first] == band)]])
        for men in (False, True)
        for band in set(bands.tolist())
        if ((people.male[first] == men) & (bands[first] == band)).sum() > 2
    ]
    return {
        "distance_of_draws": float(np.mean(within)),
        "distance_of_people_of_one_gender_and_band": float(np.mean(between)),
        "frechet_draws_to_canonical_over_speech2face": float(
            frechet_distance(unit[0], unit[1])
            / frechet_distance(rival(people, embedder, detect), unit[1])
        ),
    }


def rival(people: People, embedder: Any, detect: Any) -> npt.NDArray[Any]:
    """Speech2Face's faces, as embeddings of length one."""
    found = embedder.embed(FaceSet.of_files(people.files("speech2face"), detect)[0])
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def apart(unit: npt.NDArray[Any]) -> float:
    """Mean of one less the cosine over all pairs."""
    cosines = unit @ unit.T
    return float(1 - cosines[np.triu_indices(len(unit), 1)].mean())


def as_lit(arrays: dict[str, npt.NDArray[Any]], texture: Pictures) -> Pictures:
    """Faces in the light of the space's own: where it has heads of portraits, a studio's."""
    if "head_male" not in arrays:
        return texture
    mean = np.zeros((*arrays["region"].shape, 3), np.uint8)
    mean[arrays["region"]] = np.clip(np.rint(arrays["texture_mean"]), 0, 255).reshape(-1, 3)
    studio = shades(mean[None])[0].astype(np.float32)
    return relit(texture, shades(texture), studio, np.ones(len(texture), np.float32))


def coverage(people: People, space: FaceSpace, arrays: dict[str, npt.NDArray[Any]]) -> float:
    """Share of the people whose canonical face's code lies in the region of their voice."""
    codes = Codes.read(arrays)
    px, whole = arrays["region"].shape[0], bool(arrays["region"].all())
    normaliser = Normaliser(NormalisedFace(px=px, hair=whole, filters=ANYTHING))
    rows, laid, _ = normalised(people.files("canonical"), normaliser, detector())
    texture = as_lit(arrays, laid["texture"])
    if whole:  # as a corpus keeps them: with what surrounds the face, before a plain background
        share = laid["person"][..., None] / 255
        texture = np.rint(BACKGROUND + (texture - BACKGROUND) * share).astype(np.uint8)
    seen = codes.of(texture, laid["shape"])
    heard = people.heard[rows]
    distances = space.distances(heard, seen)
    k = seen.shape[1]
    bound = np.quantile(np.random.default_rng(0).chisquare(k, 100_000), REGION) / k
    return float((distances <= bound).mean())


if __name__ == "__main__":
    typer.run(main)
