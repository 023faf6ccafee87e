"""What a command needs of this machine, looked for before it begins."""

import importlib.util
from collections.abc import Mapping

from voice2face.errors import MissingExtraError, SettingsError

# Modules, and the extra that brings each.
TRAINING = dict.fromkeys(
    ("torch", "onnx", "onnxscript", "safetensors", "pyarrow", "tensorboard", "tqdm"), "train"
)


def need_extras(task: str, modules: Mapping[str, str]) -> None:
    """Look for all modules at once: hours of work must not end for the lack of the last.

    Args:
        task: What they are needed for.
        modules: The extra of each.

    Raises:
        MissingExtraError: One is not installed.
    """
    for name, extra in modules.items():
        if importlib.util.find_spec(name) is None:
            raise MissingExtraError(f"{task} ({name})", extra)


def checked_device(name: str) -> str:
    """The same name.

    Raises:
        SettingsError: There is no such device here.
    """
    import torch

    try:
        torch.zeros(1, device=name).tolist()  # which 'meta' has no answer to
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise SettingsError(
            f"--device {name}", reason, "a device of this machine", "try --device cpu"
        ) from error
    return name
