"""``train voice``: a voice encoder that recognises speakers."""

from typing import Annotated

import typer

from voice2face.cli import options
from voice2face.cli.needs import TRAINING, checked_device, need_extras
from voice2face.cli.output import print_verification
from voice2face.cli.program import train_app


@train_app.command("voice", epilog="Example: voice2face train voice corpus runs/voice")
def train_voice(
    corpus: options.CorpusFolder,
    out: options.RunFolder,
    preset: options.Preset = "released",
    iterations: options.Iterations = None,
    batch_size: options.BatchSize = None,
    width: Annotated[
        float | None,
        typer.Option(help="Network width, as a fraction of the full number of channels."),
    ] = None,
    precision: options.Precision = None,
    augment: Annotated[
        str | None, typer.Option(help="One or more of noise,reverberation,speed,codec.")
    ] = None,
    settings: options.Set = None,
    seed: options.Seed = 0,
    device: options.Device = "cpu",
    resume: options.Resume = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Train the voice encoder to recognise speakers.

    Writes the model to OUT/model, and to OUT/verification.json how well it verifies people it has
    not heard before. Ctrl-C stops after a step; --resume continues from it.
    """
    need_extras("training", TRAINING)
    from voice2face.networks.variants import speaker_recipe
    from voice2face.settings import change
    from voice2face.training import distributed
    from voice2face.training.speaker.train import train_speaker

    changes = {
        "training.iterations": iterations,
        "training.batch_size": batch_size,
        "training.precision": precision,
        "training.augment": options.comma_list(augment),
        "voice_encoder.width": width,
    }
    changes = options.given(**changes) | options.assignments(settings)
    recipe = change(speaker_recipe(preset), changes)
    with distributed.team(checked_device(device)) as team:
        report = train_speaker(
            corpus, out, recipe, seed=seed, device=str(team.device), resume=resume, quiet=quiet,
            team=team,
        )  # fmt: skip
        if not team.is_leader:
            return
    print_verification(as_json, out / "model", report)
