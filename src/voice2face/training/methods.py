"""How a generator may be trained, by the name that a user gives it."""

from collections.abc import Callable, Mapping
from typing import Any

from voice2face.errors import SettingsError
from voice2face.plugins import is_plugin
from voice2face.settings import change
from voice2face.training.closed_form import Fit
from voice2face.training.face_space.method import FaceSpaceFit
from voice2face.training.flow.fit import FlowFit
from voice2face.training.linear.fit import LinearFit
from voice2face.training.plugin.fit import PluginFit
from voice2face.training.sf2f.fit import Sf2fFit
from voice2face.training.speech2face.fit import Speech2FaceFit

GAN = "deconvolutional"  # the report's, trained by the loop (training.gan)

# Those without a loop, one line each; the fields of the class are the settings of its training.
CLOSED_FORM: dict[
    str, Callable[[], FaceSpaceFit | FlowFit | LinearFit | Sf2fFit | Speech2FaceFit]
] = {
    "face-space": FaceSpaceFit,
    "flow": FlowFit,
    "linear": LinearFit,
    "sf2f": Sf2fFit,
    "speech2face": Speech2FaceFit,
}


def closed_form(name: str, changes: Mapping[str, Any] | None = None) -> Fit | None:
    """The method of a name; None for the one that is trained by the loop.

    Args:
        name: ``deconvolutional``, one of CLOSED_FORM, or ``package:Class``.
        changes: Its settings by path: ``{"flow.training.steps": 3000}``; those that a class is made
            with: ``{"package:Class.spread": 0.1}``.

    Raises:
        ModelError: The class can't be trained.
        SettingsError: No such method or setting, a value that it cannot have, or the class can't be
            imported.
    """
    if name == GAN:
        return None
    if name in CLOSED_FORM:
        return change(CLOSED_FORM[name](), changes or {}, name)
    if is_plugin(name):
        return PluginFit(
            name, {path.removeprefix(f"{name}."): value for path, value in (changes or {}).items()}
        )
    choices = ", ".join((GAN, *CLOSED_FORM))
    raise SettingsError(f"--generator {name}", "no such generator", choices, "or package:Class")
