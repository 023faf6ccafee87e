"""``reconstruct`` and ``features``: a released model at work (no torch)."""

import contextlib
import os
import unicodedata
from collections import Counter
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from voice2face.commands.output import print_json, report_failure, shown
from voice2face.errors import AudioError, OutputError, SettingsError, Voice2FaceError
from voice2face.release.inference import Model, load
from voice2face.release.provenance import LABEL, png_bytes, provenance_of

if TYPE_CHECKING:
    from PIL.Image import Image

SHEET = "sheet"
# Endings of what people keep beside recordings are many, those of recordings are few. A file that
# is named outright is opened whatever its ending.
MEDIA = frozenset(
    """
    3gp aac ac3 aif aiff alac amr ape au avi caf flac flv m4a m4b m4v mka mkv mov mp2 mp3 mp4 mpeg
    mpg oga ogg ogv opus ra ts wav webm wma wmv wv w64
    """.split()  # noqa: SIM905  (a list of 36 strings is harder to read)
)
OTHER_PICTURES = frozenset({".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True)
class Job:
    """One recording and the picture that it becomes."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Plan:
    """What becomes of which recording; ``sheet`` is where the sheet of all goes."""

    jobs: list[Job]
    sheet: Path


@dataclass(frozen=True)
class Done:
    """What is kept of a recording: the picture, the length of it and of the speech in it."""

    picture: "Image"
    seconds: float
    speech_s: float | None


def reconstruct(
    inputs: Sequence[Path],
    out: Path,
    model_name: str | None,
    *,
    sheet: bool,
    label: bool,
    as_json: bool,
) -> None:
    """Make a picture from each recording; a bad one is reported and the others are done.

    Args:
        inputs: Recordings, and folders of them.
        out: A folder, or a PNG file for one recording.
        model_name: As :func:`voice2face.release.model_folder.resolve` takes it.
        sheet: Also one picture of all.
        label: Write under each face that a machine made it.
        as_json: For a program.

    Raises:
        Voice2FaceError: Nothing can be done at all.
        typer.Exit: With status 2, if a recording failed.
    """
    planned = plan(inputs, out, sheet)
    model = load(model_name)
    done: list[tuple[Job, Done]] = []
    rows = []
    with contextlib.closing(_run(model, planned.jobs, LABEL if label else "")) as outcomes:
        for job, outcome in outcomes:
            rows.append(_row(job, outcome))
            if isinstance(outcome, Voice2FaceError):
                report_failure(outcome)
                continue
            done.append((job, outcome))
            if not as_json:
                typer.echo(f"{shown(job.source)} -> {shown(job.target)}")
    answer: dict[str, Any] = {"model": model.config.name, "faces": rows}
    if sheet and done:
        _write_sheet(planned.sheet, done, model)
        answer["sheet"] = str(planned.sheet)
        if not as_json:
            typer.echo(f"contact sheet: {shown(planned.sheet.resolve())}")
    if as_json:
        print_json(answer)
    n_failed = len(planned.jobs) - len(done)
    if n_failed > 1:
        typer.echo(f"error: {n_failed} of {len(planned.jobs)} recordings failed", err=True)
    if n_failed:
        raise typer.Exit(2)


def plan(inputs: Sequence[Path], out: Path, sheet: bool) -> Plan:
    """Name the picture of every recording, and the sheet, never the same twice.

    Raises:
        AudioError: A folder holds no recording.
        OutputError: One file is to hold several pictures, or a file is where a folder must go.
    """
    sources = list(dict.fromkeys(source for path in inputs for source in _recordings(path)))
    names = _Names()
    if _is_picture(out):
        if len(sources) > 1:
            raise OutputError(
                out, f"one file for {len(sources)} faces", "a folder", "give -o a folder"
            )
        names.free(out.stem)
        return Plan([Job(sources[0], out)], out.with_name(f"{names.free(SHEET)}.png"))
    if os.path.lexists(out) and not _is_folder(out):
        raise OutputError(out, "a file", "a folder, or NAME.png", "choose another -o")
    sheet_path = out / f"{names.free(SHEET) if sheet else SHEET}.png"
    return Plan([Job(s, out / f"{names.free(s.stem)}.png") for s in sources], sheet_path)


class _Names:
    """Names of files that were given away."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, name: str) -> str:
        """The name, or the first of NAME-2, NAME-3, ... that nothing has."""
        found, number = name, 1
        while (key := self._key(found)) in self._taken:
            number += 1
            found = f"{name}-{number}"
        self._taken.add(key)
        return found

    @staticmethod
    def _key(name: str) -> str:
        # Neither case nor how an accent is written tells files apart everywhere.
        return unicodedata.normalize("NFC", name).casefold()


def _is_picture(out: Path) -> bool:
    suffix = out.suffix.lower()
    if _is_folder(out):
        return False
    if suffix in OTHER_PICTURES:
        raise OutputError(out, f"ends with {out.suffix}", "NAME.png, or a folder", "rename it")
    return suffix == ".png"


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  (Path's raises on a name that is too long)


def _recordings(path: Path) -> list[Path]:
    if not _is_folder(path):
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
    model: Model, jobs: Sequence[Job], label: str
) -> Generator[tuple[Job, Done | Voice2FaceError], None, None]:
    """Each job's outcome in order; a recording's error is an outcome, the model's own is not."""
    from voice2face.files import write_bytes

    about = provenance_of(model)

    def work(job: Job) -> Done | Voice2FaceError:
        try:
            made = model.reconstruct(job.source)
            write_bytes(job.target, png_bytes(made.picture, about, label))
        except (AudioError, OutputError) as error:
            return error
        return Done(made.picture, made.seconds, made.speech_s)

    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    pool.submit(model.read)  # beside the first decoding; what is wrong with it shows at first use
    try:
        yield from zip(jobs, pool.map(work, jobs), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)  # on Ctrl-C, what is begun is ended and no more


def _row(job: Job, outcome: Done | Voice2FaceError) -> dict[str, Any]:
    if isinstance(outcome, Voice2FaceError):
        return {"input": str(job.source), "error": str(outcome)}
    return {
        "input": str(job.source),
        "output": str(job.target),
        "seconds": round(outcome.seconds, 3),
        **({} if outcome.speech_s is None else {"speech_s": round(outcome.speech_s, 3)}),
    }


def _write_sheet(path: Path, done: Sequence[tuple[Job, Done]], model: Model) -> None:
    from voice2face.faces.contact_sheet import write_sheet

    count = Counter(job.source.name for job, _ in done)
    labels = (
        job.source.name if count[job.source.name] == 1 else "/".join(job.source.parts[-2:])
        for job, _ in done
    )
    write_sheet(
        path,
        [(made.picture, label) for (_, made), label in zip(done, labels, strict=True)],
        model.config.name,
        provenance_of(model, f"{len(done)} faces on one sheet"),
    )


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
        typer.echo(f"{shown(out)}: {heard.speech_s:.1f} s of speech in {heard.seconds:.1f} s")
