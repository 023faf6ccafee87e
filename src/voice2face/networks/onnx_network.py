"""A network in an ONNX file; whatever is wrong with it is said in one line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.errors import ModelError
from voice2face.onnx_files import open_session


class Network:
    """A network of somebody else's.

    Args:
        path: Its file.
        threads: Cores for one call; 0 for all. How sums are split between threads shows in their
            last bits.

    Attributes:
        inputs: Name → (type, shape); a side of a shape that is not fixed is None.
        outputs: Names.

    Raises:
        ModelError: There is no such file, or it is no network.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.path = path
        self._session = open_session(path, threads)
        self.inputs = self._session.inputs
        self.outputs = self._session.outputs

    def run(self, outputs: list[str], given: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Some outputs, finite.

        Raises:
            ModelError: It failed, or an output is not an array of finite numbers.
        """
        given = {name: np.ascontiguousarray(value) for name, value in given.items()}
        answers: list[Any] = self._session.run(outputs, given)
        for name, answer in zip(outputs, answers, strict=True):
            if not isinstance(answer, np.ndarray) or answer.dtype.kind not in "fiu":
                raise self.wrong(
                    f"output '{name}' is not an array of numbers", "one", "export it so"
                )
            if not np.isfinite(answer).all():
                found = f"output '{name}' is NaN or infinite"
                raise self.wrong(found, "finite numbers", "look at its weights and at its input")
        return answers

    def floats(
        self, output: str, given: dict[str, np.ndarray], shape: tuple[int, ...]
    ) -> npt.NDArray[np.float32]:
        """One output, of this shape.

        Raises:
            ModelError: It failed, or the output is not finite float32 of the shape.
        """
        (answer,) = self.run([output], given)
        if answer.dtype != np.float32 or answer.shape != shape:
            found = f"output '{output}' is {answer.dtype} of shape {answer.shape}"
            raise self.wrong(found, f"float32 of shape {shape}", "fetch the model again")
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

    def wrong(self, found: str, wanted: str, remedy: str) -> ModelError:
        """The error that says so of this file."""
        return ModelError(self.path, found, wanted, remedy)
