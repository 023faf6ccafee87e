"""A generator that a class outside the package trains (docs/add-a-generator.md)."""

from typing import Any

import numpy as np

from voice2face.errors import ModelError, one_line
from voice2face.generators.plugin import FILE, GeneratorPlugin, opened
from voice2face.parts import Arrays
from voice2face.plugins import import_class
from voice2face.release.writing import NewPart, part_of_arrays
from voice2face.training.closed_form import VoicesAndFaces


class PluginFit:
    """The training of a class: ``Class.train(data, settings, rng)`` gives arrays by name.

    Args:
        use: ``package:Class``.
        settings: For the training, and for the generator afterwards.

    Attributes:
        name: In the card.

    Raises:
        ModelError: The class can't be trained, or is no generator.
        SettingsError: It can't be imported.
    """

    def __init__(self, use: str, settings: dict[str, Any] | None = None) -> None:
        self._class, self._settings, self.name = import_class(use), settings or {}, use
        for method in ("train", "faces"):  # refused now, and not after hours
            if not callable(getattr(self._class, method, None)):
                wanted = "a generator: train(data, settings, rng) and faces(embeddings, rng)"
                raise ModelError(use, f"without {method}", wanted, "see docs/add-a-generator.md")

    def __call__(self, data: VoicesAndFaces, seed: int) -> NewPart:
        """The generator as a part.

        Raises:
            ModelError: The training gave no arrays, or the generator can't be made of them.
        """
        rng = np.random.default_rng(seed)
        arrays = self._class.train(data, dict(self._settings), rng)
        _check(self.name, arrays)
        generator = opened(self._class, self.name, self._settings, arrays)
        part = GeneratorPlugin(use=self.name, px=generator.px, settings=self._settings)
        return part_of_arrays(part, FILE, arrays)


def _check(use: str, arrays: Arrays) -> None:
    kinds: set[str] = set()
    if isinstance(arrays, dict) and all(isinstance(name, str) for name in arrays):
        kinds = {getattr(array, "dtype", np.dtype(object)).kind for array in arrays.values()}
    if not kinds or not kinds <= set("fiub"):
        found = one_line(f"train gave {type(arrays).__name__} of {sorted(kinds) or 'nothing'}")
        wanted = "a dict of numpy arrays of numbers, at least one"
        raise ModelError(use, found, wanted, "see docs/add-a-generator.md")
