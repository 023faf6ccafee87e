"""What may be in an ONNX file, found out before ONNX Runtime sees it.

A network is tensors and operators from a list, in one graph. No weights in other files (old
versions of ONNX Runtime read any file of the disk for it), no operators of others' libraries, no
graph within a graph (loops and branches), no functions, no text.
"""

import mmap
from collections.abc import Callable
from dataclasses import dataclass, field

from voice2face.onnx_files.wire import BYTES, VARINT, Reader, WireError

# Arithmetic on tensors of numbers: what our exporters write, and what voice and face encoders of
# others have beside it. Nothing draws at random, repeats or chooses, or reads text.
OPERATORS = frozenset(
    """
    Abs Add AveragePool BatchNormalization Cast Ceil Clip Concat Constant ConstantOfShape Conv
    ConvInteger ConvTranspose DepthToSpace DequantizeLinear Div DynamicQuantizeLinear Elu Equal Erf
    Exp Expand Flatten Floor GRU Gather Gelu Gemm GlobalAveragePool GlobalMaxPool Greater
    GreaterOrEqual GroupNormalization HardSigmoid HardSwish Identity InstanceNormalization LRN LSTM
    LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization MatMul
    MatMulInteger Max MaxPool MaxUnpool Min Mish Mul Neg Not PRelu Pad Pow QLinearConv QLinearMatMul
    QuantizeLinear ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
    ReduceSumSquare Reciprocal Relu Reshape Resize Selu Shape Sigmoid Slice Softmax Softplus
    Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Tile Transpose Unsqueeze Upsample Where
    """.split()  # noqa: SIM905  (a list of ninety strings is harder to read)
)
DOMAINS = frozenset({"", "ai.onnx"})
MOST_BYTES = (1 << 31) - 1  # protobuf's own limit
MOST_NODES = 10_000
MOST_ENDS = 64  # inputs and outputs
MOST_AXES = 8
LARGEST_SIDE = 1 << 16  # of an input, a kernel, a stride, a margin
LARGEST_INPUT = 1 << 28  # numbers
STRING = 8  # TensorProto.DataType
_ORT_FORMAT = b"ORTM"  # at byte 4 of ONNX Runtime's own format, which it tells by this alone
_SIZES = frozenset(
    {"kernel_shape", "strides", "dilations", "pads", "output_padding", "output_shape", "group"}
)


class RefusedError(ValueError):
    """What was found in a file that may not be there."""


class NotOnnxError(RefusedError):
    """The file is of another kind, or damaged."""


@dataclass
class _Graph:
    reader: Reader = field(default_factory=Reader)
    n_nodes: int = 0
    n_ends: int = 0
    operators: set[str] = field(default_factory=set)


def check_onnx(data: bytes | mmap.mmap) -> frozenset[str]:
    """Look through a whole file.

    Returns:
        The operators that it uses.

    Raises:
        NotOnnxError: It is not an ONNX file.
        RefusedError: It has something that may not be there; the message says what, as a noun.
    """
    if len(data) > MOST_BYTES:
        raise RefusedError(f"{len(data)} bytes")
    if data[4:8] == _ORT_FORMAT:
        raise RefusedError("ONNX Runtime's own format")
    graph = _Graph()
    try:
        n_graphs = 0
        for number, kind, value in graph.reader.fields(memoryview(data)):
            if kind != BYTES:
                continue
            if number in (20, 25):  # training_info, functions
                raise RefusedError("a training graph" if number == 20 else "functions of its own")
            if number == 7:
                n_graphs += 1
                _check_graph(graph, _view(value))
    except WireError as error:
        raise NotOnnxError(f"not an ONNX file ({error})") from error
    if n_graphs != 1 or not graph.n_nodes:
        raise NotOnnxError("not an ONNX file (no graph in it)")
    return frozenset(graph.operators)


def _check_graph(graph: _Graph, message: memoryview) -> None:
    checks: dict[int, Callable[[_Graph, memoryview], None]] = {
        1: _check_node, 5: _check_tensor, 11: _check_end, 12: _check_end,
    }  # fmt: skip
    for number, kind, value in graph.reader.fields(message):
        if kind == BYTES:
            if number == 15:
                raise RefusedError("sparse weights")
            if number in checks:
                checks[number](graph, _view(value))


def _check_node(graph: _Graph, message: memoryview) -> None:
    graph.n_nodes += 1
    if graph.n_nodes > MOST_NODES:
        raise RefusedError(f"more than {MOST_NODES} operators")
    texts: dict[int, str] = {}
    for number, kind, value in graph.reader.fields(message):
        if kind != BYTES:
            continue
        if number in (4, 7):  # op_type, domain
            if number in texts:
                raise RefusedError("an operator with two names")
            texts[number] = _text(value)
        elif number == 5:
            _check_attribute(graph, _view(value))
    operator, domain = texts.get(4, ""), texts.get(7, "")
    if domain not in DOMAINS:
        raise RefusedError(f"the operator '{operator[:40]}' of '{domain[:40]}'")
    if operator not in OPERATORS:
        raise RefusedError(f"the operator '{operator[:40]}'")
    graph.operators.add(operator)


def _check_attribute(graph: _Graph, message: memoryview) -> None:
    name, numbers = "", list[int]()
    for number, kind, value in graph.reader.fields(message):
        if number == 1 and kind == BYTES:
            name = _text(value)
        elif (number == 5 and kind == BYTES) or (number == 10 and kind == BYTES):
            _check_tensor(graph, _view(value))
        elif number in (6, 11) and kind == BYTES:
            raise RefusedError("a graph within its graph")
        elif number in (14, 15, 22, 23) and kind == BYTES:
            raise RefusedError("an attribute that is not a tensor")
        elif number in (3, 8):
            numbers += graph.reader.integers(kind, value)
    if name in _SIZES and any(abs(size) > LARGEST_SIDE for size in numbers):
        raise RefusedError(f"{name} of more than {LARGEST_SIDE}")


def _check_tensor(graph: _Graph, message: memoryview) -> None:
    n_numbers, n_axes = 1, 0
    for number, kind, value in graph.reader.fields(message):
        if (number == 13 and kind == BYTES) or (number == 14 and value != 0):
            raise RefusedError("weights that lie in another file")
        if number == 2 and value == STRING:
            raise RefusedError("text among its weights")
        if number == 1:
            for side in graph.reader.integers(kind, value):
                n_axes += 1
                n_numbers *= max(side, 0)
                if side < 0 or n_axes > MOST_AXES:
                    raise RefusedError("weights of an impossible shape")
    # Two of the shortest numbers (of four bits) fit into a byte.
    if n_numbers > 2 * len(message):
        raise RefusedError(f"weights of {n_numbers} numbers in {len(message)} bytes")


def _check_end(graph: _Graph, message: memoryview) -> None:
    """An input or output: a tensor, of a size that can be, as far as it is said."""
    graph.n_ends += 1
    if graph.n_ends > MOST_ENDS:
        raise RefusedError(f"more than {MOST_ENDS} inputs and outputs")
    for number, kind, value in graph.reader.fields(message):
        if number != 2 or kind != BYTES:
            continue
        for type_number, type_kind, tensor in graph.reader.fields(_view(value)):
            if type_kind != BYTES:
                continue
            if type_number in (4, 5, 7, 8, 9):  # sequence, map, opaque, sparse, optional
                raise RefusedError("an input or output that is not a tensor")
            if type_number == 1:
                _check_shape(graph, _view(tensor))


def _check_shape(graph: _Graph, tensor: memoryview) -> None:
    sides = list[int]()
    for number, kind, value in graph.reader.fields(tensor):
        if number == 1 and value == STRING:
            raise RefusedError("an input or output of text")
        if number != 2 or kind != BYTES:
            continue
        for dim_number, dim_kind, dim in graph.reader.fields(_view(value)):
            if dim_number == 1 and dim_kind == BYTES:
                for side_number, side_kind, side in graph.reader.fields(_view(dim)):
                    if side_number == 1 and side_kind == VARINT and isinstance(side, int):
                        sides.append(side)
    n_numbers = 1
    for side in sides:
        n_numbers *= max(side, 1)
    if len(sides) > MOST_AXES or n_numbers > LARGEST_INPUT or max(sides, default=0) > LARGEST_SIDE:
        raise RefusedError("an input or output of an impossible size")


def _view(value: int | memoryview) -> memoryview:
    assert isinstance(value, memoryview)
    return value


def _text(value: int | memoryview) -> str:
    try:
        return bytes(_view(value)).decode()
    except UnicodeDecodeError as error:
        raise RefusedError("a name that is not text") from error
