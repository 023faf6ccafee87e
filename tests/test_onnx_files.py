"""Networks of strangers: what is refused before ONNX Runtime sees it, and what is opened."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from voice2face.errors import ModelError
from voice2face.generators.deconvolutional import FILE as GENERATOR
from voice2face.onnx_files import Network, check
from voice2face.onnx_files import network as opening
from voice2face.onnx_files.check import RefusedError, check_onnx
from voice2face.onnx_files.wire import WireError, varint
from voice2face.release.model_folder import SHIPPED_MODELS
from voice2face.voice_encoders.ge2e import FILE as VOICE_ENCODER

onnx = pytest.importorskip("onnx")
helper = pytest.importorskip("onnx.helper")
FLOAT = onnx.TensorProto.FLOAT
SECRET = 64  # bytes of the file that must not be read


def network(*nodes, tensors=(), shape=(1, 4), opset=(("", 17),), **more):
    """A network from ``x`` to ``y``."""
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("x", FLOAT, shape)],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        list(tensors),
    )
    opsets = [helper.make_opsetid(*entry) for entry in opset]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, **more)


def weights(n=16):
    return onnx.numpy_helper.from_array(np.ones(n, np.float32), "w")


def with_weights_elsewhere(path):
    """Weights that are said to be the content of a file."""
    tensor = weights()
    onnx.external_data_helper.set_external_data(tensor, str(path), 0, SECRET)
    tensor.ClearField("raw_data")
    return network(helper.make_node("Add", ["x", "w"], ["y"]), tensors=[tensor], shape=(1, 16))


def branch():
    inner = helper.make_graph([helper.make_node("Identity", ["x"], ["z"])], "i", [], [])
    return helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)


def subgraph_in(operator):
    inner = helper.make_graph([helper.make_node("Identity", ["x"], ["z"])], "i", [], [])
    return helper.make_node(operator, ["x"], ["y"], body=inner)


@pytest.mark.parametrize("part", [VOICE_ENCODER, GENERATOR])
def test_what_the_exporter_writes_is_opened_and_runs(part):
    opened = Network(SHIPPED_MODELS["gan"] / part)
    ((name, (kind, shape)),) = opened.inputs.items()
    given = np.zeros([side or 8 for side in shape], np.float32)
    first = opened.run(opened.outputs, {name: given})
    again = Network((SHIPPED_MODELS["gan"] / part).read_bytes()).run(opened.outputs, {name: given})
    assert kind == "tensor(float)"
    assert all(map(np.array_equal, first, again))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_network_in_a_folder_whose_name_is_no_text(tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    shutil.copy(SHIPPED_MODELS["gan"] / VOICE_ENCODER, folder)
    assert Network(folder / VOICE_ENCODER).outputs


def test_an_opened_network_does_not_keep_the_content_of_its_file(monkeypatch):
    """What is given by its content, ONNX Runtime keeps twice beside what it makes of it."""
    given = []

    def opened(source, *_):
        given.append(source)
        return unpatched(source, *_)

    unpatched = onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "InferenceSession", opened)
    path = SHIPPED_MODELS["gan"] / VOICE_ENCODER
    Network(path)
    assert given == [str(path)]


@pytest.mark.parametrize(
    ("tag", "length"),
    [
        (b"\x6a", b""),
        (b"\xea\x00", b""),
        (b"\xea\x80\x80\x80\x00", b""),
        (b"\x6a", b"over-long"),
    ],
)
def test_weights_in_another_file_are_found_however_they_are_written(tag, length, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(os.urandom(SECRET))
    made = with_weights_elsewhere(secret).SerializeToString()
    tensor = with_weights_elsewhere(secret).graph.initializer[0].SerializeToString()
    at = tensor.index(b"\x6a")
    size = tensor[at + 1]
    written = tag + (bytes([size | 0x80, 0x80, 0x00]) if length else bytes([size]))
    changed = tensor[:at] + written + tensor[at + 2 :]
    # The tensor is a field of the graph, and that of the model: their lengths change with it.
    graph = with_weights_elsewhere(secret).graph
    graph.ClearField("initializer")
    body = graph.SerializeToString() + b"\x2a" + _size(len(changed)) + changed
    model = with_weights_elsewhere(secret)
    model.ClearField("graph")
    whole = model.SerializeToString() + b"\x3a" + _size(len(body)) + body
    assert onnx.load_model_from_string(whole) == onnx.load_model_from_string(made)
    with pytest.raises(ModelError, match=r"another file|longer than it need be"):
        Network(whole)


def _size(n):
    return bytes([n]) if n < 128 else bytes([n & 127 | 128, n >> 7])


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (lambda: network(branch()), "a graph within its graph|'If'"),
        (lambda: network(subgraph_in("Loop")), "a graph within its graph|'Loop'"),
        (lambda: network(subgraph_in("Identity")), "a graph within its graph"),
        (lambda: network(helper.make_node("RandomNormal", [], ["y"], shape=[9])), "RandomNormal"),
        (
            lambda: network(
                helper.make_node("Inverse", ["x"], ["y"], domain="com.microsoft"),
                opset=(("", 17), ("com.microsoft", 1)),
            ),
            "the operator 'Inverse' of 'com.microsoft'",
        ),
        (
            lambda: network(
                helper.make_node("Identity", ["x"], ["y"]),
                tensors=[onnx.TensorProto(name="w", data_type=1, dims=[1 << 40])],
            ),
            "weights of 1099511627776 numbers",
        ),
        (
            lambda: network(
                helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[1], pads=[1 << 30, 0])
            ),
            "pads of more than",
        ),
        (
            lambda: network(helper.make_node("Identity", ["x"], ["y"]), shape=(1 << 15, 1 << 15)),
            "an input or output of an impossible size",
        ),
        (
            lambda: network(
                helper.make_node("Identity", ["x"], ["y"]),
                tensors=[helper.make_tensor("w", onnx.TensorProto.STRING, [1], [b"x"])],
            ),
            "text among its weights",
        ),
        (
            lambda: network(
                helper.make_node("Mine", ["x"], ["y"]),
                functions=[
                    helper.make_function(
                        "mine", "Mine", ["x"], ["y"], [], [helper.make_opsetid("", 17)]
                    )
                ],
            ),
            "functions of its own|'Mine'",
        ),
    ],
)
def test_what_may_not_be_in_a_network_is_named(made, found):
    with pytest.raises(RefusedError, match=found):
        check_onnx(made().SerializeToString())


@pytest.mark.parametrize(
    "data", [b"", b"no network", bytes(100), b"\x0b" * 50, b"\x08\x0a\x12\x04ORTM", b"1234ORTM1234"]
)
def test_what_is_no_network_is_refused_in_one_line(data):
    with pytest.raises(
        ModelError, match=r"^network: .*; an ONNX network.* wanted; fetch"
    ) as caught:
        Network(data)
    assert "\n" not in str(caught.value)


def test_a_cut_network_is_refused_wherever_it_is_cut():
    whole = (SHIPPED_MODELS["gan"] / VOICE_ENCODER).read_bytes()
    rng = np.random.default_rng(0)
    for n_bytes in rng.integers(1, len(whole), 50):
        with pytest.raises(RefusedError):
            check_onnx(whole[:n_bytes])


def test_numbers_of_the_wire_format():
    assert varint(memoryview(b"\xac\x02"), 0) == (300, 2)
    assert varint(memoryview(b"\xff" * 9 + b"\x01"), 0) == (2**64 - 1, 10)
    for data in (b"\x80", b"\x80\x00", b"\xff" * 9 + b"\x02", b"\xff" * 11, b""):
        with pytest.raises(WireError):
            varint(memoryview(data), 0)


def test_the_fields_of_a_file_are_bounded(monkeypatch):
    monkeypatch.setattr("voice2face.onnx_files.wire.MOST_FIELDS", 1000)
    with pytest.raises(RefusedError, match="more than 1000 fields"):
        check_onnx(b"\x08\x01" * 1001)


def test_a_network_that_would_fill_the_memory_is_stopped(monkeypatch):
    """An outer product of 40 GB, from a file of a few hundred bytes."""
    monkeypatch.setattr(opening, "MEMORY_BYTES", 1 << 30)
    n = 100_000
    shape = onnx.numpy_helper.from_array(np.array([n, n], np.int64), "s")
    made = network(helper.make_node("Expand", ["x", "s"], ["y"]), tensors=[shape], shape=(1, 1))
    opened = Network(made.SerializeToString())
    with pytest.raises(ModelError, match="network"):
        opened.run(["y"], {"x": np.ones((1, 1), np.float32)})


def test_a_first_run_without_end_is_stopped(monkeypatch):
    monkeypatch.setattr(opening, "FIRST_RUN_S", 0.2)
    n = 1500
    nodes = [helper.make_node("MatMul", ["x", "x"], ["t0"])]
    nodes += [helper.make_node("MatMul", [f"t{i}", "x"], [f"t{i + 1}"]) for i in range(2000)]
    nodes.append(helper.make_node("Identity", ["t2000"], ["y"]))
    opened = Network(network(*nodes, shape=(n, n)).SerializeToString())
    with pytest.raises(ModelError, match=r"its first run took more than 0\.2 s"):
        opened.run(["y"], {"x": np.zeros((n, n), np.float32)})


def test_a_file_that_is_none(tmp_path):
    os.mkfifo(tmp_path / "pipe.onnx")
    for name in ("pipe.onnx", "missing.onnx", "nul\0.onnx", "."):
        with pytest.raises(ModelError, match="no such file"):
            Network(tmp_path / name)
    assert check.MOST_BYTES == 2**31 - 1
