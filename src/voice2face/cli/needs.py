"""Checks what a command needs of this machine before it begins."""

import importlib.util
from collections.abc import Mapping

from voice2face.errors import MissingExtraError, SettingsError

# Modules, and the extra that brings each.
TRAINING = dict.fromkeys(
    ("torch", "onnx", "onnxscript", "safetensors", "pyarrow", "tensorboard", "tqdm"), "train"
)

MOST_OF_REASON = 100


def need_extras(task: str, modules: Mapping[str, str]) -> None:
    """Check that all modules are installed, so that no work ends for the lack of one.

    Args:
        task: What they are needed for.
        modules: Names of modules, and the extra that brings each.

    Raises:
        MissingExtraError: A module is not installed.
    """
    for name, extra in modules.items():
        if importlib.util.find_spec(name) is None:
            raise MissingExtraError(f"{task} ({name})", extra)


def checked_device(name: str) -> str:
    """The name of a device, if it exists.

    Raises:
        SettingsError: There is no such device here.
    """
    import torch

    try:
        torch.zeros(1, device=name).tolist()  # which 'meta' has no answer to
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        if len(reason) > MOST_OF_REASON:  # all devices of all builds of torch
            reason = "this PyTorch has no such device"
        raise SettingsError(
            f"--device {name}", reason, "a device of this machine", "try --device cpu"
        ) from error
    return name
