"""``train head``: a frozen voice encoder, adapted to the speakers of a corpus."""

from typing import Annotated

import typer

from voice2face.cli import options
from voice2face.cli.needs import TRAINING, need_extras
from voice2face.cli.output import print_verification
from voice2face.cli.program import train_app


@train_app.command("head", epilog="Example: voice2face train head corpus runs/head")
def train_head(
    corpus: options.CorpusFolder,
    out: options.RunFolder,
    voice_encoder: Annotated[
        str, typer.Option(metavar="MODEL", help="Frozen voice encoder: ge2e, or FILE.onnx.")
    ] = "ge2e",
    iterations: options.Iterations = None,
    batch_size: options.BatchSize = None,
    pooling: Annotated[
        str | None, typer.Option(help="How frames become one embedding: linear or attention.")
    ] = None,
    settings: options.Set = None,
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> None:
    """Train a small head over a frozen voice encoder.

    It learns in seconds to tell the speakers of the corpus apart. Writes the model to OUT/model,
    for --voice-encoder, and to OUT/verification.json how well it verifies people it has not heard
    before.
    """
    need_extras("training", TRAINING)
    from voice2face.settings import change
    from voice2face.training.speaker.adaptation import AdaptationRecipe, adapt

    given = options.given(iterations=iterations, batch_size=batch_size, pooling=pooling)
    recipe = change(AdaptationRecipe(), given | options.assignments(settings))
    report = adapt(corpus, out, recipe, voice_encoder=voice_encoder, seed=seed)
    print_verification(as_json, out / "model", report)
