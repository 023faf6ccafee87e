"""``evaluate``: faces of one or two systems against real ones."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voice2face import __version__
from voice2face.cli.options import Force, Json, Seed, comma_list
from voice2face.cli.output import print_answer, print_note
from voice2face.cli.program import app
from voice2face.errors import OutputError, SettingsError

if TYPE_CHECKING:
    from voice2face.evaluation.comparison import Answers, Direct
    from voice2face.evaluation.embedders.onnx_embedder import OnnxEmbedder
    from voice2face.evaluation.pairs import Column, Pairs
    from voice2face.evaluation.results import Result, Row
    from voice2face.release.inference import Model

DEFAULT_EMBEDDER = "face_reid_0095"
DEFAULT_STRATUM = "gender"  # where the table has such a column
VOICE = "voice"
DETECT = "detect"  # instead of a geometry
RESULT, TRIALS = "evaluate.json", "trials"

ModelName = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="Make the faces of the column 'voice' instead; folder or org/name[@revision].",
    ),
]
Geometry = Annotated[
    str | None,
    typer.Option(
        help="Of the model's faces: released, tight, or detect each; else as it says itself."
    ),
]
MatcherName = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL", help="Of `train matching`: what the column 'voice' gives without a face."
    ),
]
Against = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Another system's, for the paired difference.")
]
EmbedderFiles = Annotated[
    list[str] | None,
    typer.Option(metavar="FILE.onnx", help="With FILE.json; else face_reid_0095. Repeatable."),
]
Strata = Annotated[
    str | None, typer.Option(help="Such as gender,age: within the first, then both. Else gender.")
]


@app.command(
    epilog="\b\nExample: voice2face evaluate pairs.csv --faces speech2face --target canonical\n"
    "         voice2face evaluate pairs.csv --model runs/tanh/model --against other"
)
def evaluate(
    table: Annotated[
        Path, typer.Argument(metavar="PAIRS", help="CSV or Parquet; people are in 'identity'.")
    ],
    faces: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Pictures that a system made.")
    ] = None,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="The real pictures.")] = "face",
    model: ModelName = None,
    geometry: Geometry = None,
    against: Against = None,
    matcher: MatcherName = None,
    embedder: EmbedderFiles = None,
    strata: Strata = None,
    centre: Annotated[
        bool, typer.Option("--centre", help="Subtract the mean embedding of each side.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write result and lists of trials.")
    ] = None,
    seed: Seed = 0,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Measure whether made faces show who spoke.

    They are those of a model, or of any other system that left pictures. Each row of the table is
    one made face, its paths relative to the table. 1:2 matching, retrieval and verification come
    with 95 % intervals over people. Pictures that are missing or show no face are counted and
    left out.
    """
    from msgspec.structs import asdict, replace

    from voice2face.evaluation.comparison import LANGUAGE, Question, compare
    from voice2face.evaluation.embedders.fitted import open_embedder
    from voice2face.evaluation.pairs import read_pairs
    from voice2face.release.inference import load

    groups = comma_list(strata)
    _check(faces, model, geometry, against, groups, matcher)
    if out is not None:
        _check_place(out, force)
    optional = () if groups else (DEFAULT_STRATUM,)
    heard = [VOICE] if faces is None or matcher else []
    asked = [*heard, *filter(None, (faces, against)), target, *(groups or ())]
    pairs = read_pairs(table, [*dict.fromkeys(asked)], (*optional, LANGUAGE))
    groups = groups or tuple(name for name in optional if name in pairs.cells)
    embedders = [open_embedder(name) for name in embedder or (DEFAULT_EMBEDDER,)]
    _check_different("--embedder", [one.name for one in embedders])
    loaded = None if model is None else load(model, threads=1)
    lies = None if loaded is None else _geometry(geometry, loaded)
    *systems, real = _columns(pairs, embedders, faces, loaded, lies, [against, target])
    other = None if matcher is None else load(matcher, threads=1)
    direct = None if other is None else _direct(other, pairs, real, embedders)
    used = [one for one in (loaded, other) if one is not None]
    voices = [] if direct is None else [direct.voices]
    losses = _losses(pairs, [*systems, real, *voices])
    warnings = [line for one in used for line in _warnings(pairs, one)]
    question = Question(
        pairs, systems, real, groups, centre, seed, direct=direct, known_languages=_languages(used)
    )
    try:
        answers = compare(question)
    finally:  # where nothing can be measured, this is why
        for line in (*warnings, *losses):
            print_note(line)
    where = f"geometry {lies}" if lies else "each detected"
    what = f"'{faces}'" if loaded is None else f"faces made from 'voice' ({where})"
    what = what if systems else "'voice', without a face"
    centred = ", each side's embeddings centred" if centre else ""
    asked_in_words = f"Do {what} show who spoke, against '{target}'{centred}?"
    sources = _sources(pairs, embedders, used)
    result = _result(asked_in_words, answers, losses, sources, seed)
    result = replace(result, warnings=warnings)
    if out is not None:
        _write(out, result, answers)
    for line in answers.unasked:
        print_note(line)
    lines = [*_lines(result.rows)]
    if out is not None:
        lines += ["", f"result: {(out / RESULT).resolve()}"]
    answer = asdict(result) | {"left_out": losses, "not_asked": answers.unasked}
    print_answer(as_json, answer, lines)


def _check(
    faces: str | None,
    model: str | None,
    geometry: str | None,
    against: str | None,
    strata: Sequence[str] | None,
    matcher: str | None,
) -> None:
    """Refuse what contradicts itself.

    Raises:
        SettingsError: With what to give.
    """
    from voice2face.evaluation.embedders.face_set import geometry_of

    if faces is not None and model is not None:
        found = "--faces and --model"
        raise SettingsError("evaluate", found, "one of them", "compare two with --against")
    if faces is None and model is None and (matcher is None or against is not None):
        found = "neither --faces nor --model"
        raise SettingsError("evaluate", found, "one of them", "or --matcher alone")
    if geometry is not None and model is None:
        raise SettingsError(
            "--geometry", "no --model", "a model whose faces lie so", "leave it out"
        )
    if geometry not in (None, DETECT):
        geometry_of(geometry)
    _check_different("--faces and --against", [c for c in (faces, against) if c])
    _check_different("--strata", strata or ())
    if strata == ():
        raise SettingsError("--strata", "no name", "columns such as gender,age", "leave it out")


def _check_place(out: Path, force: bool) -> None:
    """Refuse to write into what somebody else made.

    Raises:
        OutputError: Something else has the name of a result.
    """
    from voice2face.files import check_free

    result, trials = out / RESULT, out / TRIALS
    check_free(result, force=force)
    if trials.exists() and not result.exists() and not force:
        found = "there, and no result of `evaluate` beside it"
        raise OutputError(trials, found, "a new folder", "choose another --out, or add --force")


def _check_different(option: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(option, f"'{name}' twice", "different names", "leave one out")


def _columns(
    pairs: "Pairs",
    embedders: Sequence["OnnxEmbedder"],
    faces: str | None,
    model: "Model | None",
    geometry: str | None,
    others: Sequence[str | None],
) -> list["Column"]:
    """The systems' faces, if there are any, then the real ones; each column is read once."""
    from voice2face.evaluation.embedders.face_set import detector
    from voice2face.evaluation.pairs import embed_column, made_by, pictures

    detect = detector()
    read = pictures(detect)
    columns = []
    if faces is not None:
        columns = [embed_column(faces, pairs, faces, read, embedders)]
    elif model is not None:
        made = made_by(model, detect, geometry)
        columns = [embed_column(f"model {model.config.name}", pairs, VOICE, made, embedders)]
    for name in filter(None, others):
        known = next((column for column in columns if column.name == name), None)
        columns.append(known or embed_column(name, pairs, name, read, embedders))
    return columns


def _direct(
    matcher: "Model", pairs: "Pairs", real: "Column", embedders: Sequence["OnnxEmbedder"]
) -> "Direct":
    """What voices give without a face being made."""
    from voice2face.evaluation.direct import embedder_of, match_directly
    from voice2face.evaluation.embedders.face_set import detector
    from voice2face.evaluation.pairs import embed_column, pictures

    network = embedder_of(matcher, embedders)
    if network.name not in real.vectors:
        real = embed_column(real.name, pairs, real.name, pictures(detector()), [network])
    name = f"matcher {matcher.config.name}"
    return match_directly(name, matcher, pairs, real.vectors[network.name])


def _languages(models: Sequence["Model"]) -> tuple[str, ...]:
    """Those that all models heard in training, where they say it."""
    told = [str(one.config.provenance.get("languages", "")) for one in models]
    sets = [{name for name in text.split(", ") if name} for text in told]
    return tuple(sorted(set.intersection(*sets))) if sets else ()


def _geometry(told: str | None, model: "Model") -> str | None:
    """How the model's faces lie: as is told, else as the model says; None: each is looked for."""
    from voice2face.faces import GEOMETRIES

    said = model.config.provenance.get("geometry")
    lies = told or (said if said in GEOMETRIES else DETECT)
    return None if lies == DETECT else str(lies)


def _losses(pairs: "Pairs", columns: Sequence["Column"]) -> list[str]:
    """What is left out, a line each."""
    losses = [column.loss for column in columns if column.loss]
    if pairs.n_nobody:
        rows = "row" if pairs.n_nobody == 1 else "rows"
        named = f"{pairs.table.name}: {pairs.n_nobody} {rows} left out: nobody in 'identity'"
        losses.insert(0, named)
    return losses


def _warnings(pairs: "Pairs", model: "Model") -> list[str]:
    """Whether the model was trained on people of the table."""
    from voice2face.release.people import people_warning

    name = f"model {model.config.name}"
    told = people_warning(name, model.config.provenance, pairs.identity.tolist())
    return [f"warning: {told}"] if told else []


def _sources(
    pairs: "Pairs", embedders: Sequence["OnnxEmbedder"], models: Sequence["Model"]
) -> dict[str, str]:
    """Checksums of what it was computed from."""
    from voice2face.assets.pretrained import REGISTRY

    sources = {pairs.table.name: pairs.sha256, "yunet": REGISTRY["yunet"].sha256}
    sources |= {embedder.name: embedder.sha256 for embedder in embedders}
    for model in models:
        sources |= {f"{model.config.name}/{k}": v for k, v in model.config.sha256.items()}
    return sources


def _result(
    question: str, answers: "Answers", losses: Sequence[str], sources: dict[str, str], seed: int
) -> "Result":
    from msgspec.structs import replace

    from voice2face.evaluation.results import Result
    from voice2face.files import stored_text

    return Result(
        experiment="evaluate",
        title="Faces against real ones",
        question=question,
        rows=[
            replace(row, note="; ".join(filter(None, (row.note, *losses)))) for row in answers.rows
        ],
        trials_sha256={name: trials.sha256 for name, trials in answers.trials.items()},
        seeds={"resampling and drawn pairs": seed},
        sources={stored_text(name): sha256 for name, sha256 in sources.items()},
        made_by=f"voice2face {__version__}",
    )


def _write(out: Path, result: "Result", answers: "Answers") -> None:
    from voice2face.evaluation.results import write_result
    from voice2face.evaluation.trials.trials import write_trials

    for name, trials in answers.trials.items():
        file_name = re.sub(r"[^\w]+", "-", name)[:100]  # a column may have any name
        write_trials(out / TRIALS / f"{file_name}.json", trials)
    write_result(out / RESULT, result)


def _lines(rows: Sequence["Row"]) -> Iterator[str]:
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


def _system(row: "Row") -> str:
    return f"{row.system} above {row.against}" if row.against else row.system


def _heading(row: "Row") -> str:
    return f"{_system(row)}, by {row.embedder}" if row.embedder else _system(row)
