"""Presets and the report's five models, as data: each a difference from another recipe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from voice2face.errors import one_of
from voice2face.settings import Recipe, SpeakerRecipe, change

T = TypeVar("T")

# The rows of "Where the report's table and the released program disagree" (docs/method.md), as the
# table has them; one switch each, and each can be set alone.
TABLE_1: dict[str, dict[str, Any]] = {
    "generator kernel": {"generator.kernel": 3},
    "critic kernels": {"critics.kernel": 3},
    "D and C": {"critics.shared_trunk": False},
    "embedding": {"embedding.unit": False, "embedding.noise": 0.0},
    "iterations": {"training.iterations": 100_000},  # Wen et al. 2019; the report states none
    # Table 1 prints an LReLU after the trunk's last convolution, the released program has none (its
    # check.face_embedding can't be reproduced with one).
    "trunk output": {"critics.leaky_output": True},
}

# The rows that the speaker stage decides.
TABLE_1_SPEAKER: dict[str, dict[str, Any]] = {
    "voice encoder output": {"voice_encoder.norm_output": True},
}

PRESETS: dict[str, Recipe] = {
    "released": Recipe(),
    "paper": change(Recipe(), {path: v for row in TABLE_1.values() for path, v in row.items()}),
}

SPEAKER_PRESETS: dict[str, SpeakerRecipe] = {
    "released": SpeakerRecipe(),
    "paper": change(
        SpeakerRecipe(), {path: v for row in TABLE_1_SPEAKER.values() for path, v in row.items()}
    ),
}


@dataclass(frozen=True)
class Variant:
    """One model: what it changes in a preset.

    Attributes:
        summary: The change in words.
        number: Its number in the report's list of models; none for what the report only proposes.
        changes: Settings by path, see :func:`voice2face.settings.change`.
    """

    summary: str
    number: int | None
    changes: dict[str, Any] = field(default_factory=dict)


_BATCH_NORM = {"generator.batch_norm": True, "critics.batch_norm": True}
_TANH = {"generator.tanh": True}

VARIANTS: dict[str, Variant] = {
    "baseline": Variant("as the preset has it", 1),
    "bn": Variant("batch normalisation before every ReLU and LeakyReLU", 2, _BATCH_NORM),
    "bn-tanh": Variant("batch normalisation and tanh", 3, _BATCH_NORM | _TANH),
    "tanh": Variant("tanh after the generator's last layer", 4, _TANH),
    "dropout": Variant("dropout 0.5 in discriminator and classifier", 5, {"critics.dropout": 0.5}),
    "generator-dropout": Variant(
        "dropout 0.5 in the generator, the report's future work", None, {"generator.dropout": 0.5}
    ),
}


def recipe(variant: str = "baseline", preset: str = "released", width: float = 1.0) -> Recipe:
    """Recipe of a named variant of a named preset, its face networks at a share of the width.

    Raises:
        SettingsError: No such variant or preset.
    """
    changes = _named("variant", variant, VARIANTS).changes
    widths = {"generator.width": width, "critics.width": width}
    return change(_named("preset", preset, PRESETS), changes | widths)


def speaker_recipe(preset: str = "released") -> SpeakerRecipe:
    """Recipe of the speaker stage of a named preset.

    Raises:
        SettingsError: No such preset.
    """
    return _named("preset", preset, SPEAKER_PRESETS)


def _named(kind: str, name: str, choices: Mapping[str, T]) -> T:
    return choices[one_of(kind, name, tuple(choices))]
