import json
from pathlib import Path

import numpy as np
import pytest

from voice2face.errors import ModelError
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.embedders.fitted import Eigenfaces, Embedder, Fisherfaces, open_embedder
from voice2face.evaluation.embedders.onnx_embedder import OnnxEmbedder
from voice2face.faces import GEOMETRIES

pytest.importorskip("cv2")
onnx = pytest.importorskip("onnx")

ABOUT = {"size": 32, "align": "released", "channels": "rgb", "mean": [0, 0, 0], "std": [1, 1, 1]}


def network(
    path: Path,
    shape=(1, 3, 32, 32),
    about=None,
    *,
    output=("n", 3),
    kind=onnx.TensorProto.FLOAT,
    divisor=1.0,
    name="input",
) -> Path:
    """A network whose embedding is the mean of each channel, divided by a number."""
    nodes = [
        onnx.helper.make_node("Cast", [name], ["x"], to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("GlobalAveragePool", ["x"], ["m"]),
        onnx.helper.make_node("Div", ["m", "d"], ["q"]),
        onnx.helper.make_node("Flatten", ["q"], ["out"]),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "mean",
        [onnx.helper.make_tensor_value_info(name, kind, shape)],
        [onnx.helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, output)],
        [onnx.numpy_helper.from_array(np.float32(divisor), "d")],
    )
    opset = onnx.helper.make_opsetid("", 17)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    path.with_suffix(".json").write_text(json.dumps(ABOUT | (about or {})))
    return path


def crops(n: int = 5, px: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, px, px, 3), np.uint8)


@pytest.mark.parametrize("batch", [1, "n"])
@pytest.mark.parametrize("channels", ["rgb", "bgr"])
def test_a_face_enters_as_its_description_says(tmp_path, batch, channels):
    about = {"channels": channels, "mean": [10, 20, 30], "std": [2, 4, 5]}
    path = network(tmp_path / "mine.onnx", (batch, 3, 32, 32), about)
    embedder = OnnxEmbedder(path)
    assert (embedder.name, embedder.dim) == ("mine", 3)
    means = crops(20).mean(axis=(1, 2))
    means = means if channels == "rgb" else means[:, ::-1]
    found = embedder.embed(FaceSet.of_crops(crops(20)))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, (means - (10, 20, 30)) / (2, 4, 5), rtol=1e-4)
    assert embedder.embed(FaceSet.of_crops(crops(0))).shape == (0, 3)


def test_faces_are_aligned_at_one_size_and_enter_at_another(tmp_path):
    import cv2

    path = network(tmp_path / "a.onnx", about={"align": "arcface24"})
    faces = FaceSet.of_crops(crops(px=64))
    small = faces.aligned(GEOMETRIES["arcface"], 24)
    means = np.stack([cv2.resize(crop, (32, 32)) for crop in small]).mean(axis=(1, 2))
    np.testing.assert_allclose(OnnxEmbedder(path).embed(faces), means, rtol=1e-4)
    points = GEOMETRIES["tight"].tolist()
    one, other = (
        OnnxEmbedder(network(tmp_path / "b.onnx", about={"align": align})).embed(faces)
        for align in ("tight", points)
    )
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("made", "about", "named"),
    [
        ({"shape": (1, 3, 64, 64)}, {}, ["(1, 3, 64, 64)", "(1, 3, 32, 32)"]),
        ({"shape": (1, 1, 32, 32)}, {}, ["(1, 1, 32, 32)"]),
        ({"shape": (4, 3, 32, 32)}, {}, ["(4, 3, 32, 32)"]),
        ({"shape": (1, 3, 32)}, {}, ["(1, 3, 32)"]),
        ({"kind": onnx.TensorProto.UINT8}, {}, ["tensor(uint8)"]),
        ({"name": "data"}, {}, ["'data'", "'input'"]),
        ({"divisor": 0.0}, {}, ["NaN or infinite"]),
        ({}, {"output": "features"}, ["'out'", "'features'"]),
        ({}, {"align": "sideways"}, ["sideways", "arcface112"]),
        ({}, {"align": "arcface9999"}, ["9999"]),
        ({}, {"align": [[0.1, 0.2]]}, ["five points"]),
        ({}, {"std": [1, 0, 1]}, ["std"]),
        ({}, {"channels": "grey"}, ["channels"]),
        ({}, {"size": 0}, ["size"]),
        ({}, {"sise": 1}, ["sise"]),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(tmp_path, made, about, named):
    path = network(tmp_path / "mine.onnx", about=about, **made)
    with pytest.raises(ModelError) as refused:
        OnnxEmbedder(path)
    assert "mine." in str(refused.value) and "\n" not in str(refused.value)
    assert all(word in str(refused.value) for word in named), refused.value


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"{}", b"[" * 100_000])
def test_a_damaged_description_is_refused(tmp_path, content):
    path = network(tmp_path / "mine.onnx")
    path.with_suffix(".json").write_bytes(content)
    with pytest.raises(ModelError, match=r"mine\.json"):
        OnnxEmbedder(path)


def test_files_that_are_not_there_or_no_network(tmp_path):
    path = network(tmp_path / "mine.onnx")
    path.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match=r"mine\.json: no such file"):
        OnnxEmbedder(path)
    (tmp_path / "text.onnx").write_bytes(b"no network")
    for name in ("text.onnx", "missing.onnx", ".", "nul\0.onnx"):
        with pytest.raises(ModelError):
            OnnxEmbedder(tmp_path / name)


def test_an_embedder_is_opened_by_name_or_file(tmp_path):
    assert open_embedder(network(tmp_path / "mine.onnx")).name == "mine"
    for name in ("face_reid", "yunet", "age_gender", "mine.json"):
        with pytest.raises(ModelError, match="one of face_reid_0095"):
            open_embedder(name)


def test_the_pretrained_one_tells_real_people_apart(models):
    from needed import SHARED, needed

    from voice2face.evaluation.embedders.face_set import detector

    folder = needed(SHARED / "data" / "faces", "pictures")
    embedder = open_embedder("face_reid_0095")
    assert embedder.dim == 256
    paths = [p for person in sorted(folder.iterdir())[:4] for p in sorted(person.iterdir())[:4]]
    faces, left_out = FaceSet.of_files(paths, detector())
    assert not left_out
    vectors = embedder.embed(faces)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = vectors @ vectors.T
    who = np.repeat(np.arange(4), 4)
    same = (who[:, None] == who) & ~np.eye(16, dtype=bool)
    assert np.median(cosine[same]) > 0.5 > 0.35 > np.median(cosine[who[:, None] != who])


def test_fitted_embedders_take_any_faces(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (30, 16, 16, 3), np.uint8)
    values = (pixels.transpose(0, 3, 1, 2).astype(np.float32) - 127.5) / 127.5
    identity = np.repeat(np.arange(10), 3).astype(str)
    fitted: list[Embedder] = [Eigenfaces.fit(values), Fisherfaces.fit(values, identity)]
    for embedder in fitted:
        direct = embedder.embed(values)
        assert direct.shape == (30, embedder.dim)
        np.testing.assert_allclose(embedder.embed(FaceSet.of_crops(pixels)), direct, atol=1e-4)
        larger = FaceSet.of_crops(pixels.repeat(2, axis=1).repeat(2, axis=2))
        assert np.corrcoef(embedder.embed(larger).ravel(), direct.ravel())[0, 1] > 0.8
    assert [embedder.name for embedder in fitted] == ["eigenfaces", "fisherfaces"]
    np.testing.assert_allclose(fitted[0].embed(values).std(axis=0), 1, atol=1e-3)
    with pytest.raises(ValueError, match="three faces"):
        Eigenfaces.fit(values[:2])
