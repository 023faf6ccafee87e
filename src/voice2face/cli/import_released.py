"""``import-released``: the authors' weights as a model."""

import warnings
from pathlib import Path
from typing import Annotated

import typer

from voice2face.cli.needs import TRAINING, need_extras
from voice2face.cli.output import print_lines
from voice2face.cli.program import app


@app.command("import-released", epilog="Example: voice2face import-released pretrained released")
def import_released(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the two .pth files.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of the model, to write.")],
) -> None:
    """Turn the authors' two .pth files into a model.

    The files are voice_embedding.pth and generator.pth. No code in them is run.
    """
    need_extras("training", TRAINING)
    from voice2face.release import authors_weights

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch comments on files that are refused anyway
        model = authors_weights.import_released(folder, out)
    print_lines(f"model: {model.resolve()}")
