"""Rivals: asked alike, told in words that the numbers bear out."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks.rivals_asking import Asking, Direct, correlation
from benchmarks.rivals_measuring import Found, Judges, Measured, filled
from benchmarks.rivals_page import page
from benchmarks.rivals_training import Training, trained
from benchmarks.rivals_truth import write_network
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.embedders.fitted import Eigenfaces, open_embedder
from voice2face.evaluation.pairs import Pairs

JUDGE, N = "face_reid_0095", 16


def seen(vectors, age=None) -> Measured:
    age = np.full(len(vectors), 30.0) if age is None else age
    return Measured({JUDGE: vectors.astype("f4")}, age, np.ones(len(vectors)), 0.01)


@pytest.fixture(scope="module")
def rows():
    """A system that knows everybody, one that knows nothing, and a matcher that knows somewhat."""
    rng = np.random.default_rng(0)
    real = rng.normal(size=(N, 8))
    names = [f"v{i}" for i in range(N)]
    cells = {"voice": names, "gender": ["male"] * N, "age": ["20-39", "40-59"] * (N // 2)}
    pairs = Pairs(Path("t.csv"), "", Path(), np.array([f"p{i}" for i in range(N)]), cells, 0)
    asking = Asking(
        pairs,
        seen(real),
        {
            "speech2face": [seen(np.zeros((N, 8)))],
            "knows": [seen(real), seen(real)],
            "at times": [seen(real), seen(np.zeros((N, 8)))],
        },
        {
            "direct matching, cca, face": [
                Direct((real + rng.normal(size=(N, 8))).astype("f4"), real)
            ]
        },
        ["speech2face", "direct matching, cca, face"],
        JUDGE,
    )
    return [msgspec.to_builtins([*asking.rows()]), msgspec.to_builtins([*asking.attributes()])]


def value(rows, system, measure="1:2 matching", against="", stratum=""):
    wanted = {"system": system, "measure": measure, "against": against, "stratum": stratum}
    (row,) = [row for row in rows if all(row[k] == v for k, v in wanted.items())]
    return row


def test_all_are_asked_alike(rows):
    matching, faces = rows
    assert value(matching, "knows")["value"] == 1
    assert value(matching, "speech2face")["value"] == 0.5
    direct = value(matching, "direct matching, cca, face")
    assert 0.7 < direct["value"] < 1
    assert value(matching, "knows", against="speech2face")["low"] > 0
    above = value(matching, "knows", against="direct matching, cca, face")
    assert above["value"] == pytest.approx(1 - direct["value"])
    assert value(matching, "knows", "R@1 of 16")["value"] == 1
    assert value(matching, "knows", "verification EER")["value"] == 0
    assert value(faces, "knows", "gender")["value"] == 1


def test_seeds_widen_every_interval(rows):
    matching, _ = rows
    for measure, mean in (
        ("1:2 matching", 0.75), ("R@1 of 16", (1 + 1 / N) / 2), ("verification AUC", 0.75)
    ):  # fmt: skip
        row = value(matching, "at times", measure)
        assert row["value"] == pytest.approx(mean)
        assert (row["low"], row["high"]) == (0, 1)  # of 0.5 and 1 two seeds tell nothing
        assert value(matching, "knows", measure)["high"] == 1


def test_the_page_says_what_the_numbers_bear_out(rows):
    matching, faces = rows
    each = dict.fromkeys(("canonical", "face"), matching)
    each |= {f"faces, beside {target}": faces for target in ("canonical", "face")}
    system = {
        "cost": {"cpu_s": 90.0}, "provenance": {"recordings": 20}, "models": ["0", "1"],
        "iterations": [None, None],
    }  # fmt: skip
    found = {
        "run_with": "python -m benchmarks.rivals OUT --data FOLDER",
        "without": ["SF2F"],
        "rows": {"voxceleb": each, "held out": each},
        "chosen": {"direct, face": "direct matching, cca, face"},
        "systems": {
            "knows": {**system, "group": "closed form"},
            "direct matching, cca, face": {**system, "group": "direct"},
            "at times": {**system, "group": "five", "iterations": [1000, 1000]},
        },
        "seconds_a_face": {"knows": 0.01},
        "truth": {},
    }
    text = page(json.loads(json.dumps(found)))
    assert "highest of the trained systems is `knows` with 100.0" in text
    assert "above these for certain: `knows`; below: none" in text
    assert "cannot be told from chance: `speech2face`" in text
    assert "Against Speech2Face's published faces: +" in text and "points, it wins" in text
    assert "Left out of this run: SF2F." in text
    assert "| `knows` | fitted at once | 20 | 2 | — | 1.5 | 100 |" in text
    assert "**The report's models** after 1,000 iterations" in text
    assert "FairFace's faces" in text


def test_a_face_that_is_not_found_tells_nobody_from_anybody():
    vectors = np.array([[1.0, 0], [np.nan, np.nan], [3, 2]], "f4")
    assert filled(vectors).tolist() == [[1, 0], [2, 1], [3, 2]]
    assert not filled(np.full((2, 3), np.nan, "f4")).any()


def test_one_face_for_everybody_has_no_correlation():
    people = np.array([f"p{i}" for i in range(6)])
    there = np.ones(6, bool)
    assert correlation(np.ones(6), np.arange(6.0), people, there).value == 0
    assert correlation(np.arange(6.0), np.arange(6.0), people, there).value == pytest.approx(1)


def test_what_was_seen_is_not_looked_at_again(tmp_path):
    eigen = Eigenfaces.fit(np.random.default_rng(0).uniform(-1, 1, (9, 3, 16, 16)).astype("f4"))
    judges = Judges({"eigen": eigen}, tmp_path)
    pictures = np.random.default_rng(1).integers(0, 256, (3, 64, 64, 3), np.uint8)
    asked = []

    def faces():
        asked.append(1)
        return Found.among(pictures[[0, 1, 1, 2]], "released", 0.5)

    first, again = (judges.look(("model",), faces) for _ in range(2))
    np.testing.assert_array_equal(first.vectors["eigenfaces"], again.vectors["eigenfaces"])
    assert (len(asked), again.found, again.seconds_a_face) == (1, 1.0, 0.5)
    wanted = eigen.embed(FaceSet.of_crops(pictures))[[0, 1, 1, 2]]
    np.testing.assert_allclose(first.vectors["eigenfaces"], wanted, atol=1e-5)
    judges.look(("another",), faces)
    assert len(asked) == 2


def test_a_training_that_is_done_is_not_done_again(tmp_path, monkeypatch):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "corpus.json").write_text("{}")
    done = []
    monkeypatch.setattr(
        "benchmarks.rivals_training._run", lambda words: done.append(words) or {"cpu_s": 60.0}
    )
    one = Training("linear", "corpus", ("--generator", "linear"), "closed form")
    for seed in (0, 0, 1):
        _, cost = trained(one, tmp_path / "corpus", tmp_path, seed)
    assert (len(done), cost) == (2, {"cpu_s": 60.0})
    (tmp_path / "corpus" / "corpus.json").write_text("{ }")  # another corpus
    trained(one, tmp_path / "corpus", tmp_path, 0)
    assert len(done) == 3


def test_eigenfaces_are_the_same_as_a_network(tmp_path):
    rng = np.random.default_rng(0)
    eigen = Eigenfaces.fit(rng.uniform(-1, 1, (12, 3, 64, 64)).astype("f4"))
    network = open_embedder(write_network(eigen, tmp_path / "eigenfaces.onnx"))
    faces = FaceSet.of_crops(rng.integers(0, 256, (2, 64, 64, 3), np.uint8))
    np.testing.assert_allclose(network.embed(faces), eigen.embed(faces), atol=1e-2)
