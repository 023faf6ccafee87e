"""A recogniser as files that any ONNX runtime reads: the network, and how to feed it."""

from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import onnx
from onnx import helper, numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from voice2face.files import atomic_write, write_bytes
from voice2face.networks.modules import unit
from voice2face.release.export import floats, sequence, write_network
from voice2face.training.recogniser.network import Recogniser

INPUT, EMBEDDING, LOGITS = "faces", "embedding", "logits"
MIDDLE = 127.5  # of 0 to 255; also half the range
BACKWARDS = np.iinfo(np.int64).min  # where a slice that runs backwards ends


def export_recogniser(recogniser: Recogniser, labels: list[str], geometry: str, path: Path) -> None:
    """Write ``faces`` (batch, 3, px, px) → ``embedding`` (batch, dim), ``logits`` (batch, people).

    Beside ``NAME.onnx`` goes ``NAME.json``: how a face is fed, and whose the logits are.

    Args:
        recogniser: On the processor.
        labels: Names of the people, in the order of the logits.
        geometry: Where the points of a face lie in the crops: a name of ``faces.GEOMETRIES``.
        path: The ``.onnx`` file; an older pair is replaced.

    Raises:
        OutputError: They could not be written.
    """
    recogniser.eval()
    layers, tensors = sequence(_fused(recogniser.layers), "both", "maps")
    people = unit(recogniser.people.detach()).T * recogniser.scale
    dim, n_people = people.shape
    constants = {
        "people": people.contiguous().numpy(),
        "last": np.array([-1], np.int64),
        "end": np.array([BACKWARDS], np.int64),
        "columns": np.array([3], np.int64),
        "pair": np.array([2, -1, dim], np.int64),
        "first": np.array([0], np.int64),
    }
    tensors += [numpy_helper.from_array(array, name) for name, array in constants.items()]
    nodes: list[onnx.NodeProto] = [
        helper.make_node("Slice", [INPUT, "last", "end", "columns", "last"], ["mirrored"]),
        helper.make_node("Concat", [INPUT, "mirrored"], ["both"], axis=0),
        *layers,
        helper.make_node("Reshape", ["maps", "pair"], ["pairs"]),
        helper.make_node("ReduceMean", ["pairs", "first"], ["mean"], keepdims=0),
        helper.make_node("LpNormalization", ["mean"], [EMBEDDING], axis=1, p=2),
        helper.make_node("MatMul", [EMBEDDING, "people"], [LOGITS]),
    ]
    px = recogniser.face_px
    given = floats(INPUT, ["batch", 3, px, px])
    outputs = [floats(EMBEDDING, ["batch", dim]), floats(LOGITS, ["batch", n_people])]
    with atomic_write(path) as temporary:
        write_network(temporary, "recogniser", nodes, tensors, given, outputs, half=False)
    write_bytes(path.with_suffix(".json"), _feeding(px, labels, geometry))


def _feeding(px: int, labels: list[str], geometry: str) -> bytes:
    """The JSON file beside the network: a face of the corpus enters as it is."""
    told = {
        "size": px,
        "align": geometry,
        "channels": "rgb",
        "mean": [MIDDLE] * 3,
        "std": [MIDDLE] * 3,
        "input": INPUT,
        "output": EMBEDDING,
        "labels": labels,
    }
    return msgspec.json.format(msgspec.json.encode(told)) + b"\n"


def _fused(layers: nn.Sequential) -> nn.Sequential:
    """An equal network for inference: each batch normalisation is folded into its convolution."""
    fused = nn.Sequential()
    pairs = list(pairwise([*layers.named_children(), ("", nn.Identity())]))
    for (name, layer), (_, following) in pairs:
        if isinstance(layer, nn.Conv2d) and isinstance(following, nn.BatchNorm2d):
            fused.add_module(name, fuse_conv_bn_eval(layer, following))
        elif not isinstance(layer, nn.BatchNorm2d):
            fused.add_module(name, layer)
    return fused
