"""``reconstruct``, ``features`` and ``info``: a released model at work (no torch)."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from voice2face.commands.output import print_json, report_failure
from voice2face.errors import AudioError, OutputError, SettingsError, Voice2FaceError, one_line
from voice2face.inference import Model, Reconstruction

SHEET = "sheet"
# Endings of what people keep beside recordings are many, those of recordings are few. A file that
# is named outright is opened whatever its ending.
MEDIA = frozenset(
    """
    3gp aac ac3 aif aiff alac amr ape au avi caf flac flv m4a m4b m4v mka mkv mov mp2 mp3 mp4 mpeg
    mpg oga ogg ogv opus ra ts wav webm wma wmv wv w64
    """.split()  # noqa: SIM905  (a list of 36 strings is harder to read)
)


@dataclass(frozen=True)
class Job:
    """One recording and the picture that it becomes."""

    source: Path
    target: Path


def reconstruct(
    inputs: Sequence[Path], out: Path, model_folder: Path | None, *, sheet: bool, as_json: bool
) -> None:
    """Make a picture from each recording; a bad one is reported and the others are done.

    Raises:
        Voice2FaceError: Nothing can be done at all.
        typer.Exit: With status 2, if a recording failed.
    """
    jobs = plan(inputs, out, sheet)
    model = Model(model_folder, threads=1 if len(jobs) > 1 else 0)
    faces, rows = [], []
    for job, outcome in _run(model, jobs):
        row: dict[str, Any] = {"input": str(job.source)}
        if isinstance(outcome, Reconstruction):
            heard = outcome.features
            row |= {"output": str(job.target), "seconds": round(heard.seconds, 3)}
            row |= {"speech_s": round(heard.speech_s, 3)}
            faces.append((outcome.picture, job.source.name))
            if not as_json:
                typer.echo(f"{one_line(str(job.source))} -> {one_line(str(job.target))}")
        else:
            row["error"] = str(outcome)
            report_failure(outcome)
        rows.append(row)
    answer: dict[str, Any] = {"model": model.config.name, "faces": rows}
    if sheet and faces:
        from voice2face.contact_sheet import write_sheet

        path = write_sheet(_folder(out) / f"{SHEET}.png", faces, model.config.name)
        answer["sheet"] = str(path)
        if not as_json:
            typer.echo(f"contact sheet: {path.resolve()}")
    if as_json:
        print_json(answer)
    if len(faces) < len(jobs):
        typer.echo(f"{len(jobs) - len(faces)} of {len(jobs)} recordings failed", err=True)
        raise typer.Exit(2)


def plan(inputs: Sequence[Path], out: Path, sheet: bool) -> list[Job]:
    """Name the picture of every recording, never the same twice.

    Raises:
        AudioError: A folder holds no recording.
        OutputError: One file is to hold several pictures.
    """
    sources = list(dict.fromkeys(source for path in inputs for source in _recordings(path)))
    if out.suffix.lower() == ".png" and not out.is_dir():
        if len(sources) > 1:
            raise OutputError(
                out, f"one file for {len(sources)} faces", "a folder", "give -o a folder"
            )
        return [Job(sources[0], out)]
    taken = {SHEET} if sheet else set()
    jobs = []
    for source in sources:
        name, number = source.stem, 1
        # Case does not tell files apart everywhere.
        while name.casefold() in taken:
            number += 1
            name = f"{source.stem}-{number}"
        taken.add(name.casefold())
        jobs.append(Job(source, out / f"{name}.png"))
    return jobs


def _recordings(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower().removeprefix(".") in MEDIA
        and not file.name.startswith(".")
        and file.is_file()
    )
    if not found:
        raise AudioError(path, "a folder without recordings", "at least one", "name a recording")
    return found


def _run(
    model: Model, jobs: Iterable[Job]
) -> Iterator[tuple[Job, Reconstruction | Voice2FaceError]]:
    """Each job's outcome in order; a recording's error is an outcome, the model's own is not."""

    def work(job: Job) -> tuple[Job, Reconstruction | Voice2FaceError]:
        from voice2face.files import atomic_write

        try:
            made = model.reconstruct(job.source)
            with atomic_write(job.target) as path:
                made.picture.save(path, format="PNG")
        except (AudioError, OutputError) as error:
            return job, error
        return job, made

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from pool.map(work, jobs)


def _folder(out: Path) -> Path:
    return out.parent if out.suffix.lower() == ".png" and not out.is_dir() else out


def features(source: Path, out: Path, preset: str, *, as_json: bool) -> None:
    """Write ``voiced``, ``log_mel`` and ``features`` of one recording.

    Raises:
        Voice2FaceError: The recording can't be used, or the result not be written.
    """
    import numpy as np

    from voice2face.audio import extract
    from voice2face.files import atomic_write
    from voice2face.settings import FRONT_ENDS

    if preset not in FRONT_ENDS:
        raise SettingsError("--preset", preset, f"one of {', '.join(FRONT_ENDS)}", "choose one")
    if out.suffix != ".npz":
        raise OutputError(out, "another ending", "a name that ends with .npz", "rename it")
    heard = extract(source, FRONT_ENDS[preset])
    with atomic_write(out) as path, path.open("wb") as stream:
        np.savez(stream, voiced=heard.voiced, log_mel=heard.log_mel, features=heard.features)
    answer = {
        "input": str(source),
        "output": str(out),
        "preset": preset,
        "seconds": round(heard.seconds, 3),
        "speech_s": round(heard.speech_s, 3),
        "frames": len(heard.log_mel),
    }
    if as_json:
        print_json(answer)
    else:
        typer.echo(f"{out}: {heard.speech_s:.1f} s of speech in {heard.seconds:.1f} s")


def info(folder: Path | None, *, as_json: bool) -> None:
    """Print what a model is, after checking every part of it.

    Raises:
        ModelError: A part is missing or damaged.
    """
    from voice2face.model_folder import BUNDLED, checked_part, read_config
    from voice2face.settings import to_yaml

    place = folder or BUNDLED
    config = read_config(place)
    sizes = {name: checked_part(place, name, config).stat().st_size for name in config.sha256}
    if as_json:
        print_json({"folder": str(place), "bytes": sizes, "config": config})
        return
    typer.echo(f"{place.resolve()}\n")
    for name, size in sizes.items():
        typer.echo(f"{size / 1e6:9.2f} MB  {name}")
    typer.echo(f"\n{to_yaml(config)}", nl=False)
