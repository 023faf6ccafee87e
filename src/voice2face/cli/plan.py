"""``plan``: how long ``prepare`` will take, and how much room and memory."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from voice2face.cli import options
from voice2face.cli.output import print_answer, print_note
from voice2face.cli.program import app

if TYPE_CHECKING:
    from voice2face.corpus.prepare.forecast import Forecast


@app.command(epilog="Example: voice2face plan VoxCeleb --workers 16")
def plan(
    sources: options.Sources,
    layout: options.Layout = None,
    aligned: options.Aligned = False,
    preset: options.FrontEndPreset = None,
    sound: options.Sound = "flac",
    px: options.FacePx = 64,
    geometry: options.Geometry = "released",
    remove: options.Remove = None,
    identity: options.IdentityColumn = None,
    voice: options.VoiceColumn = None,
    face: options.FaceColumn = None,
    settings: options.SetFaces = None,
    workers: options.Workers = 2,
    sample: Annotated[int, typer.Option(min=1, help="Files of each kind to read.")] = 48,
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> None:
    """Say how long `prepare` will take.

    Reads a sample of the files, and estimates time, disk space and memory for all of them.
    """
    from voice2face.corpus.prepare.forecast import forecast
    from voice2face.corpus.prepare.run import look_at
    from voice2face.corpus.sources import Columns

    started = time.monotonic()
    request = look_at(
        sources, Columns(identity=identity, voice=voice, face=face), layout=layout,
        aligned=aligned, preset=preset, sound=sound, split="hash:80/10/10",
        face_crop=options.face_crop(settings, px=px, geometry=geometry, remove=remove),
    )  # fmt: skip
    listing_s = time.monotonic() - started
    for text in request.inputs.notes:
        if not text.startswith("no identity is in"):  # `plan` knows no split
            print_note(f"note: {text}")
    answer = forecast(request, workers, listing_s=listing_s, n_sample=sample, seed=seed)
    print_answer(as_json, answer, _lines(answer, workers))


def _lines(answer: "Forecast", workers: int) -> Iterator[str]:
    """The samples, then time, disk and memory."""
    from voice2face.experiments.pipeline.workers import duration

    for part in answer.samples:
        failed = f", {part.n_failed} unusable" if part.n_failed else ""
        yield (
            f"{part.reader:>10}: {part.n_files} files, {part.file_s * 1000:.1f} ms each on one "
            f"core ({part.n_sampled} read{failed}), {part.bytes_each / 1e3:.1f} kB stored each"
        )
    yield (
        f"{'time':>10}: {duration(answer.seconds)} on {workers} cores "
        f"[{duration(answer.seconds_low)} to {duration(answer.seconds_high)}]"
    )
    yield f"{'disk':>10}: {_size(answer.corpus_bytes)}, {_size(answer.disk_bytes)} while it grows"
    total = answer.parent_bytes + workers * answer.worker_bytes
    yield (
        f"{'memory':>10}: {_size(total)}: {_size(answer.worker_bytes)} for each of {workers} "
        f"processes that read, {_size(answer.parent_bytes)} for the one that writes"
    )


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.1f} MB"
