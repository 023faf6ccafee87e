"""Networks that want more than to compute."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import NotHereError
from voice2face.voice_encoders.ge2e import INPUT, OUTPUT


def networks(secret: Path) -> dict[str, Callable[[], bytes]]:
    """Each by what is wrong with it; all take the input of GE2E.

    Args:
        secret: A file that must not be read.

    Raises:
        NotHereError: The package that writes networks is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise NotHereError("onnx") from error
    helper = onnx.helper

    def made(*nodes: Any, tensors: tuple[Any, ...] = (), **more: Any) -> bytes:
        graph = helper.make_graph(
            list(nodes), "g",
            [helper.make_tensor_value_info(INPUT, onnx.TensorProto.FLOAT, ("b", 160, 40))],
            [helper.make_tensor_value_info(OUTPUT, onnx.TensorProto.FLOAT, None)],
            list(tensors),
        )  # fmt: skip
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=9, **more)
        return bytes(model.SerializeToString())

    def elsewhere(place: str, key: bytes = b"\x0a\x08") -> bytes:
        tensor = onnx.numpy_helper.from_array(np.ones(40, np.float32), "w")
        onnx.external_data_helper.set_external_data(tensor, place, 0, 160)
        tensor.ClearField("raw_data")
        data = made(helper.make_node("Add", [INPUT, "w"], [OUTPUT]), tensors=(tensor,))
        return data.replace(b"\x0a\x08location", key + b"location")

    def inner(operator: str) -> bytes:
        body = helper.make_graph([helper.make_node("Identity", ["z"], ["z2"])], "i", [], [])
        return made(helper.make_node(operator, [INPUT], [OUTPUT], body=body))

    def large() -> bytes:
        shape = onnx.numpy_helper.from_array(np.array([1, 160, 4 * 10**8], np.int64), "s")
        pooled = helper.make_node("ReduceMean", [INPUT], ["m"], axes=[2], keepdims=1)
        node = helper.make_node("Expand", ["m", "s"], [OUTPUT])
        return made(pooled, node, tensors=(shape,))

    def folded() -> bytes:
        shape = onnx.numpy_helper.from_array(np.array([10**5, 10**6], np.int64), "s")
        nodes = [
            helper.make_node("ConstantOfShape", ["s"], ["c"]),
            helper.make_node("ReduceSum", ["c"], ["r"]),
            helper.make_node("Add", [INPUT, "r"], [OUTPUT]),
        ]
        return made(*nodes, tensors=(shape,))

    claims = onnx.TensorProto(name="w", data_type=1, dims=[1 << 40])
    return {
        "weights in a file of the disk": lambda: elsewhere(str(secret)),
        "weights up the folders": lambda: elsewhere(f"../{secret.name}"),
        "the same, its key written longer": lambda: elsewhere(
            f"../{secret.name}", b"\x0a\x88\x80\x00"
        ),
        "and longer": lambda: elsewhere(f"../{secret.name}", b"\x8a\x80\x80\x00\x88\x80\x80\x00"),
        "a loop": lambda: inner("Loop"),
        "a branch": lambda: inner("If"),
        "an operator of a library": lambda: made(
            helper.make_node("Inverse", [INPUT], [OUTPUT], domain="com.microsoft")
        ),
        "chance": lambda: made(helper.make_node("RandomNormal", [], [OUTPUT], shape=[9])),
        "an output of 256 GB": large,
        "a constant of 400 GB": folded,
        "weights that are claimed": lambda: made(
            helper.make_node("Identity", [INPUT], [OUTPUT]), tensors=(claims,)
        ),
        "another format of the library": lambda: b"\x20\0\0\0ORTM" + bytes(1000),
        "a pickle": lambda: b"\x80\x04\x95\x1e\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system",
    }
