"""Mean faces that are moved to where a network reads what voices tell."""

import json

import numpy as np
import onnx
import pytest
import torch
from generators.face_space_samples import DIM, arrays, people
from onnx import TensorProto, helper

from voice2face.errors import ModelError
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.faces.mesh import five_points
from voice2face.generators.face_decoder import FaceDecoder, Looks
from voice2face.generators.face_space import FaceSpace, FaceSpacePart
from voice2face.generators.neighbours import comparable
from voice2face.networks.graph import Graph
from voice2face.networks.onnx_network import Network
from voice2face.training.face_space.components import Codes
from voice2face.training.face_space.directions import direction, views
from voice2face.training.face_space.moves import Moving, fit_move
from voice2face.training.face_space.nearest import Identities, fit_nearest
from voice2face.training.face_space.tensors import Crops

pytest.importorskip("cv2")
N, PX = 40, 160
PART = FaceSpacePart(px=PX, embedding_dim=DIM, nearness=1.0)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A network that sees how bright a face is in each of 36 places, and in which colour."""
    path = tmp_path_factory.mktemp("reader") / "places.onnx"
    given, made = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, side, side])
        for name, side in (("input", 48), ("output", 6))
    )
    pool = helper.make_node(
        "AveragePool", ["input"], ["output"], kernel_shape=[8, 8], strides=[8, 8]
    )
    graph = helper.make_graph([pool], "places", [given], [made])
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)
    about = {"size": 48, "align": "arcface", "channels": "bgr", "mean": [140] * 3, "std": [60] * 3}
    path.with_suffix(".json").write_text(json.dumps(about))
    return open_embedder(path)


@pytest.fixture(scope="module")
def world(reader):
    """People whose voices tell three numbers of their codes, and what is read in their faces."""
    space, faces = arrays(hair=False), people(N, 3)
    code = Codes.read(space).of(faces.texture, faces.shape)
    voice = np.zeros((N, DIM), np.float32)
    voice[:, 0] = np.where(faces.male, 2, -2)
    voice[:, 1:4] = code[:, 1:4]
    reading = drawn(space, code, reader)
    names = np.array([f"p{i}" for i in range(N)])
    taught = Identities(voice, reading, code, names, faces.male, faces.age)
    return space | fit_nearest(taught, faces, reading, code), taught


def drawn(space, codes, reader):
    """What the network reads in faces."""
    return reader.embed(pictures(space, codes))


def pictures(space, codes):
    """Faces, whose points are where the mesh has them."""
    n, decoder = len(codes), FaceDecoder(space, PX, PART.sharpening)
    looks = Looks(codes, np.zeros(n, bool), np.zeros(n, np.float32))
    points = np.array([five_points(one) for one in decoder.shapes(codes)])
    return FaceSet(np.rint(decoder(looks)).astype(np.uint8), PX * points)


def test_a_network_of_a_file_is_the_same_in_torch():
    reader = open_embedder("face_reid_0095")
    given = np.random.default_rng(0).uniform(0, 255, (1, 3, 128, 128)).astype(np.float32)
    network = Network(reader.path)
    (wanted,) = network.run(network.outputs, {reader.about.input: given})
    found = Graph(reader.path)(torch.from_numpy(given))
    np.testing.assert_allclose(found, wanted.reshape(1, -1), atol=1e-4)


def test_a_network_of_other_operations_is_refused(tmp_path):
    given, made = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in ("in", "out")
    )
    graph = helper.make_graph([helper.make_node("Erf", ["in"], ["out"])], "erf", [given], [made])
    onnx.save(helper.make_model(graph), tmp_path / "erf.onnx")
    with pytest.raises(ModelError, match="operations Erf"):
        Graph(tmp_path / "erf.onnx")
    (tmp_path / "none.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match="an ONNX file"):
        Graph(tmp_path / "none.onnx")


def test_what_a_network_is_fed_is_drawn_as_faces_are(world, reader):
    space, taught = world
    sides = reader.aligned_px, reader.about.size
    crops = Crops(space, PART.sharpening, reader.geometry, *sides, np.zeros((5, 2)))
    codes = taught.code[:6].astype(np.float32)
    fed = crops(torch.from_numpy(codes))
    assert fed.shape == (6, 3, reader.about.size, reader.about.size)
    wanted = pictures(space, codes).aligned(reader.geometry, reader.about.size)
    apart = np.abs(fed.permute(0, 2, 3, 1).numpy() - wanted)
    assert apart.mean() < 2 < wanted.std(axis=0).mean()


def test_faces_are_moved_to_where_they_are_read_as_voices_tell(world, reader):
    space, taught = world
    alike = {"near_code": np.zeros_like(space["near_code"])}  # as means of too many people are
    space = space | alike
    how = Moving(steps=20, batch_size=8, learning_rate=0.05, n_directions=4)
    moved = fit_move(space, PART, taught, reader, 0, how)
    voices = taught.embedding
    known = views(taught.reading, taught.code, taught.male, taught.age)
    heard = comparable(voices, bool(space["identity_rectified"])).astype(np.float64)
    aim = (heard - heard.mean(axis=0)) @ direction(heard, known, known[0].seen)

    def near(made):
        read = drawn(made, FaceSpace(PART, made).told(voices).codes, reader)
        read = read / np.linalg.norm(read, axis=1, keepdims=True)
        read -= read.mean(axis=0)
        return ((read * aim).sum(axis=1) / np.linalg.norm(read, axis=1)).mean()

    assert near(space | moved) > near(space) + 0.1


def test_a_direction_is_that_of_the_faces_that_voices_tell_of():
    rng = np.random.default_rng(0)
    told, noise = rng.standard_normal((2, 300, 3))
    heard = told + 0.3 * rng.standard_normal((300, 3))
    reading = np.hstack([told, noise])
    code, male, age = told[:, :2], told[:, 0] > 0, 40 + 10 * told[:, 1]
    found = heard @ direction(heard[:200], views(reading[:200], code[:200], male[:200], age[:200]),
                              reading[:200])  # fmt: skip
    seen = reading / np.linalg.norm(reading, axis=1, keepdims=True)
    scores = found[200:] @ seen[200:].T
    assert (np.diag(scores)[:, None] > scores).mean() > 0.75
