"""The one way in which a network in an ONNX file is opened and run."""

import mmap
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voice2face.arrays import Float32s
from voice2face.ceilings import MIB, memory_ceiling
from voice2face.errors import ModelError, reason_of
from voice2face.onnx_files.check import MOST_BYTES, NotOnnxError, RefusedError, check_onnx

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

# Beyond what the process has: for a small network, and for each byte of a file and each thread.
MEMORY_BYTES, COPIES, THREAD_BYTES = 2048 * MIB, 4, 128 * MIB
FIRST_RUN_S = 60.0  # ours take a tenth of a second


class Network:
    """A network in an ONNX file, checked before it is opened.

    Opening it and its first run have a ceiling of memory, the first run one of time as well.

    Args:
        source: The file, or its content.
        threads: Cores for one run; 0 for all. With one, the same input always gives the same
            numbers; with more, the last bits of sums may differ.

    Attributes:
        path: The file; ``network`` in messages where only the content was given.
        inputs: Name → (type, shape); a side of a shape that is not fixed is None.
        outputs: Names.

    Raises:
        ModelError: It is missing, no ONNX file, has what may not be there (see
            :mod:`voice2face.onnx_files.check`), or needs more memory than a network of its size.
    """

    def __init__(self, source: Path | bytes, threads: int = 1) -> None:
        self.path = Path("network") if isinstance(source, bytes) else source
        data = source if isinstance(source, bytes) else _content(source)
        try:
            check_onnx(data)
        except RefusedError as error:
            is_onnx = not isinstance(error, NotOnnxError)
            wanted = "an ONNX network" + (" of ordinary operators, weights and all" * is_onnx)
            raise self.wrong(str(error), wanted, "fetch it again, or take another") from error
        n_threads = threads or os.cpu_count() or 1
        self._more_bytes = MEMORY_BYTES + COPIES * len(data) + n_threads * THREAD_BYTES
        self._is_tried = False
        given = data if isinstance(data, bytes) else _named(self.path, data)
        with memory_ceiling(self._more_bytes):
            try:
                self._session = _opened(given, threads)
            except Exception as error:  # its exceptions share no base class
                raise self.wrong(reason_of(error), "an ONNX network") from error
        self.inputs: dict[str, tuple[str, list[int | None]]] = {
            entry.name: (entry.type, [n if isinstance(n, int) else None for n in entry.shape])
            for entry in self._session.get_inputs()
        }
        self.outputs: list[str] = [entry.name for entry in self._session.get_outputs()]

    def run(
        self, outputs: Sequence[str] | None, given: Mapping[str, np.ndarray]
    ) -> list[np.ndarray]:
        """Outputs by their names, None: all of them; finite.

        Raises:
            ModelError: It failed, its first run took too long or too much memory, or an output is
                not an array of finite numbers.
        """
        names = self.outputs if outputs is None else list(outputs)
        fed = {name: np.ascontiguousarray(value) for name, value in given.items()}
        run = self._session.run if self._is_tried else self._first_run
        try:
            answers: list[Any] = list(run(names, fed))
        except ModelError:
            raise
        except Exception as error:  # its exceptions share no base class
            raise self.wrong(reason_of(error), "a network that runs") from error
        for name, answer in zip(names, answers, strict=True):
            if not isinstance(answer, np.ndarray) or answer.dtype.kind not in "fiu":
                raise self.wrong(
                    f"output '{name}' is not an array of numbers", "one", "export it so"
                )
            if not np.isfinite(answer).all():
                found = f"output '{name}' is NaN or infinite"
                raise self.wrong(found, "finite numbers", "look at its weights and at its input")
        return answers

    def floats(
        self, output: str, given: Mapping[str, np.ndarray], shape: tuple[int, ...]
    ) -> Float32s:
        """One output, of this shape.

        Raises:
            ModelError: It failed, or the output is not finite float32 of the shape.
        """
        (answer,) = self.run([output], given)
        if answer.dtype != np.float32 or answer.shape != shape:
            found = f"output '{output}' is {answer.dtype} of shape {answer.shape}"
            raise self.wrong(found, f"float32 of shape {shape}")
        return answer

    def check(self, name: str, shape: Sequence[int | None], output: str) -> None:
        """Refuse a network that has another input than this one of floats, or no such output.

        Args:
            name: Name of the input.
            shape: Sides that it will be given; None: of any length.
            output: Its name.

        Raises:
            ModelError: It has.
        """
        sides = ", ".join("any" if side is None else str(side) for side in shape)
        wanted = f"input '{name}', float, ({sides}), and output '{output}'"
        kind, found = self.inputs.get(name, ("", []))
        fits = len(found) == len(shape) and all(
            have == want if want is None else have in (None, want)
            for have, want in zip(found, shape, strict=True)
        )
        remedy = "name another file, or correct its settings"
        if list(self.inputs) != [name] or output not in self.outputs:
            names = f"{', '.join(self.inputs)} → {', '.join(self.outputs)}"
            raise self.wrong(names[:200], wanted, remedy)
        if kind != "tensor(float)" or not fits:
            sides = ", ".join("any" if side is None else str(side) for side in found)
            raise self.wrong(f"input '{name}' is {kind} of shape ({sides})", wanted, remedy)

    def wrong(self, found: str, wanted: str, remedy: str = "fetch the model again") -> ModelError:
        """The error about this file."""
        return ModelError(self.path, found, wanted, remedy)

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
                took = f"its first run took more than {FIRST_RUN_S:g} s"
                raise self.wrong(took, "a network that runs") from None
            raise
        finally:
            timer.cancel()
        self._is_tried = True
        return found


def _content(path: Path) -> bytes | mmap.mmap:
    """A file's content, of which only what is looked at comes into memory."""
    try:
        if not path.is_file():
            raise ModelError(path, "no such file", "an ONNX file", "correct the path")
        if (n_bytes := path.stat().st_size) > MOST_BYTES:
            raise ModelError(path, f"{n_bytes} bytes", f"at most {MOST_BYTES}", "take another")
        with path.open("rb") as stream:
            if n_bytes == 0:  # which can't be mapped
                return b""
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or "no such file"
        raise ModelError(path, reason, "an ONNX file", "correct the path") from error


def _named(path: Path, content: mmap.mmap) -> str | bytes:
    """What ONNX Runtime opens: the file's name, as it keeps two copies of any content."""
    name = os.fspath(path)
    try:
        name.encode()
    except UnicodeEncodeError:  # a name that it can't be told
        return content[:]
    return name


def _opened(given: str | bytes, threads: int) -> "InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # Threads that spin while they wait take the core from whoever has work for it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.load_model_format", "ONNX")
    options.log_severity_level = 4  # what is wrong is raised, and said once
    return onnxruntime.InferenceSession(given, options, ["CPUExecutionProvider"])
