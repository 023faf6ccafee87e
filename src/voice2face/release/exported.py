"""Any network as an ONNX file, by torch's own exporter, compared with what torch computes."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from voice2face.errors import MissingExtraError, ModelError
from voice2face.files import atomic_write
from voice2face.onnx_files import Network
from voice2face.release.export import IR_VERSION, OPSET

TOLERANCE = 1e-4  # of the largest output: 32-bit sums in another order differ by less


def export(
    module: nn.Module,
    examples: Mapping[str, Tensor],
    path: Path,
    outputs: Sequence[str],
) -> None:
    """Write a network, after its file gave what torch gives for the examples.

    Args:
        module: In evaluation mode, on the processor; it takes its inputs by place.
        examples: Inputs by name, in their order; the first axis is the batch, of two or more here.
        path: The ``.onnx`` file; an older one is replaced.
        outputs: Names of the outputs.

    Raises:
        MissingExtraError: The exporter is not installed.
        ModelError: The network can't be exported, or the file gives other numbers.
    """
    module.eval()
    with torch.inference_mode():
        given = module(*examples.values())
    wanted = [given] if isinstance(given, Tensor) else list(given)
    with atomic_write(path) as temporary:
        temporary.write_bytes(_exported(module, examples, outputs, path.name))
        _check(temporary, path.name, examples, dict(zip(outputs, wanted, strict=True)))


def _exported(
    module: nn.Module,
    examples: Mapping[str, Tensor],
    outputs: Sequence[str],
    name: str,
) -> bytes:
    """The file's bytes."""
    try:
        import onnxscript  # noqa: F401  # torch's exporter needs it, and says so only inside
    except ImportError as error:
        raise MissingExtraError("export of a network", "train") from error
    batch = torch.export.Dim("batch")
    shapes = tuple({0: batch} for _ in examples)
    try:
        with warnings.catch_warnings():  # the exporter uses deprecated names
            warnings.simplefilter("ignore")
            # It tells of packages that nothing here needs.
            logging.getLogger("torch.onnx").setLevel(logging.ERROR)
            program = torch.onnx.export(
                module, tuple(examples.values()), input_names=list(examples),
                output_names=list(outputs), dynamic_shapes=shapes, opset_version=OPSET,
                dynamo=True, verbose=False,
            )  # fmt: skip
    except torch.onnx.errors.OnnxExporterError as error:
        reason = str(error).splitlines()[0][:200]
        remedy = "use layers that torch's exporter knows"
        raise ModelError(name, reason, "a network that can be exported", remedy) from error
    assert program is not None
    model = program.model_proto
    for node in model.graph.node:  # says in which files of this machine it was written
        node.ClearField("metadata_props")
    model.ir_version = IR_VERSION
    model.producer_name = "voice2face"
    return bytes(model.SerializeToString())


def _check(
    file: Path,
    name: str,
    examples: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
) -> None:
    """Compare what the file gives with what torch gave."""
    given = {key: value.numpy() for key, value in examples.items()}
    found = Network(file).run(list(wanted), given)
    for (output, of_torch), of_file in zip(wanted.items(), found, strict=True):
        largest = float(of_torch.abs().max())
        apart = float(np.abs(of_file - of_torch.numpy()).max()) if of_file.size else 0.0
        if not apart <= TOLERANCE * max(largest, 1e-6):
            raise ModelError(
                name, f"'{output}' is {apart:.2g} off what torch gives, of {largest:.2g}",
                f"a share of at most {TOLERANCE:g}", "look for an operator that differs",
            )  # fmt: skip
