"""A generator of somebody else's: a class in a module, named as ``package:Class``.

It is made with its settings and the arrays that its training gave, and has what
``generators.protocol.FaceGenerator`` says: ``px`` and ``faces``. See docs/add-a-generator.md.
"""

from typing import Annotated, Any

import msgspec

from voice2face.generators.protocol import FaceGenerator
from voice2face.parts import Arrays, GeneratorPart, PartSource, read_arrays
from voice2face.plugins import NAME, import_allowed, made

FILE = "generator.npz"


class GeneratorPlugin(GeneratorPart, frozen=True, kw_only=True, tag="generator-plugin"):
    """A generator that is a class outside the package.

    Attributes:
        use: ``package:Class``.
        px: Side of its faces.
        settings: What it is made with, beside its arrays.
    """

    use: Annotated[str, msgspec.Meta(pattern=f"^{NAME}$")]
    px: Annotated[int, msgspec.Meta(ge=4, le=1024)]
    settings: dict[str, Any] = msgspec.field(default_factory=dict)

    def open(self, source: PartSource) -> FaceGenerator:
        """The generator.

        Raises:
            ModelError: Its module is not allowed, its file is damaged, or it can't be made.
            SettingsError: It can't be imported.
        """
        found = import_allowed(self.use, source.plugins, source.folder)
        arrays = read_arrays(source.path(FILE))
        return opened(found, self.use, self.settings, arrays)

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        return {"generator": self.use}


def opened(found: type[Any], use: str, settings: dict[str, Any], arrays: Arrays) -> FaceGenerator:
    """The generator that a class is.

    Args:
        found: The class.
        use: Its name, for messages.
        settings: What it is made with.
        arrays: What its training gave.

    Raises:
        ModelError: It can't be made, or is no generator.
    """
    made_of = {"settings": dict(settings), "arrays": arrays}
    generator: FaceGenerator = made(found, use, made_of, ("px", "faces"))
    return generator
