"""The one way in which a network in an ONNX file is opened and run."""

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voice2face.ceilings import MIB, memory_ceiling
from voice2face.errors import ModelError, reason_of
from voice2face.onnx_files.check import MOST_BYTES, RefusedError, check_onnx

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

# Beyond what the process has: for a small network, and for each byte of a file and each thread.
MEMORY_BYTES, COPIES, THREAD_BYTES = 2048 * MIB, 4, 128 * MIB
FIRST_RUN_S = 60.0  # ours take a tenth of a second


def open_session(source: Path | str | bytes, threads: int = 1, *, name: object = None) -> "Session":
    """Open a network, after a look at all that is in its file.

    Args:
        source: The file, or its content.
        threads: Cores for one run; 0 for all. With one, the same input always gives the same
            numbers.
        name: What messages call it; the path where there is one.

    Raises:
        ModelError: It is missing, no ONNX file, or has what may not be there (see
            :mod:`voice2face.onnx_files.check`); or it needs more memory than a network of its size
            does.
    """
    thing = name if name is not None else "network" if isinstance(source, bytes) else source
    data = source if isinstance(source, bytes) else _content(Path(source), thing)
    try:
        check_onnx(data)
    except RefusedError as error:
        is_onnx = not str(error).startswith("not an ONNX file")
        what = " of ordinary operators, weights and all" if is_onnx else ""
        raise ModelError(
            thing, str(error), f"an ONNX network{what}", "fetch it again, or take another"
        ) from error
    n_threads = threads or os.cpu_count() or 1
    more_bytes = MEMORY_BYTES + COPIES * len(data) + n_threads * THREAD_BYTES
    with memory_ceiling(more_bytes):
        return Session(_opened(data, threads, thing), thing, more_bytes)


class Session:
    """A network that was opened; its first run has a ceiling of memory and time.

    Args:
        session: ONNX Runtime's.
        thing: What messages call it.
        more_bytes: Memory of the first run.

    Attributes:
        inputs: Name → (type, shape); a side of a shape that is not fixed is None.
        outputs: Names.
    """

    def __init__(self, session: "InferenceSession", thing: object, more_bytes: int) -> None:
        self._session, self._thing, self._more_bytes = session, thing, more_bytes
        self._is_tried = False
        self.inputs: dict[str, tuple[str, list[int | None]]] = {
            entry.name: (entry.type, [n if isinstance(n, int) else None for n in entry.shape])
            for entry in session.get_inputs()
        }
        self.outputs: list[str] = [entry.name for entry in session.get_outputs()]

    def run(self, outputs: Sequence[str] | None, given: Mapping[str, np.ndarray]) -> list[Any]:
        """Outputs by their names; None: all.

        Raises:
            ModelError: It failed, or its first run took too long or too much memory.
        """
        names = self.outputs if outputs is None else list(outputs)
        try:
            if self._is_tried:
                return list(self._session.run(names, dict(given)))
            return self._first_run(names, dict(given))
        except ModelError:
            raise
        except Exception as error:  # its exceptions share no base class
            raise self._wrong(reason_of(error), "a network that runs") from error

    def _first_run(self, outputs: list[str], given: dict[str, np.ndarray]) -> list[Any]:
        """The first run, under ceilings; ONNX Runtime can be stopped between two operators."""
        import onnxruntime

        options = onnxruntime.RunOptions()
        options.log_severity_level = 4

        def stop() -> None:
            options.terminate = True

        timer = threading.Timer(FIRST_RUN_S, stop)
        timer.daemon = True
        timer.start()
        try:
            with memory_ceiling(self._more_bytes):
                found = list(self._session.run(outputs, given, options))
        except Exception:
            if options.terminate:
                found_s = f"its first run took more than {FIRST_RUN_S:g} s"
                raise self._wrong(found_s, "a network that runs") from None
            raise
        finally:
            timer.cancel()
        self._is_tried = True
        return found

    def _wrong(self, found: str, wanted: str) -> ModelError:
        return ModelError(self._thing, found, wanted, "fetch the model again")


def _content(path: Path, thing: object) -> bytes:
    wanted = "an ONNX file"
    try:
        if not path.is_file():
            raise ModelError(thing, "no such file", wanted, "correct the path")
        if (n_bytes := path.stat().st_size) > MOST_BYTES:
            raise ModelError(thing, f"{n_bytes} bytes", f"at most {MOST_BYTES}", "take another")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or "no such file"
        raise ModelError(thing, reason, wanted, "correct the path") from error


def _opened(data: bytes, threads: int, thing: object) -> "InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # Threads that spin while they wait take the core from whoever has work for it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.load_model_format", "ONNX")
    options.log_severity_level = 4  # what is wrong is raised, and said once
    try:
        return onnxruntime.InferenceSession(data, options, ["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no base class
        raise ModelError(
            thing, reason_of(error), "an ONNX network", "fetch the model again"
        ) from error
