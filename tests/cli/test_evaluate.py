import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from voice2face.evaluation.results import read_result
from voice2face.evaluation.trials.trials import read_trials
from voice2face.synthetic.faces import draw
from voice2face.synthetic.latent import CohortSettings, sample_person

pytest.importorskip("cv2")
onnx = pytest.importorskip("onnx")

N_PEOPLE = 6


@pytest.fixture(scope="session")
def colours(tmp_path_factory) -> Path:
    """An embedder: the mean colours of sixteen parts of the face."""
    path = tmp_path_factory.mktemp("embedder") / "colours.onnx"
    pool = {"kernel_shape": [8, 8], "strides": [8, 8]}
    nodes = [
        onnx.helper.make_node("AveragePool", ["input"], ["m"], **pool),
        onnx.helper.make_node("Flatten", ["m"], ["out"]),
    ]
    ends = [("input", [1, 3, 32, 32]), ("out", [1, 48])]
    ends = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, s) for n, s in ends]
    graph = onnx.helper.make_graph(nodes, "colours", ends[:1], ends[1:])
    opset = onnx.helper.make_opsetid("", 17)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    about = {"size": 32, "align": "released", "channels": "rgb", "mean": [128] * 3, "std": [50] * 3}
    path.with_suffix(".json").write_text(json.dumps(about))
    return path


@pytest.fixture(scope="session")
def pictures(tmp_path_factory, models) -> Path:
    """A table of people; ``made`` shows who it is, ``other`` always shows the next person."""
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    rows = []
    for person in range(N_PEOPLE):
        for take in range(2):
            for column, who in (("face", person), ("made", person), ("other", person + 1)):
                seen = sample_person(CohortSettings(seed=3), who % N_PEOPLE).seen
                scene = np.full((300, 260, 3), 128, np.uint8)
                scene[60:220, 50:210] = draw(seen, rng, 160)
                Image.fromarray(scene).save(folder / f"{column}-{person}-{take}.png")
            row = {c: f"{c}-{person}-{take}.png" for c in ("face", "made", "other")}
            gender = "male" if person < 3 else "female"
            spelled = gender.title() if take else gender  # large letters make no other group
            rows.append({"identity": f"p{person}", "gender": spelled} | row)
    return written(folder / "pairs.csv", rows)


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


def changed(pictures: Path, name: str, change) -> Path:
    """The table beside its pictures with some rows changed, or left out (None)."""
    with pictures.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    kept = [new for i, row in enumerate(rows) if (new := change(i, row)) is not None]
    return written(pictures.with_name(name), kept)


def value(answer: dict, system: str, measure="1:2 matching", stratum="", against="") -> dict:
    wanted = {"system": system, "measure": measure, "stratum": stratum, "against": against}
    (row,) = [row for row in answer["rows"] if all(row[k] == v for k, v in wanted.items())]
    return row


def test_two_systems_against_real_faces(voice2face, pictures, colours, tmp_path):
    words = ("evaluate", pictures, "--faces", "made", "--against", "other")
    ended = voice2face(*words, "--embedder", colours, "--out", tmp_path / "out", "--json")
    assert (ended.status, ended.err) == (0, "")
    answer = json.loads(ended.out)
    made, other = (value(answer, name) for name in ("made", "other"))
    assert made["value"] > 0.9 > 0.5 > other["value"]
    assert (made["n_people"], made["n_trials"], made["chance"]) == (6, 6 * 2 * 2 * 10, 0.5)
    above = value(answer, "made", against="other")
    assert above["value"] == pytest.approx(made["value"] - other["value"])
    assert 0 < above["low"] <= above["value"] <= above["high"]
    assert value(answer, "made", stratum="gender")["n_trials"] == 6 * 2 * 2 * 4
    assert value(answer, "real faces")["value"] > 0.9
    assert value(answer, "made", "R@1 of 6 people")["value"] > 0.6
    assert value(answer, "made", "verification AUC")["value"] > 0.8
    assert value(answer, "made")["embedder"] == "colours"
    assert voice2face(*words, "--embedder", colours, "--out", tmp_path / "out").status == 0
    result = read_result(tmp_path / "out" / "evaluate.json")
    assert len(result.rows) == len(answer["rows"])
    assert {"pairs.csv", "colours", "yunet"} == set(result.sources)
    trials = read_trials(tmp_path / "out" / "trials" / "1-2-within-gender.json")
    assert trials.sha256 == result.trials_sha256["1:2 within gender"]
    assert len(list((tmp_path / "out" / "trials").iterdir())) == len(result.trials_sha256)


def test_text_says_the_same_in_lines(voice2face, pictures, colours):
    ended = voice2face("evaluate", pictures, "--faces", "made", "--embedder", colours)
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert "made, by colours" in lines and "real faces, by colours" in lines
    assert any(line.startswith("  1:2 matching within gender ") for line in lines)


def test_real_pictures_are_not_compared_with_themselves(voice2face, pictures, colours):
    words = ("--faces", "face", "--embedder", colours, "--json")
    answer = json.loads(voice2face("evaluate", pictures, *words).out)
    assert value(answer, "face")["n_trials"] == 6 * 2 * 1 * 10
    assert not [row for row in answer["rows"] if row["system"] == "real faces"]


def test_what_is_missing_or_no_face_is_counted(voice2face, pictures, colours):
    (pictures.parent / "text.png").write_text("no picture")
    Image.new("RGB", (80, 80), "gray").save(pictures.parent / "grey.png")
    bad = {0: {"made": "gone.png"}, 2: {"made": "text.png"}, 3: {"made": ""}, 5: {"identity": " "}}
    bad |= {7: {"face": "grey.png"}}
    table = changed(pictures, "bad.csv", lambda i, row: row | bad.get(i, {}))
    words = ("--faces", "made", "--embedder", colours, "--strata", "gender", "--json")
    ended = voice2face("evaluate", table, *words)
    assert ended.status == 0
    answer = json.loads(ended.out)
    people, made, face = ended.err.splitlines()
    assert "1 row left out" in people
    assert made.startswith("made: 3 of 11 left out: ")
    for reason in ("1 no such file", "1 not a picture", "1 without a file", "gone.png"):
        assert reason in made
    assert face.startswith("face: 1 of 11 left out: 1 no face (grey.png")
    assert answer["left_out"] == [people, made, face]
    assert made in value(answer, "made")["note"]
    assert value(answer, "made")["n_people"] == 5


def test_a_stratum_without_impostors_is_said_and_the_rest_is_measured(
    voice2face, pictures, colours
):
    table = changed(
        pictures, "two.csv", lambda i, row: row if row["identity"] in ("p0", "p5") else None
    )
    ended = voice2face("evaluate", table, "--faces", "made", "--embedder", colours, "--json")
    assert ended.status == 0
    answer = json.loads(ended.out)
    assert value(answer, "made")["n_people"] == 2
    within = value(answer, "made", stratum="gender")
    assert within["value"] is None and "nobody with an impostor" in within["note"]
    assert "1:2 within gender left out: nobody with an impostor of the same gender" in ended.err
    assert answer["not_asked"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda i, row: row if row["identity"] == "p1" else None, "one identity only"),
        (lambda i, row: row | {"made": "gone.png"}, "no probes"),
        (lambda i, row: row | {"face": f"{row['identity']}-gone.png"}, "no real faces"),
        (lambda i, row: {k: v for k, v in row.items() if k != "identity"}, "'identity'"),
        (lambda i, row: row | {"identity": ""}, "nobody named"),
    ],
)
def test_nothing_to_measure_is_refused(voice2face, pictures, colours, change, named):
    table = changed(pictures, "refused.csv", change)
    ended = voice2face("evaluate", table, "--faces", "made", "--embedder", colours)
    assert (ended.status, ended.out) == (2, "")
    *counted, error = ended.err.splitlines()
    assert error.startswith("error: ") and named in error
    assert all("left out" in line for line in counted)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), "neither --faces nor --model"),
        (("--faces", "made", "--model", "x"), "--faces and --model"),
        (("--faces", "made", "--geometry", "tight"), "--geometry"),
        (("--model", "x", "--geometry", "wide"), "'wide'"),
        (("--faces", "made", "--against", "made"), "'made' twice"),
        (("--faces", "made", "--strata", "gender,gender"), "'gender' twice"),
        (("--faces", "made", "--strata", ","), "--strata"),
        (("--faces", "drawn"), "a column 'drawn'"),
        (("--faces", "made", "--target", "photo"), "a column 'photo'"),
        (("--faces", "made", "--strata", "age"), "a column 'age'"),
        (("--faces", "made", "--embedder", "nothing"), "face_reid_0095"),
        (("--model", "nowhere"), "'voice'"),
    ],
)
def test_what_cannot_be_meant_is_refused(voice2face, pictures, words, named):
    voice2face("evaluate", pictures, *words).one_error(named)


def test_an_embedder_fed_otherwise_is_refused(voice2face, pictures, colours, tmp_path):
    path = tmp_path / "colours.onnx"
    path.write_bytes(colours.read_bytes())
    about = json.loads(colours.with_suffix(".json").read_text()) | {"size": 64}
    path.with_suffix(".json").write_text(json.dumps(about))
    words = ("evaluate", pictures, "--faces", "made", "--embedder", path)
    voice2face(*words).one_error("(1, 3, 32, 32)", "(1, 3, 64, 64)")
    words = ("evaluate", pictures, "--faces", "made", "--embedder", colours, "--embedder", path)
    about["size"] = 32
    path.with_suffix(".json").write_text(json.dumps(about))
    voice2face(*words).one_error("'colours' twice")


def test_a_model_makes_the_faces(voice2face, pictures, colours, clips, model):
    wavs = {f"p{i}": str(clips[2 * i]) for i in range(N_PEOPLE - 2)}
    table = changed(
        pictures, "voices.csv", lambda i, row: row | {"voice": wavs.get(row["identity"], "x.wav")}
    )
    words = ("--model", model, "--geometry", "released", "--against", "made", "--json")
    ended = voice2face("evaluate", table, *words, "--embedder", colours)
    assert ended.status == 0, ended.err
    answer = json.loads(ended.out)
    assert "model small: 4 of 12 left out: 4 recording not usable (x.wav" in ended.err
    row = value(answer, "model small", against="made")
    assert row["n_people"] == 4 and row["value"] < 0
    assert any(name.startswith("small/") for name in answer["sources"])


@pytest.mark.parametrize(
    ("said", "words", "how"),
    [
        ("tight", (), "geometry tight"),
        ("tight", ("--geometry", "released"), "geometry released"),
        ("tight", ("--geometry", "detect"), "each detected"),
        (None, (), "each detected"),  # a model of an earlier version
        ("sideways", (), "each detected"),
    ],
)
def test_how_the_faces_of_a_model_lie_is_known_from_itself(said, words, how):
    from msgspec.structs import replace

    from voice2face.evaluation.table import _geometry
    from voice2face.release.inference import Model
    from voice2face.release.model_folder import BUNDLED

    model = Model(BUNDLED)
    if said:
        known = model.config.provenance | {"geometry": said}
        model.config = replace(model.config, provenance=known)
    geometry = _geometry(words[1] if words else None, model)
    assert (f"geometry {geometry}" if geometry else "each detected") == how


def test_an_error_about_the_detector_names_the_extra(voice2face, pictures, colours, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "cv2", None)
    words = ("evaluate", pictures, "--faces", "made", "--embedder", colours)
    voice2face(*words).one_error("voice2face[data]")


def test_what_somebody_else_made_is_not_replaced(voice2face, pictures, colours, tmp_path):
    words = ("evaluate", pictures, "--faces", "made", "--embedder", colours, "--out", tmp_path)
    (tmp_path / "trials").mkdir()
    voice2face(*words).one_error("trials: there, and no result of `evaluate` beside it")
    (tmp_path / "evaluate.json").write_text('{"mine": 1}')
    voice2face(*words).one_error("evaluate.json: a file that voice2face didn't make")
    assert (tmp_path / "evaluate.json").read_text() == '{"mine": 1}'
    assert not list((tmp_path / "trials").iterdir())


def test_a_model_that_knows_people_of_the_table_is_pointed_out():
    from types import SimpleNamespace

    from voice2face.evaluation.table import _warnings
    from voice2face.release.people import people_entry

    def model(*people):
        config = SimpleNamespace(name="tanh", provenance=people_entry(people))
        return SimpleNamespace(config=config)

    pairs = SimpleNamespace(identity=np.array(["a", "a", "b", "c"]))
    assert _warnings(pairs, model("x", "y")) == []
    (told,) = _warnings(pairs, model("a", "c", "x"))
    assert told.startswith("warning: model tanh was trained on 2 of the 3 people")
