"""A network in an ONNX file, on one thread; whatever is wrong with it is said in one line."""

from pathlib import Path
from typing import Any

import numpy as np

from voice2face.errors import ModelError, one_line


class Network:
    """A network of somebody else's.

    Args:
        path: Its file.

    Attributes:
        inputs: Name → (type, shape); a side of a shape that is not fixed is None.
        outputs: Names.

    Raises:
        ModelError: There is no such file, or it is no network.
    """

    def __init__(self, path: Path) -> None:
        import onnxruntime

        self.path = path
        try:
            there = path.is_file()
        except (OSError, ValueError):  # a name that no file can have
            there = False
        if not there:
            raise ModelError(path, "no such file", "an ONNX file", "correct the path")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what is wrong is raised, and said once
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, ["CPUExecutionProvider"]
            )
        except Exception as error:  # its exceptions share no base class
            raise self.wrong(_first_line(error), "an ONNX network", "fetch it again") from error
        self.inputs: dict[str, tuple[str, list[int | None]]] = {
            entry.name: (entry.type, [n if isinstance(n, int) else None for n in entry.shape])
            for entry in self._session.get_inputs()
        }
        self.outputs: list[str] = [entry.name for entry in self._session.get_outputs()]

    def run(self, outputs: list[str], given: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Some outputs, finite.

        Raises:
            ModelError: It failed, or an output is not an array of finite numbers.
        """
        given = {name: np.ascontiguousarray(value) for name, value in given.items()}
        try:
            answers: list[Any] = self._session.run(outputs, given)
        except Exception as error:  # its exceptions share no base class
            raise self.wrong(_first_line(error), "a network that runs", "fetch it again") from error
        for name, answer in zip(outputs, answers, strict=True):
            if not isinstance(answer, np.ndarray) or answer.dtype.kind not in "fiu":
                raise self.wrong(f"output '{name}' is no array of numbers", "one", "export it so")
            if not np.isfinite(answer).all():
                found = f"output '{name}' is NaN or infinite"
                raise self.wrong(found, "finite numbers", "look at its weights and at its input")
        return answers

    def wrong(self, found: str, wanted: str, remedy: str) -> ModelError:
        """The error that says so of this file."""
        return ModelError(self.path, found, wanted, remedy)


def _first_line(error: Exception) -> str:
    return one_line((str(error).splitlines() or [type(error).__name__])[0][:160])
