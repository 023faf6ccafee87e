"""A network of an ONNX file in torch: how its answer changes with what it is given."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

from voice2face.errors import ModelError

Attributes = Mapping[str, Any]
Operation = Callable[[list[Tensor], Attributes], Tensor]


class Graph(nn.Module):
    """A network of one input and one output, whose weights stay as they are.

    Args:
        path: Its file. It consists of the operations of ``OPERATIONS``.

    Raises:
        ModelError: It consists of others, or can't be read.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        try:
            graph = onnx.load(path).graph
        except Exception as error:  # protobuf and onnx raise many kinds
            raise ModelError(path, str(error)[:120], "an ONNX file", "fetch it again") from error
        others = {node.op_type for node in graph.node} - OPERATIONS.keys()
        if others or len(graph.input) != 1 or len(graph.output) != 1:
            found = f"operations {', '.join(sorted(others))}"[:200] if others else "several inputs"
            wanted = f"one input, one output, and {', '.join(OPERATIONS)}"
            raise ModelError(path, found, wanted, "name another network")
        self._input, self._output = graph.input[0].name, graph.output[0].name
        fixed = {one.name: _tensor(one) for one in graph.initializer}
        self._steps: list[tuple[Operation, list[str], str, Attributes]] = []
        for node in graph.node:
            step, names = OPERATIONS[node.op_type], list(node.input)
            how = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
            if all(name in fixed for name in names):
                fixed[node.output[0]] = step([fixed[name] for name in names], how)
            else:
                self._steps.append((step, names, node.output[0], how))
        self._fixed = fixed

    def forward(self, given: Tensor) -> Tensor:
        """The answer, shape (n, numbers).

        Args:
            given: Shape (n, channels, height, width).
        """
        found = {self._input: given.contiguous(memory_format=torch.channels_last)}
        for step, names, made, how in self._steps:
            inputs = [found[name] if name in found else self._fixed[name] for name in names]
            found[made] = step(inputs, how)
        return found[self._output].flatten(1)


def _tensor(stored: Any) -> Tensor:
    made = torch.from_numpy(numpy_helper.to_array(stored).copy())
    return made.float() if made.is_floating_point() else made


def _convolved(inputs: list[Tensor], how: Attributes) -> Tensor:
    x, weights, *offset = inputs
    top, left, bottom, right = how.get("pads", (0, 0, 0, 0))
    padding = (top, left)
    if (top, left) != (bottom, right):
        x, padding = F.pad(x, (left, right, top, bottom)), (0, 0)
    strides, dilations = how.get("strides", (1, 1)), how.get("dilations", (1, 1))
    groups, bias = how.get("group", 1), offset[0] if offset else None
    return F.conv2d(x, weights, bias, tuple(strides), padding, tuple(dilations), groups)


def _leaky(inputs: list[Tensor], how: Attributes) -> Tensor:
    """PReLU; so written, its gradient takes a quarter of the time."""
    x, slopes = inputs
    return torch.lerp(F.relu(x), x, slopes.reshape(1, -1, 1, 1))


def _pooled(inputs: list[Tensor], how: Attributes) -> Tensor:
    sides = tuple(how["kernel_shape"])
    top, left = how.get("pads", (0, 0, 0, 0))[:2]
    return F.avg_pool2d(inputs[0], sides, tuple(how.get("strides", (1, 1))), (top, left))


def _reshaped(inputs: list[Tensor], how: Attributes) -> Tensor:
    x, shape = inputs
    sides = [x.shape[axis] if side == 0 else side for axis, side in enumerate(shape.tolist())]
    return x.reshape(sides)


OPERATIONS: dict[str, Operation] = {
    "Add": lambda inputs, how: inputs[0] + inputs[1],
    "AveragePool": _pooled,
    "Cast": lambda inputs, how: inputs[0],  # all floats are of one type here
    "Conv": _convolved,
    "Identity": lambda inputs, how: inputs[0],
    "Mul": lambda inputs, how: inputs[0] * inputs[1],
    "PRelu": _leaky,
    "Reshape": _reshaped,
    "Sigmoid": lambda inputs, how: torch.sigmoid(inputs[0]),
}
