"""``train voice``, ``train face`` and ``import-released``: what needs torch."""

import importlib.util
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from voice2face.commands.assignments import parse_assignments
from voice2face.commands.output import print_json, shown
from voice2face.errors import MissingExtraError, SettingsError

Changes = Mapping[str, Any]
EXTRA = ("torch", "onnx", "safetensors", "pyarrow", "tensorboard", "tqdm")


def train_voice(
    corpus: Path,
    out: Path,
    changes: Changes,
    assignments: Sequence[str],
    *,
    seed: int,
    device: str,
    resume: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Train a voice encoder and print how well it verifies unseen speakers.

    Raises:
        Voice2FaceError: It can't start, go on or be written.
    """
    _need_extra()
    from voice2face.evaluation.metrics.verification_report import as_table
    from voice2face.settings import SpeakerRecipe, change
    from voice2face.training.distributed import team as team_of
    from voice2face.training.speaker.train import train_speaker

    recipe = change(SpeakerRecipe(), _given(changes) | parse_assignments(assignments))
    with team_of(checked_device(device)) as team:
        report = train_speaker(
            corpus, out, recipe, seed=seed, device=str(team.device), resume=resume, quiet=quiet,
            team=team,
        )  # fmt: skip
        if not team.is_leader:
            return
    if as_json:
        print_json({"model": str(out / "model"), "verification": report})
    else:
        typer.echo(f"verification EER on speakers not trained on: {report['summary']}")
        typer.echo(as_table(report))
        typer.echo(f"model: {shown((out / 'model').resolve())}")


def train_face(
    corpus: Path,
    out: Path,
    variant: str,
    preset: str,
    width: float,
    changes: Changes,
    assignments: Sequence[str],
    *,
    run_changes: Changes,
    memory_bytes: int | None,
    voice_encoder: str | None,
    half: bool,
    seed: int,
    device: str,
    resume: bool,
    quiet: bool,
) -> None:
    """Train faces and say where the model is.

    Raises:
        Voice2FaceError: It can't start, go on or be written.
    """
    _need_extra()
    from voice2face.networks.variants import recipe
    from voice2face.settings import Run, change
    from voice2face.training.distributed import team as team_of
    from voice2face.training.gan.train import train_face as run

    chosen = change(
        recipe(variant, preset, width), _given(changes) | parse_assignments(assignments)
    )
    writes = change(Run(), _given(run_changes))
    with team_of(checked_device(device)) as team:
        model = run(
            corpus, out, chosen, voice_encoder=voice_encoder,
            variant=f"{variant}, {preset}", seed=seed, run=writes, resume=resume, quiet=quiet,
            half=half, team=team, memory_bytes=memory_bytes,
        )  # fmt: skip
        if team.is_leader:
            typer.echo(f"model: {shown(model.resolve())}")


def import_released(folder: Path, out: Path) -> None:
    """Import the authors' weights and say where the model is.

    Raises:
        ModelError: A file is missing or is not what it should be.
    """
    _need_extra()
    from voice2face.release.authors_weights import import_released as run

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch comments on files that are refused anyway
        model = run(folder, out)
    typer.echo(f"model: {shown(model.resolve())}")


def _given(changes: Changes) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if value is not None}


def _need_extra() -> None:
    """All of the extra is looked for at once: a training must not end for the lack of its last."""
    for name in EXTRA:
        if importlib.util.find_spec(name) is None:
            raise MissingExtraError(f"training ({name})", "train")


def checked_device(name: str) -> str:
    """The same name.

    Raises:
        SettingsError: There is no such device here.
    """
    import torch

    try:
        torch.zeros(1, device=name).tolist()  # which 'meta' has no answer to
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise SettingsError(
            f"--device {name}", reason, "a device of this machine", "try --device cpu"
        ) from error
    return name
