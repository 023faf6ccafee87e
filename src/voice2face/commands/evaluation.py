"""``evaluate``: faces of one or two systems against real ones."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import typer

from voice2face import __version__
from voice2face.assets.pretrained import REGISTRY
from voice2face.commands.output import print_json, shown
from voice2face.errors import SettingsError, one_line
from voice2face.evaluation.comparison import Answers, Question, compare
from voice2face.evaluation.embedders.face_set import detector, geometry_of
from voice2face.evaluation.embedders.fitted import Embedder, open_embedder
from voice2face.evaluation.embedders.onnx_embedder import OnnxEmbedder
from voice2face.evaluation.pairs import (
    Column,
    Pairs,
    embed_column,
    made_by,
    pictures,
    read_pairs,
)
from voice2face.evaluation.results import Result, Row, write_result
from voice2face.evaluation.trials.trials import write_trials
from voice2face.faces import GEOMETRIES
from voice2face.files import stored_text
from voice2face.release.inference import Model, load

DEFAULT_EMBEDDER = "face_reid_0095"
DEFAULT_STRATUM = "gender"  # where the table has such a column
VOICE = "voice"
DETECT = "detect"  # instead of a geometry
RESULT, TRIALS = "evaluate.json", "trials"


@dataclass(frozen=True)
class Options:
    """What the command line says; None: not given."""

    table: Path
    faces: str | None
    target: str
    model: str | None
    geometry: str | None
    against: str | None
    embedders: tuple[str, ...]
    strata: tuple[str, ...] | None
    centre: bool
    out: Path | None
    seed: int


def evaluate(options: Options, *, as_json: bool) -> None:
    """Print what faces tell of who spoke; write it if asked to.

    Raises:
        Voice2FaceError: Nothing can be measured, or the result could not be written.
    """
    _check(options)
    asked = [options.faces or VOICE, *filter(None, (options.against,)), options.target]
    optional = () if options.strata is not None else (DEFAULT_STRATUM,)
    pairs = read_pairs(options.table, [*asked, *(options.strata or ())], optional)
    strata = options.strata or tuple(name for name in optional if name in pairs.cells)
    embedders = [open_embedder(name) for name in options.embedders or (DEFAULT_EMBEDDER,)]
    _check_different("--embedder", [e.name for e in embedders])
    model = None if options.model is None else load(options.model, threads=1)
    columns = _columns(options, pairs, embedders, model)
    *systems, target = columns
    losses = [column.loss for column in columns if column.loss]
    if pairs.n_nobody:
        rows = "row" if pairs.n_nobody == 1 else "rows"
        named = f"{pairs.table.name}: {pairs.n_nobody} {rows} left out: nobody in 'identity'"
        losses.insert(0, named)
    try:
        answers = compare(Question(pairs, systems, target, strata, options.centre, options.seed))
    finally:  # where nothing can be measured, this is why
        for line in losses:
            typer.echo(one_line(line), err=True)
    result = _result(options, model, answers, losses, _sources(pairs, embedders, model))
    if options.out is not None:
        for name, trials in answers.trials.items():
            write_trials(options.out / TRIALS / f"{_file_name(name)}.json", trials)
        write_result(options.out / RESULT, result)
    _print(result, losses, answers.unasked, as_json=as_json)
    if options.out is not None and not as_json:
        typer.echo(f"\nresult: {shown((options.out / RESULT).resolve())}")


def _check(options: Options) -> None:
    """Refuse what contradicts itself.

    Raises:
        SettingsError: With what to give.
    """
    if (options.faces is None) == (options.model is None):
        found = "neither --faces nor --model" if options.faces is None else "--faces and --model"
        raise SettingsError("evaluate", found, "one of them", "compare two with --against")
    if options.geometry is not None and options.model is None:
        raise SettingsError(
            "--geometry", "no --model", "a model whose faces lie so", "leave it out"
        )
    if options.geometry not in (None, DETECT):
        geometry_of(options.geometry)
    _check_different("--faces and --against", [c for c in (options.faces, options.against) if c])
    _check_different("--strata", options.strata or ())
    if options.strata == ():
        raise SettingsError("--strata", "no name", "columns such as gender,age", "leave it out")


def _check_different(option: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(option, f"'{name}' twice", "different names", "leave one out")


def _columns(
    options: Options, pairs: Pairs, embedders: Sequence[Embedder], model: Model | None
) -> list[Column]:
    """The systems' faces, then the real ones; a column that is both is read once."""
    detect = detector()
    read = pictures(detect)
    if model is None:
        columns = [embed_column(str(options.faces), pairs, str(options.faces), read, embedders)]
    else:
        made = made_by(model, detect, _geometry(options, model))
        columns = [embed_column(f"model {model.config.name}", pairs, VOICE, made, embedders)]
    for name in filter(None, (options.against, options.target)):
        known = next((column for column in columns if column.name == name), None)
        columns.append(known or embed_column(name, pairs, name, read, embedders))
    return columns


def _geometry(options: Options, model: Model) -> str | None:
    """How the model's faces lie: as is given, else as the model says; None: each is looked for."""
    known = model.config.provenance.get("geometry")
    told = options.geometry or (known if known in GEOMETRIES else DETECT)
    return None if told == DETECT else str(told)


def _sources(
    pairs: Pairs, embedders: Sequence[OnnxEmbedder], model: Model | None
) -> dict[str, str]:
    """Checksums of what it was computed from."""
    sources = {pairs.table.name: pairs.sha256, "yunet": REGISTRY["yunet"].sha256}
    sources |= {embedder.name: embedder.sha256 for embedder in embedders}
    if model is not None:
        sources |= {f"{model.config.name}/{k}": v for k, v in model.config.sha256.items()}
    return sources


def _result(
    options: Options,
    model: Model | None,
    answers: Answers,
    losses: Sequence[str],
    sources: dict[str, str],
) -> Result:
    faces = f"'{options.faces}'"
    if model is not None:
        geometry = _geometry(options, model)
        where = f"geometry {geometry}" if geometry else "each detected"
        faces = f"faces made from 'voice' ({where})"
    centred = ", each side's embeddings centred" if options.centre else ""
    return Result(
        experiment="evaluate",
        title="Faces against real ones",
        question=f"Do {faces} show who spoke, against '{options.target}'{centred}?",
        rows=[
            msgspec.structs.replace(row, note="; ".join(filter(None, (row.note, *losses))))
            for row in answers.rows
        ],
        trials_sha256={name: trials.sha256 for name, trials in answers.trials.items()},
        seeds={"resampling and drawn pairs": options.seed},
        sources={stored_text(name): sha256 for name, sha256 in sources.items()},
        made_by=f"voice2face {__version__}",
    )


def _file_name(name: str) -> str:
    """Of a list of trials: ``1-2-within-gender``; a column may have any name."""
    return re.sub(r"[^\w]+", "-", name)[:100]


def _print(result: Result, losses: Sequence[str], unasked: Sequence[str], *, as_json: bool) -> None:
    for line in unasked:
        typer.echo(one_line(line), err=True)
    if as_json:
        more = {"left_out": losses, "not_asked": unasked}
        print_json(msgspec.to_builtins(result) | more)
        return
    for line in _lines(result.rows):
        typer.echo(one_line(line))


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    """A block for each embedder and system, a line for each number."""
    labels = [row.measure + (f" within {row.stratum}" if row.stratum else "") for row in rows]
    width = max(map(len, labels))
    head = ""
    for label, row in sorted(
        zip(labels, rows, strict=True), key=lambda pair: (pair[1].embedder, _system(pair[1]))
    ):
        if head != (head := _heading(row)):
            yield head
        if row.value is None:
            yield f"  {label.ljust(width)}  not measured"
            continue
        chance = "" if row.chance is None else f"  chance {row.chance:.3g}"
        interval = "" if row.low is None else f" [{row.low:.3f}, {row.high:.3f}]"
        people = f"{row.n_people} people, {row.n_trials:,} trials"
        yield f"  {label.ljust(width)}  {row.value:.3f}{interval}{chance}  {people}"


def _system(row: Row) -> str:
    return f"{row.system} above {row.against}" if row.against else row.system


def _heading(row: Row) -> str:
    return f"{_system(row)}, by {row.embedder}" if row.embedder else _system(row)
