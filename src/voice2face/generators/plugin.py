"""A generator of somebody else's: a class in a module, named as ``package:Class``.

It is made with its settings and the arrays that its training gave, and has what
``generators.protocol.FaceGenerator`` says: ``px`` and ``faces``. See docs/add-a-generator.md.
"""

from typing import Annotated, Any

import msgspec

from voice2face.errors import ModelError, one_line
from voice2face.generators.protocol import FaceGenerator
from voice2face.parts import Arrays, GeneratorPart, PartSource, read_arrays
from voice2face.plugins import NAME, import_allowed

FILE = "generator.npz"


class GeneratorPlugin(GeneratorPart, frozen=True, kw_only=True, tag="generator-plugin"):
    """A generator that a class outside the package is.

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
        return made(found, self.use, self.settings, arrays)

    @property
    def face_px(self) -> int:
        """Side of its faces."""
        return self.px

    def about(self) -> dict[str, str]:
        """Rows of the card's table of networks."""
        return {"generator": self.use}


def made(found: type[Any], use: str, settings: dict[str, Any], arrays: Arrays) -> FaceGenerator:
    """An object of a class that is named.

    Args:
        found: The class.
        use: Its name, for messages.
        settings: What it is made with.
        arrays: What its training gave.

    Raises:
        ModelError: It can't be made, or is no generator.
    """
    try:
        generator = found(dict(settings), arrays)
    except Exception as error:  # whatever a stranger's class raises
        reason = one_line(f"{type(error).__name__}: {error}"[:160])
        raise ModelError(
            use, f"not made ({reason})", "Class(settings, arrays)", "correct it"
        ) from error
    px = getattr(generator, "px", None)
    if not isinstance(px, int) or px < 1 or not callable(getattr(generator, "faces", None)):
        wanted = "a generator: px, a whole number, and faces(embeddings, rng)"
        raise ModelError(use, "without them", wanted, "see docs/add-a-generator.md")
    return generator  # type: ignore[no-any-return]
