"""All experiments in the order of the page: fitness, tests, figures, the rest."""

from collections.abc import Iterable

from voice2face.errors import SettingsError
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.questions import (
    attributes,
    drawn_faces,
    durations,
    ethnic_groups,
    examples,
    fitness,
    generalisation,
    groups,
    known_subjects,
    known_truth,
    languages,
    matching,
    noise_faces,
    realism,
    segments,
    variants,
    voice_or_noise,
)


def listed(experiments: Iterable[Experiment]) -> dict[str, Experiment]:
    """Experiments by name.

    Raises:
        SettingsError: Two have the same name.
    """
    found: dict[str, Experiment] = {}
    for experiment in experiments:
        if experiment.name in found:
            raise SettingsError(
                f"experiment {experiment.name}", "is there twice", "one of a name", "rename one"
            )
        found[experiment.name] = experiment
    return found


EXPERIMENTS = listed(
    question.EXPERIMENT
    for question in (
        fitness,
        voice_or_noise,
        known_subjects,
        attributes,
        matching,
        examples,
        durations,
        noise_faces,
        groups,
        segments,
        languages,
        ethnic_groups,
        variants,
        realism,
        drawn_faces,
        generalisation,
        known_truth,
    )
)


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """Names of experiments in the order of the list.

    Raises:
        SettingsError: A name does not exist.
    """
    wanted = set(names)
    if unknown := sorted(wanted - set(EXPERIMENTS)):
        raise SettingsError(
            unknown[0], "no such experiment", f"one of {', '.join(EXPERIMENTS)}", "choose one"
        )
    return tuple(name for name in EXPERIMENTS if name in wanted)
