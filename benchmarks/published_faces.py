"""Published faces of another system score as known; target: within 2 points of each figure.

Speech2Face's faces of VoxCeleb identities, 1:2 matching by ``face_reid_0095`` against its own
canonical faces and against the pictures, each side centred. How a face is found and aligned moves
such figures by a point: points of one look or of three, what lies beyond the border of a picture.
Embedding faces that have been found, alignment included: at least 60 a second on one core.
"""

import time

from benchmarks.harness import Result, figure
from benchmarks.inputs import Inputs
from benchmarks.prepare_runs import real
from voice2face.evaluation.comparison import MATCHING, Question, compare
from voice2face.evaluation.embedders.face_set import FaceSet, detector
from voice2face.evaluation.embedders.fitted import Embedder, open_embedder
from voice2face.evaluation.pairs import Pairs, embed_column, pictures, read_pairs
from voice2face.evaluation.results import Row

SYSTEM = "speech2face"
# As ../shared/data/README.md states them: everybody, and within gender.
STATED = {"canonical": {"": 70.4, "gender": 57.8}, "face": {"": 53.8, "gender": 53.1}}
MOST_POINTS = 2.0
LEAST_A_SECOND = 60
N_ROUNDS = 5


def measure(inputs: Inputs) -> Result:
    pairs = read_pairs(real("pairs", "voxceleb", "pairs.csv"), [SYSTEM, *STATED, "gender"])
    embedder, read = open_embedder("face_reid_0095"), pictures(detector())
    columns = {
        name: embed_column(name, pairs, name, read, [embedder]) for name in (SYSTEM, *STATED)
    }
    figures, about = [], {}
    for target, stated in STATED.items():
        question = Question(pairs, [columns[SYSTEM]], columns[target], ("gender",), centre=True)
        for row in compare(question).rows:
            if row.measure != MATCHING or row.system != SYSTEM:
                continue
            name = f"against {target}{', within gender' if row.stratum else ''}"
            percent = 100 * (row.value or 0)
            points = abs(percent - stated[row.stratum])
            figures.append(figure(f"{name}, %", [percent]))
            figures.append(figure(f"{name}, points off", [points], at_most=MOST_POINTS))
            about[name] = _described(row, stated[row.stratum])
    speeds = _faces_a_second(pairs, embedder)
    figures.append(figure("faces embedded a second", speeds, at_least=LEAST_A_SECOND))
    about |= {name: column.loss for name, column in columns.items() if column.loss}
    command = "voice2face evaluate pairs.csv --faces speech2face --target canonical --centre"
    return Result(command, tuple(figures), about)


def _faces_a_second(pairs: Pairs, embedder: Embedder) -> list[float]:
    """Rate for pictures that were read and whose faces were found; on one thread."""
    faces, _ = FaceSet.of_files([pairs.root / cell for cell in pairs.cells["face"]], detector())
    speeds = []
    for _ in range(N_ROUNDS):
        start = time.perf_counter()
        embedder.embed(faces)
        speeds.append(len(faces) / (time.perf_counter() - start))
    return speeds


def _described(row: Row, stated: float) -> str:
    low, high = 100 * (row.low or 0), 100 * (row.high or 0)
    trials = f"{row.n_people} people, {row.n_trials} trials"
    return f"{100 * (row.value or 0):.1f} [{low:.1f}, {high:.1f}], {trials}; stated {stated}"
