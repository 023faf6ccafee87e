"""``train face``: a generator of faces on a voice encoder."""

from collections.abc import Collection
from typing import Annotated

import typer

from voice2face.cli import options
from voice2face.cli.needs import TRAINING, checked_device, need_extras
from voice2face.cli.output import print_lines
from voice2face.cli.program import train_app
from voice2face.errors import SettingsError

Variant = Annotated[
    str,
    typer.Option(
        help="Model of the report: baseline, bn, bn-tanh, tanh, dropout, generator-dropout."
    ),
]
VoiceEncoder = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="Run of `train voice`, a model's folder, org/name[@revision], ge2e or "
        "package:Class.  [default: ge2e]",
    ),
]
Generator = Annotated[
    str,
    typer.Option(
        metavar="KIND",
        help="deconvolutional, face-space, flow, linear, sf2f, speech2face, or package:Class.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE",
        help="Change any setting, such as training.r1=1, or with --generator flow "
        "flow.training.steps=3000; a wrong name lists all.",
    ),
]  # fmt: skip
PairBy = Annotated[
    str | None,
    typer.Option(
        help="What a voice and a face must share to be a pair: identity, or an attribute such as "
        "gender.  [default: identity]"
    ),
]
Memory = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="GB of memory for the corpus; a larger one is streamed.  [default: half of the free]",
    ),
]
CheckpointEvery = Annotated[
    int | None, typer.Option(min=1, help="Steps between checkpoints.  [default: 1000]")
]
SampleEvery = Annotated[
    int | None, typer.Option(min=1, help="Steps between sample faces.  [default: 500]")
]
BestBy = Annotated[
    str | None, typer.Option(help="Monitor that picks the best checkpoint.  [default: matching]")
]
Compile = Annotated[bool, typer.Option("--compile", help="Use torch.compile.")]
Graph = Annotated[bool, typer.Option("--graph", help="Run each step as one CUDA graph.")]
# What a generator that is fitted at once depends on.
NO_LOOP = {"corpus", "out", "voice_encoder", "generator", "pair_by", "settings", "seed", "quiet"}
NO_LOOP_SETTINGS = {"training.set_aside", "training.pair_by"}
Half = Annotated[bool, typer.Option("--half", help="Store the released weights in 16 bits.")]


@train_app.command(
    "face",
    epilog="\b\nExample: voice2face train face corpus runs/tanh --voice-encoder runs/voice \\\n"
    "             --variant tanh",
)
def train_face(
    context: typer.Context,
    corpus: options.CorpusFolder,
    out: options.RunFolder,
    variant: Variant = "baseline",
    preset: options.Preset = "released",
    voice_encoder: VoiceEncoder = None,
    generator: Generator = "deconvolutional",
    iterations: options.Iterations = None,
    batch_size: options.BatchSize = None,
    width: options.Width = 1.0,
    precision: options.Precision = None,
    pair_by: PairBy = None,
    settings: Set = None,
    memory: Memory = None,
    checkpoint_every: CheckpointEvery = None,
    sample_every: SampleEvery = None,
    best_by: BestBy = None,
    compiled: Compile = False,
    graph: Graph = False,
    half: Half = False,
    seed: options.Seed = 0,
    device: options.Device = "cpu",
    resume: options.Resume = False,
    quiet: options.Quiet = False,
) -> None:
    """Train a generator of faces on a voice encoder.

    Writes the model to OUT/model and sample faces to OUT/samples. Ctrl-C stops after a step;
    --resume continues from it. Generators other than deconvolutional can't be resumed, and take
    only --voice-encoder, --pair-by, --seed, --set training.set_aside and their own settings.
    """
    need_extras("training", TRAINING)
    from voice2face.networks.variants import recipe
    from voice2face.settings import Run, change
    from voice2face.training import distributed
    from voice2face.training.closed_form import train_closed_form
    from voice2face.training.gan import train
    from voice2face.training.methods import closed_form

    assigned = options.assignments(settings)
    own = {path: value for path, value in assigned.items() if path.startswith(f"{generator}.")}
    fit = closed_form(generator, own)
    if fit is not None:
        _check_no_loop(context, generator, assigned.keys() - own.keys())
        assigned = {path: value for path, value in assigned.items() if path not in own}
    changes = {
        "training.iterations": iterations,
        "training.batch_size": batch_size,
        "training.precision": precision,
        "training.pair_by": pair_by,
    }
    changes = options.given(**changes) | assigned
    chosen = change(recipe(variant, preset, width), changes)
    if fit is not None:
        training = chosen.training
        with distributed.team("cpu") as team:
            model = train_closed_form(
                corpus, out, fit, voice_encoder=voice_encoder, pair_by=training.pair_by,
                set_aside=training.set_aside, seed=seed, team=team, settings=own,
            )  # fmt: skip
            if team.is_leader:
                print_lines(f"model: {model.resolve()}")
        return
    writes = options.given(
        checkpoint_every=checkpoint_every, sample_every=sample_every, best_by=best_by,
        compile=compiled, graph=graph,
    )  # fmt: skip
    with distributed.team(checked_device(device)) as team:
        model = train.train_face(
            corpus, out, chosen, voice_encoder=voice_encoder, variant=f"{variant}, {preset}",
            seed=seed, run=change(Run(), writes), resume=resume, quiet=quiet, half=half, team=team,
            memory_bytes=None if memory is None else round(memory * 1e9),
        )  # fmt: skip
        if team.is_leader:
            print_lines(f"model: {model.resolve()}")


def _check_no_loop(context: typer.Context, generator: str, settings: Collection[str]) -> None:
    """Refuse options that a generator without a loop would not look at."""
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if (source := context.get_parameter_source(parameter.name or "")) is not None
        and source.name == "COMMANDLINE" and parameter.name not in NO_LOOP
    ]  # fmt: skip
    given += [f"--set {name}" for name in settings if name not in NO_LOOP_SETTINGS]
    if given:
        raise SettingsError(
            f"--generator {generator}", f"given with {', '.join(given)}",
            "only options that this generator uses", "leave it out",
        )  # fmt: skip
