"""The two networks of a released model as ONNX graphs.

They are sequences of six kinds of layers, so each becomes one node, written here directly: in
0.03 s of processor time for both, where torch's own exporter takes 3 s for files that give the same
numbers to the last bit. Weights may be stored in 16 bits, and what a layer becomes is known before
a training begins. Networks with branches go by torch's exporter (:mod:`.exported`).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from voice2face.errors import ModelError
from voice2face.networks.modules import Generator, VoiceEncoder

# Of 2022 and 2024: what the oldest ONNX Runtime that the package allows can read.
OPSET, IR_VERSION = 18, 10
Nodes = list[onnx.NodeProto]
Tensors = list[onnx.TensorProto]


def export_voice_encoder(
    encoder: VoiceEncoder, path: Path | None, *, is_unit: bool, half: bool
) -> None:
    """Write ``features`` (batch, n_mels, frames) → ``embedding`` (batch, dim).

    A second output, ``frame_embeddings`` (batch, dim, steps), lets a long recording be heard in
    pieces; its mean over time, scaled to length one if ``is_unit``, is the embedding.

    Args:
        encoder: In evaluation mode.
        path: The file; None: only see that it can be written.
        is_unit: Scale the embedding.
        half: Store weights in 16 bits; they are cast when the model is loaded.

    Raises:
        ModelError: It holds a layer that is not known here.
    """
    nodes, tensors = _sequence(encoder.layers, "features", "frame_embeddings")
    mean = "mean" if is_unit else "embedding"
    tensors.append(numpy_helper.from_array(np.array([2], np.int64), "time"))
    nodes.append(helper.make_node("ReduceMean", ["frame_embeddings", "time"], [mean], keepdims=0))
    if is_unit:
        nodes.append(helper.make_node("LpNormalization", [mean], ["embedding"], axis=1, p=2))
    settings = encoder.settings
    given = _floats("features", ["batch", settings.n_mels, "frames"])
    outputs = [
        _floats("embedding", ["batch", settings.embedding_dim]),
        _floats("frame_embeddings", ["batch", settings.embedding_dim, "steps"]),
    ]
    _write_network(path, "voice_encoder", nodes, tensors, given, outputs, half)


def export_generator(generator: Generator, path: Path | None, *, half: bool) -> None:
    """Write ``embedding`` (batch, dim) → ``face`` (batch, 3, px, px).

    Args:
        generator: In evaluation mode.
        path: The file; None: only see that it can be written.
        half: Store weights in 16 bits; they are cast when the model is loaded.

    Raises:
        ModelError: It holds a layer that is not known here.
    """
    nodes, tensors = _sequence(generator.layers, "column", "face")
    tensors.append(numpy_helper.from_array(np.array([2, 3], np.int64), "height_width"))
    nodes.insert(0, helper.make_node("Unsqueeze", ["embedding", "height_width"], ["column"]))
    settings = generator.settings
    given = _floats("embedding", ["batch", settings.embedding_dim])
    outputs = [_floats("face", ["batch", 3, settings.face_px, settings.face_px])]
    _write_network(path, "generator", nodes, tensors, given, outputs, half)


def _sequence(layers: nn.Sequential, given: str, result: str) -> tuple[Nodes, Tensors]:
    """Operators and weights of layers one after another, from one value's name to another's."""
    nodes: Nodes = []
    tensors: Tensors = []
    value = given
    for name, layer in layers.named_children():
        if isinstance(layer, nn.Dropout):  # does nothing in use
            continue
        weights = [(f"{name}.{part}", tensor) for part, tensor in _weights(layer)]
        tensors += [numpy_helper.from_array(array, label) for label, array in weights]
        kind, attributes = _node(layer)
        inputs = [value, *(label for label, _ in weights)]
        value = f"{name}.out"
        nodes.append(helper.make_node(kind, inputs, [value], name, **attributes))
    nodes[-1].output[0] = result
    return nodes, tensors


def _node(layer: nn.Module) -> tuple[str, dict[str, Any]]:
    """Operator and attributes of a layer."""
    match layer:
        case nn.Conv1d() | nn.Conv2d():
            return "Conv", _geometry(layer)
        case nn.ConvTranspose2d():
            padding = [int(p) for p in layer.output_padding]
            return "ConvTranspose", {**_geometry(layer), "output_padding": padding}
        case nn.BatchNorm1d() | nn.BatchNorm2d():
            return "BatchNormalization", {"epsilon": layer.eps}
        case nn.ReLU():
            return "Relu", {}
        case nn.Tanh():
            return "Tanh", {}
    raise ModelError(
        "export", f"a layer {type(layer).__name__}", "layers that are known as ONNX operators",
        "add it to release/export.py, or leave it out",
    )  # fmt: skip


def _geometry(layer: nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d) -> dict[str, Any]:
    pads = [int(p) for p in layer.padding]
    return {"kernel_shape": layer.kernel_size, "strides": layer.stride, "pads": [*pads, *pads]}


def _weights(layer: nn.Module) -> Iterator[tuple[str, np.ndarray]]:
    """Tensors of a layer in the order in which the operator takes them."""
    for name in ("weight", "bias", "running_mean", "running_var"):
        tensor = getattr(layer, name, None)
        if tensor is not None:
            yield name, tensor.detach().cpu().contiguous().numpy()


def _floats(name: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    """An input or output of 32-bit numbers; names stand for sizes that may vary."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _write_network(
    path: Path | None,
    name: str,
    nodes: Nodes,
    tensors: Tensors,
    given: onnx.ValueInfoProto,
    outputs: list[onnx.ValueInfoProto],
    half: bool,
) -> None:
    """Check a network and write it; ``half``: its weights in 16 bits, widened when it is read."""
    if path is None:
        return
    if half:
        casts, tensors = _halved(tensors)
        nodes = [*casts, *nodes]
    graph = helper.make_graph(nodes, name, [given], outputs, tensors)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, producer_name="voice2face")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def _halved(tensors: Tensors) -> tuple[Nodes, Tensors]:
    """Weights (not biases or statistics) as float16, and the casts that widen them again."""
    casts: Nodes = []
    stored: Tensors = []
    for tensor in tensors:
        if tensor.data_type != TensorProto.FLOAT or len(tensor.dims) < 2:
            stored.append(tensor)
            continue
        label = f"{tensor.name}.half"
        array = numpy_helper.to_array(tensor).astype(np.float16)
        stored.append(numpy_helper.from_array(array, label))
        casts.append(helper.make_node("Cast", [label], [tensor.name], to=TensorProto.FLOAT))
    return casts, stored
