"""From a recording of a voice, a face that shares what the voice tells about its speaker.

>>> import voice2face
>>> made = voice2face.load().reconstruct("me.wav")  # doctest: +SKIP
>>> made.save("me.png")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from voice2face.errors import Voice2FaceError

__version__ = "0.1.0.dev0"
__all__ = ["Model", "Reconstruction", "Voice2FaceError", "__version__", "load", "to_picture"]

if TYPE_CHECKING:
    from voice2face.release.inference import Model, load
    from voice2face.release.reconstruction import Reconstruction, to_picture
else:  # only these: with a `__getattr__`, type checkers believe that any name exists

    def __getattr__(name: str) -> object:
        """Import the public names when they are used, so that ``voice2face --help`` is quick."""
        if name in __all__:
            from voice2face.release import inference

            return getattr(inference, name)
        raise AttributeError(f"module 'voice2face' has no attribute '{name}'")

    def __dir__() -> list[str]:
        """The public names, for completion."""
        return sorted({*globals(), *__all__})
