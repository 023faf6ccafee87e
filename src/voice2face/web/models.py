"""The models that a server offers, by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from voice2face.release.hub import resolve
from voice2face.release.inference import Model
from voice2face.release.model_folder import SHIPPED_MODELS, ModelConfig
from voice2face.web.refusals import RefusedError

# What the cards of models in the package say at length, by the model's name.
SHIPPED_DATA = {
    "face-space": (
        "Faces are made of {faces:,} pictures of FairFace and of portraits in the public domain; "
        "what voices tell was learned from {recordings:,} recordings of AVSpeech and from readers "
        "of LibriSpeech, as numbers alone."
    ),
    "gan": (
        "{recordings:,} recordings of readers of LibriSpeech and speakers of AVSpeech, and "
        "{faces:,} faces of FairFace, of different people, paired by gender and decade of age: a "
        "voice decides gender and age group, and nothing else."
    ),
}


class Models:
    """Models that are read once and serve all threads; the first is the default.

    Args:
        wanted: Folders or names; empty: all in the package, the default first.

    Raises:
        ModelError: One is missing, damaged or can't make faces.
        MissingExtraError: A name needs an extra that is not installed.
    """

    def __init__(self, wanted: Sequence[str | Path] = ()) -> None:
        self._models: dict[str, Model] = {}
        for place in wanted or SHIPPED_MODELS.values():  # the default first
            # One thread each: as many recordings as there are cores are worked on at once.
            model = Model(resolve(place), threads=1)
            model.read()
            self._models[self._free(model.config.name)] = model

    @property
    def names(self) -> list[str]:
        """Names of the models, the default first."""
        return list(self._models)

    @property
    def least_speech_s(self) -> float:
        """Seconds of speech that the default model needs."""
        return self.find("")[1].config.voice_encoder.least_speech_s

    def find(self, name: str) -> tuple[str, Model]:
        """A model and what it is called here; an empty name is the default's.

        Raises:
            RefusedError: No such model.
        """
        found = name or self.names[0]
        if found not in self._models:
            sentence = f"There is no model called {name[:80]!r} here."
            known = ", ".join(self.names)
            raise RefusedError(404, "unknown_model", sentence, known, "choose one of these")
        return found, self._models[found]

    def about(self) -> list[dict[str, Any]]:
        """What a page says about each model."""
        shipped = set(SHIPPED_MODELS.values())
        return [
            {
                "name": name,
                "title": name,
                "trained_on": trained_on(model.config, is_shipped=model.folder in shipped),
                "card": f"card?{urlencode({'model': name})}",
                "is_default": number == 0,
            }
            for number, (name, model) in enumerate(self._models.items())
        ]

    def _free(self, name: str) -> str:
        found, number = name, 1
        while found in self._models:
            number += 1
            found = f"{name}-{number}"
        return found


def trained_on(config: ModelConfig, *, is_shipped: bool = False) -> str:
    """One sentence on a model's training data, of what its configuration holds."""
    facts = config.provenance
    n_voices, n_faces = facts.get("recordings"), facts.get("faces")
    if not isinstance(n_voices, int) or not isinstance(n_faces, int):
        return str(facts.get("made_by") or "The model does not say what it was trained on.")
    if is_shipped and config.name in SHIPPED_DATA:
        return SHIPPED_DATA[config.name].format(recordings=n_voices, faces=n_faces)
    paired = f", paired by {facts['paired by']}" if facts.get("paired by") else ""
    sources = f" ({facts['sources']})" if facts.get("sources") else ""
    return f"{n_voices:,} recordings and {n_faces:,} faces{paired}{sources}."
