"""Everything that a run needs to go on exactly, in files that are written whole and checked.

A checkpoint is a file of ``torch.save``: a zip archive, which holds a checksum of each tensor.
"""

import contextlib
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from voice2face.errors import TrainingError, one_line
from voice2face.files import atomic_write

State = dict[str, Any]

BEST = "best.pt"
PARTS = {"identity", "trainee"}  # what every checkpoint holds


def save(folder: Path, step: int, state: State, keep: int) -> Path:
    """Write ``folder/STEP.pt``, then remove all but the last ``keep``.

    Args:
        folder: Where the run keeps its checkpoints.
        step: Iterations done.
        state: Tensors, numbers and text, nested in dicts and lists.
        keep: How many stay.

    Raises:
        OutputError: It could not be written; the older ones are untouched.
    """
    path = _write(folder / f"{step:08d}.pt", state | {"step": step})
    for old in _numbered(folder)[:-keep]:
        with contextlib.suppress(OSError):  # an old one more does no harm
            old.unlink()
    return path


def save_best(folder: Path, step: int, state: State, by: str, value: float) -> Path:
    """Write ``folder/best.pt``: a checkpoint, and why it is the best.

    Args:
        folder: Where the run keeps its checkpoints.
        step: Iterations done.
        state: As :func:`save` takes it.
        by: Name of the reading by which it is the best.
        value: Value of that reading.

    Raises:
        OutputError: It could not be written; the one before is untouched.
    """
    best = {"by": by, "value": value, "step": step}
    return _write(folder / BEST, state | {"step": step, "best": best})


def load_last(folder: Path) -> tuple[int, State] | None:
    """Steps done and state of the newest checkpoint that is whole; None if there is none.

    Damaged ones are named on standard error and renamed to ``NAME.damaged``. When no numbered one
    is left, the best one is taken. Nothing is unpickled but tensors and plain data.

    Raises:
        TrainingError: All are damaged, or one may not be read; nothing is renamed.
    """
    damaged: list[tuple[Path, str]] = []
    for path in [*reversed(_numbered(folder)), *folder.glob(BEST)]:
        try:
            step, state = _read(path)
        except ValueError as error:
            damaged.append((path, str(error)))
            continue
        for other, reason in damaged:
            _put_aside(other, f"{reason}; going on from step {step}")
        return step, state
    if not damaged:
        return None
    path, reason = damaged[0]
    others = f", and so are {len(damaged) - 1} others" if len(damaged) > 1 else ""
    raise TrainingError(
        path,
        f"damaged ({reason}){others}",
        "one that is whole",
        "restore one from a copy, or start afresh in another folder",
    )


def load_best(folder: Path, by: str) -> float | None:
    """Value of the best checkpoint; None if there is none that was chosen by this reading."""
    path = folder / BEST
    if not path.exists():
        return None
    try:
        _, state = _read(path)
    except ValueError as error:
        _put_aside(path, f"{error}; another best one will be found")
        return None
    best = state.get("best", {})
    return float(best["value"]) if best.get("by") == by else None


def steps_done(folder: Path) -> int | None:
    """Step of the newest checkpoint, from its name; None where there is no run."""
    numbered = _numbered(folder)
    if numbered:
        return int(numbered[-1].stem)
    return 0 if (folder / BEST).exists() else None


def say(text: str) -> None:
    """One line on standard error, beside the progress bar."""
    from tqdm import tqdm

    tqdm.write(one_line(f"note: {text}"), file=sys.stderr)


def tensors(state: Any, name: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """All tensors of a state with their places in it, in its order."""
    if isinstance(state, torch.Tensor):
        yield name, state
    elif isinstance(state, dict | list | tuple):
        for key, value in state.items() if isinstance(state, dict) else enumerate(state):
            yield from tensors(value, f"{name}.{key}" if name else str(key))


def _write(path: Path, state: State) -> Path:
    with atomic_write(path) as temporary:
        try:
            torch.save(state, temporary)
        except RuntimeError as error:  # torch's writer reports a full disk so
            raise OSError(f"no room for all of it: {str(error).splitlines()[0][-60:]}") from error
    return path


def _read(path: Path) -> tuple[int, State]:
    """Steps and state; ValueError if it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:  # torch doesn't compare the checksums
            if name := archive.testzip():
                raise ValueError(f"its checksum of {name} is another")
        state = torch.load(path, map_location="cpu", weights_only=True)
        if not (isinstance(state, dict) and state.keys() >= PARTS):
            raise ValueError("not a checkpoint of this program")
        return int(state["step"]), state
    except PermissionError as error:
        raise TrainingError(
            path, "may not be read", "a checkpoint that may", "change its rights"
        ) from error
    except Exception as error:  # torch raises half a dozen kinds for a file that is not its own
        raise ValueError((str(error) or type(error).__name__).splitlines()[0][:120]) from error


def _put_aside(path: Path, reason: str) -> None:
    aside, n = path.with_name(f"{path.name}.damaged"), 1
    while aside.exists():
        n += 1
        aside = path.with_name(f"{path.name}.damaged{n}")
    with contextlib.suppress(OSError):
        path.rename(aside)
    say(f"{path}: damaged, kept as {aside.name}: {reason}")


def _numbered(folder: Path) -> list[Path]:
    paths = (path for path in folder.glob("*.pt") if path.stem.isdecimal())
    return sorted(paths, key=lambda path: int(path.stem))
