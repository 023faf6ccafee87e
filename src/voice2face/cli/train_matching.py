"""``train matching``: voices and real faces in one space."""

from typing import Annotated

import typer

from voice2face.cli import options
from voice2face.cli.needs import TRAINING, need_extras
from voice2face.cli.output import print_lines
from voice2face.cli.program import train_app


@train_app.command(
    "matching",
    epilog="Example: voice2face train matching corpus runs/matching",
)
def train_matching(
    corpus: options.CorpusFolder,
    out: options.RunFolder,
    loss: Annotated[
        str,
        typer.Option(
            help="Method: cca (closed form), contrastive, or fop (fusion, orthogonality)."
        ),
    ] = "cca",
    voice_encoder: Annotated[
        str, typer.Option(metavar="MODEL", help="Frozen voice encoder, as `train face` takes it.")
    ] = "ge2e",
    embedder: Annotated[
        str,
        typer.Option(
            metavar="FILE.onnx", help="Face embedder, with FILE.json beside it; or a name."
        ),
    ] = "face_reid_0095",
    settings: options.Set = None,
    seed: options.Seed = 0,
) -> None:
    """Match voices with real faces, without making a face.

    Fits two small heads, over a frozen voice encoder and a frozen face embedder, in seconds, and
    writes the model to OUT/model. `evaluate --matcher` measures how well it finds the face of a
    voice, beside faces that were made.
    """
    need_extras("training", TRAINING)
    from voice2face.settings import change
    from voice2face.training.matching.train import train_matching as train
    from voice2face.training.matching.trained import MatchingRecipe

    recipe = change(MatchingRecipe(), {"loss": loss} | options.assignments(settings))
    model = train(corpus, out, recipe, voice_encoder=voice_encoder, embedder=embedder, seed=seed)
    print_lines(f"model: {model.resolve()}")
