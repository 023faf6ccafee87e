"""Commands that make and look at corpora; parsing only."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from voice2face.cli.options import Json, Quiet, Seed, Workers
from voice2face.cli.program import app

Sources = Annotated[
    list[Path], typer.Argument(metavar="SOURCE", help="Tables (CSV, Parquet) or folders.")
]
Layout = Annotated[
    Optional[str],  # noqa: UP045  (typer reads it at run time)
    typer.Option(help="table, voxceleb, processed, videos or cohort; else looked at."),
]
Aligned = Annotated[
    bool, typer.Option("--aligned", help="The tables' pictures are aligned faces already.")
]
Preset = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(help="Audio front end: clean or released; clean where both will do."),
]
Px = Annotated[int, typer.Option(help="Side of a face in pixels.")]
Geometry = Annotated[str, typer.Option(help="Crop: released (as Wen et al. trained on), tight.")]
Remove = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(help="What to paint over: hair, background or hair,background."),
]
Identity = Annotated[Optional[str], typer.Option(help="Column, if not 'identity'.")]  # noqa: UP045
Voice = Annotated[Optional[str], typer.Option(help="Column, if not 'voice'.")]  # noqa: UP045
Face = Annotated[Optional[str], typer.Option(help="Column, if not 'face'.")]  # noqa: UP045
FaceSet = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--set", metavar="NAME=VALUE", help="E.g. filters.max_yaw_deg=20."),
]


@app.command(
    epilog="\b\nExample: voice2face prepare people.csv corpus\n"
    "         voice2face prepare VoxCeleb corpus --split initials --workers 16"
)
def prepare(
    sources: Sources,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder.")],
    layout: Layout = None,
    aligned: Aligned = False,
    preset: Preset = None,
    px: Px = 64,
    geometry: Geometry = "released",
    remove: Remove = None,
    split: Annotated[
        str, typer.Option(help="hash:80/10/10 by identity, initials, or column[:NAME,...].")
    ] = "hash:80/10/10",
    identity: Identity = None,
    voice: Voice = None,
    face: Face = None,
    settings: FaceSet = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read; 0: this one.")] = 2,
    engine: Annotated[str, typer.Option(help="processes, or ray (many machines).")] = "processes",
    address: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Of a Ray cluster that runs already."),
    ] = None,
    max_skipped: Annotated[float, typer.Option(help="Share that may be left out.")] = 0.05,
    restart: Annotated[
        bool, typer.Option("--restart", help="Throw unfinished work in OUT.partial away.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a corpus from recordings, pictures and videos.

    A table has columns identity, voice and/or face (paths from the table's folder); all others
    are attributes. Folders: VoxCeleb and VGGFace, the authors' download, talking-head videos, a
    cohort. Faces are found, aligned and checked. What can't be used is left out and reported, and
    the exit status is 2. Interrupted, the same command goes on.
    """
    from voice2face.commands.data import prepare as run

    run(
        sources, out, layout=layout, aligned=aligned, preset=preset, split=split,
        crop={"px": px, "geometry": geometry, "remove": remove}, assignments=settings or [],
        identity=identity, voice=voice, face=face, workers=workers, engine=engine,
        address=address, max_skipped=max_skipped, restart=restart, as_json=json, quiet=quiet,
    )  # fmt: skip


@app.command(epilog="Example: voice2face plan VoxCeleb --workers 16")
def plan(
    sources: Sources,
    layout: Layout = None,
    aligned: Aligned = False,
    preset: Preset = None,
    px: Px = 64,
    geometry: Geometry = "released",
    remove: Remove = None,
    identity: Identity = None,
    voice: Voice = None,
    face: Face = None,
    settings: FaceSet = None,
    workers: Workers = 2,
    sample: Annotated[int, typer.Option(min=1, help="Files of each kind to try.")] = 48,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Say how long `prepare` will take.

    Some files of each kind are read; time, disk and memory of the whole follow from them.
    """
    from voice2face.commands.data import plan as run

    run(
        sources, layout=layout, aligned=aligned, preset=preset, workers=workers, sample=sample,
        crop={"px": px, "geometry": geometry, "remove": remove}, assignments=settings or [],
        columns={"identity": identity, "voice": voice, "face": face}, seed=seed, as_json=json,
    )  # fmt: skip


@app.command(epilog="Example: voice2face inspect corpus --identities 48")
def inspect(
    corpus: Annotated[Path, typer.Argument(metavar="CORPUS", help="Made by `prepare`.")],
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("-o", "--out", help="The page; else CORPUS.html beside the corpus."),
    ] = None,
    identities: Annotated[int, typer.Option(min=0, max=1000, help="People on the page.")] = 24,
    clips: Annotated[int, typer.Option(min=0, max=100, help="Recordings of each.")] = 2,
    faces: Annotated[int, typer.Option(min=0, max=100, help="Faces of each.")] = 12,
    by: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="COLUMN", help="Count by this attribute alone, all its values."),
    ] = None,
    no_page: Annotated[bool, typer.Option("--no-page", help="Numbers only.")] = False,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Show what a corpus holds.

    Prints counts by split and attribute, the quality of the faces and why inputs were left out,
    and writes a page with faces, playable clips and spectrograms of some people. The page is as
    confidential as the data.
    """
    from voice2face.commands.inspect import inspect as run

    run(
        corpus, out, identities=identities, clips=clips, faces=faces, by=by or [], seed=seed,
        no_page=no_page, as_json=json,
    )  # fmt: skip


@app.command(epilog="Example: voice2face cohort people --identities 200 --seed 1")
def cohort(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder.")],
    identities: Annotated[int, typer.Option(min=1, help="People.")] = 200,
    seed: Seed = 0,
    clips: Annotated[int, typer.Option(min=0, help="Recordings of each.")] = 4,
    faces: Annotated[int, typer.Option(min=0, help="Pictures of each.")] = 6,
    px: Annotated[int, typer.Option(help="Side of a picture in pixels.")] = 64,
    coupling: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(min=0, max=1, help="How much a voice tells of the face."),
    ] = None,
    workers: Workers = 2,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make up people whose voice and face have a known tie.

    Writes recordings, pictures, cohort.csv for `prepare`, and cohort.json with the best accuracy
    that any system could reach.
    """
    from voice2face.commands.data import cohort as run

    run(
        out, n_identities=identities, seed=seed, clips=clips, faces=faces, face_px=px,
        coupling=coupling, workers=workers, as_json=json, quiet=quiet,
    )  # fmt: skip
