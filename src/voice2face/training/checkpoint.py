"""Everything that a run needs to go on exactly, in one file that is written whole."""

from pathlib import Path
from typing import Any

import torch

from voice2face.errors import TrainingError
from voice2face.files import atomic_write

State = dict[str, Any]


def save(folder: Path, step: int, state: State, keep: int) -> Path:
    """Write ``folder/STEP.pt`` and remove all but the last ``keep``.

    Args:
        folder: Where the run keeps its checkpoints.
        step: Iterations done.
        state: Tensors, numbers and text, nested in dicts and lists.
        keep: How many stay.

    Raises:
        OutputError: It could not be written; the older ones are untouched.
    """
    path = folder / f"{step:08d}.pt"
    with atomic_write(path) as temporary:
        try:
            torch.save(state, temporary)
        except RuntimeError as error:  # torch's writer reports a full disk so
            raise OSError(str(error).splitlines()[0]) from error
    for old in _all(folder)[:-keep]:
        old.unlink()
    return path


def load_last(folder: Path) -> tuple[int, State] | None:
    """Steps done and state of the newest checkpoint; None if there is none.

    Nothing is unpickled but tensors and plain data (``weights_only``).

    Raises:
        TrainingError: The newest one is damaged.
    """
    paths = _all(folder)
    if not paths:
        return None
    path = paths[-1]
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        if not (isinstance(state, dict) and {"identity", "trainee"} <= state.keys()):
            raise ValueError("not a checkpoint of this program")
        return int(path.stem), state
    except Exception as error:  # torch raises half a dozen kinds for a damaged file
        reason = str(error).splitlines()[0][:120]
        raise TrainingError(
            path, f"damaged ({reason})", "a checkpoint", "remove it to go on from the one before"
        ) from error


def _all(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.pt"))
