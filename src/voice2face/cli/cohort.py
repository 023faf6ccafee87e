"""``cohort``: made-up people, of whom it is known what a voice tells of the face."""

from typing import Annotated

import typer

from voice2face.cli.options import Json, NewFolder, Quiet, Seed, Workers, given
from voice2face.cli.output import print_answer, progress_bar
from voice2face.cli.program import app


@app.command(epilog="Example: voice2face cohort people --identities 200 --seed 1")
def cohort(
    out: NewFolder,
    identities: Annotated[int, typer.Option(min=1, help="Number of people.")] = 200,
    seed: Seed = 0,
    clips: Annotated[int, typer.Option(min=0, help="Recordings of each person.")] = 4,
    faces: Annotated[int, typer.Option(min=0, help="Pictures of each person.")] = 6,
    px: Annotated[int, typer.Option(help="Side of a picture in pixels.")] = 64,
    coupling: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="How much a voice tells of the face; 0 is nothing, 1 all that it can.  "
            "[default: 0.85]",
        ),
    ] = None,
    workers: Workers = 2,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make up people with voices and faces for experiments.

    What a voice tells of the face is known. Writes recordings and pictures, a table for `prepare`
    (cohort.csv), and the best accuracy that any system could reach on them (cohort.json).
    """
    from voice2face.synthetic import CohortSettings, facts_of, write_cohort

    settings = CohortSettings(
        n_identities=identities, seed=seed, clips_per_identity=clips, faces_per_identity=faces,
        face_px=px, **given(coupling=coupling),
    )  # fmt: skip
    with progress_bar(quiet, "people") as progress:
        table = write_cohort(out, settings, workers=workers, progress=progress)
    facts = facts_of(settings)
    matching = (
        f"best possible accuracy of matching {task}: {best.accuracy:.1%}"
        for task, best in facts.best_matching.items()
    )
    answer = {"table": table, "facts": facts}
    print_answer(as_json, answer, [f"{table}: {identities} people", *matching])
