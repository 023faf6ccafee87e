"""People drawn for a voice, as they are and half as far from the mean, beside real faces.

    python -m benchmarks.draws OUT FACE_SPACE.npz --data FOLDER

OUT is where ``benchmarks.face_space`` keeps normalised faces and voice embeddings. For voices of
AVSpeech, writes ``results/draws.json``: how many draws have shadows or eyes that are not open, by
the limits that decide which faces teach; the Fréchet distance to real faces of these genders and
ages, drawn by the same decoder; how far draws of one gender lie apart; whether gender and age are
kept; how near the nearest face of training is; draws a second. And OUT/draws.png, a row a voice:
the face, then draws of each kind.
"""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import typer
from PIL import Image

from benchmarks.face_space import SHIPPED, Places, open_faces
from benchmarks.faces import apart, as_pictures
from benchmarks.harness import RESULTS, DataFolder, machine
from voice2face.arrays import Bools, Floats, Int64s
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.evaluation.metrics.distances import frechet_distance
from voice2face.faces.mesh import five_points
from voice2face.files import sha256_of, write_text
from voice2face.generators.face_decoder import FURTHEST, FaceDecoder, Looks
from voice2face.generators.face_space import FaceSpace
from voice2face.parts import Arrays, read_arrays
from voice2face.training.face_space.clean import Clean, Usual
from voice2face.training.face_space.components import Codes
from voice2face.training.face_space.people import People

N_VOICES, N_DRAWS = 100, 3
N_YEARS = 15.0  # by which a real person may differ
N_ROWS, N_SHOWN = 6, 6
N_TIMED = 30
PX = 128
AT_ONCE = 50
LEADING = 60  # components of texture that tell whether two faces are one


@dataclass(frozen=True, eq=False)
class Open:
    """The real faces.

    Attributes:
        people: All.
        codes: Theirs, (n, K).
        clean: Which teach draws, (n,).
        usual: By which shadows and eyes are judged.
    """

    people: People
    codes: Floats
    clean: Bools
    usual: Usual


def main(out: Path, space: Path, data: DataFolder) -> None:
    arrays = read_arrays(space)
    people, codes = open_faces(Places(out, data)), Codes.read(arrays)
    own = codes.of(people.texture, people.shape)
    clean = Clean()(people.texture, people.shape, own)
    faces = Open(people, own, clean, Usual.of(people.texture))
    heard = np.load(out / "avspeech-heard.npz", allow_pickle=False)["raw"]
    some = np.random.default_rng(0).choice(len(heard), N_VOICES, replace=False)
    spaces = systems(arrays)
    found: dict[str, Any] = {
        "run_with": "python -m benchmarks.draws OUT FACE_SPACE.npz --data FOLDER",
        "machine": machine(),
        "space_sha256": sha256_of(space),
        "part": msgspec.to_builtins(SHIPPED),
        "voices": N_VOICES,
        "draws_of_each": N_DRAWS,
        "real_faces": len(own),
        "real_faces_that_teach": int(clean.sum()),
        "draws": measured(spaces, heard[some], faces, arrays),
    }
    write_text(RESULTS / "draws.json", json.dumps(found, indent=1) + "\n")
    print(json.dumps(found["draws"], indent=1))
    sheet(spaces, heard[some[:N_ROWS]]).save(out / "draws.png")


def systems(arrays: Arrays) -> dict[str, FaceSpace]:
    """Generators by name, all of the same face space."""

    def space(**changes: float) -> FaceSpace:
        return FaceSpace(msgspec.structs.replace(SHIPPED, px=PX, **changes), arrays)

    return {"drawn": space(), "drawn half as far": space(chance=SHIPPED.chance / 2)}


def measured(
    spaces: dict[str, FaceSpace], heard: Floats, faces: Open, arrays: Arrays
) -> dict[str, dict[str, float]]:
    """What is measured, of each generator and of real faces."""
    many = np.repeat(heard, N_DRAWS, axis=0)
    wanted = next(iter(spaces.values())).looks(many)  # whom voices tell, without chance
    both = np.split(alike(faces, wanted), 2)
    real, others = (real_looks(faces, rows) for rows in both)
    judge = Judge(faces, arrays, others)
    found = {"real faces, others of those that teach": judge(real, others.codes)}
    for name, space in spaces.items():
        started = time.perf_counter()
        looks = space.looks(many, np.random.default_rng(2))
        codes_s = time.perf_counter() - started
        started = time.perf_counter()
        space.faces(many[:N_TIMED], np.random.default_rng(2))
        faces_s = time.perf_counter() - started
        found[name] = judge(looks, faces.codes[faces.clean])
        found[name] |= {"codes a second": len(many) / codes_s, "faces a second": N_TIMED / faces_s}
    return found


def alike(faces: Open, wanted: Looks) -> Int64s:
    """For each wanted two real people who teach, of that gender and about that age, (2 n,)."""
    rng, found = np.random.default_rng(1), np.zeros((2, len(wanted.age)), np.int64)
    left = faces.clean.copy()
    for row, (man, age) in enumerate(zip(wanted.male, wanted.age, strict=True)):
        of_it = np.flatnonzero(left & (faces.people.male == man))
        far = np.abs(faces.people.age[of_it] - age) + rng.uniform(0, N_YEARS, len(of_it))
        found[:, row] = of_it[np.argsort(far)[:2]]
        left[found[:, row]] = False  # nobody twice
    return np.concatenate(found)


class Judge:
    """Judges people drawn by the same decoder, beside real ones.

    Args:
        faces: Real faces.
        arrays: Face space.
        others: Real people, of those that teach.
    """

    def __init__(self, faces: Open, arrays: Arrays, others: Looks) -> None:
        self._usual, self._codes = faces.usual, Codes.read(arrays)
        self._decoder = FaceDecoder(arrays, PX, SHIPPED.sharpening)
        self._embedder, self._attributes = open_embedder("face_reid_0095"), AgeGender()
        self._real = unit(self._embedder.embed(drawn(self._decoder, others)))

    def __call__(self, looks: Looks, taught: Floats) -> dict[str, float]:
        """Figures by name.

        Args:
            looks: Who are drawn.
            taught: Codes of faces that the nearest is looked for among.
        """
        texture, shown, limits = (
            self._codes.textures(np.clip(looks.codes, -FURTHEST, FURTHEST)),
            drawn(self._decoder, looks),
            Clean(),
        )
        vectors = unit(self._embedder.embed(shown))
        age, man = self._attributes.judge(shown)
        of_gender = [apart(vectors[looks.male == men]) for men in (False, True)]
        return {
            "with shadows": float((self._usual.shadows(texture) > limits.max_shadow).mean()),
            "eyes not open": float((self._usual.open_eyes(texture) < limits.min_eyes).mean()),
            "frechet distance to real faces": float(frechet_distance(vectors, self._real)),
            "apart, of one gender": float(np.mean(of_gender)),
            "gender seen as told": float(((man > 0.5) == looks.male).mean()),
            "r of age seen with age told": float(np.corrcoef(age, looks.age)[0, 1]),
            "distance to the nearest that taught": nearest(looks.codes, taught),
        }


def real_looks(faces: Open, rows: Int64s) -> Looks:
    """Real people, without a head around their faces."""
    age = faces.people.age[rows].astype(np.float32)
    return Looks(np.asarray(faces.codes[rows], np.float32), faces.people.male[rows], age)


def drawn(decoder: FaceDecoder, looks: Looks) -> FaceSet:
    """Pictures of people, with the places of eyes, nose and mouth."""
    made = []
    for start in range(0, len(looks.codes), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        part = replace(looks.some(rows), backdrop=None)
        made.append(np.rint(decoder(part)).astype(np.uint8))
    points = np.array([five_points(shape) for shape in decoder.shapes(looks.codes)])
    return FaceSet(np.concatenate(made), PX * points)


def nearest(codes: Floats, others: Floats) -> float:
    """Median distance to the nearest, root mean square over the leading components."""
    found = [
        np.sqrt(((others[:, :LEADING] - one[:LEADING]) ** 2).mean(axis=1)).min() for one in codes
    ]
    return float(np.median(found))


def unit(vectors: Floats) -> Floats:
    """Of length one."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def sheet(spaces: dict[str, FaceSpace], heard: Floats) -> Image.Image:
    """A row a voice: its face, then draws of each kind."""
    columns = [as_pictures(next(iter(spaces.values())).faces(heard))]
    for space in spaces.values():
        many = as_pictures(space.faces(np.repeat(heard, N_SHOWN, 0), np.random.default_rng(3)))
        columns += list(many.reshape(len(heard), N_SHOWN, PX, PX, 3).swapaxes(0, 1))
    rows = [np.concatenate(row, axis=1) for row in zip(*columns, strict=True)]
    return Image.fromarray(np.concatenate(rows))


if __name__ == "__main__":
    typer.run(main)
