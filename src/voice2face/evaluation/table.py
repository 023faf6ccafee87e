"""A table of made and real faces, measured: from its files to a result."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from voice2face import __version__
from voice2face.assets.pretrained import REGISTRY
from voice2face.audio.speech import read_speech
from voice2face.errors import AudioError, ModelError, SettingsError
from voice2face.evaluation.comparison import LANGUAGE, Answers, Direct, Question, compare
from voice2face.evaluation.embedders.face_set import LeftOut, detector
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.evaluation.embedders.onnx_embedder import OnnxEmbedder
from voice2face.evaluation.pairs import Column, Pairs, embed_column, made_by, pictures, read_pairs
from voice2face.evaluation.results import Result
from voice2face.faces import GEOMETRIES
from voice2face.files import stored_text
from voice2face.matchers.heads import HeadsPart
from voice2face.release.inference import Model, load
from voice2face.release.people import people_warning

DEFAULT_EMBEDDER = "face_reid_0095"
DEFAULT_STRATUM = "gender"  # where the table has such a column
VOICE = "voice"
DETECT = "detect"  # instead of a geometry


def measure_table(
    table: Path,
    *,
    faces: str | None = None,
    model: str | None = None,
    geometry: str | None = None,
    against: str | None = None,
    matcher: str | None = None,
    target: str = "face",
    strata: Sequence[str] = (),
    embedders: Sequence[str] = (DEFAULT_EMBEDDER,),
    centre: bool = False,
    seed: int = 0,
    note: Callable[[str], None] = lambda line: None,
) -> tuple[Result, Answers, list[str]]:
    """Measure whether made faces show who spoke.

    Args:
        table: CSV or Parquet; see :func:`read_pairs`.
        faces: Column of pictures that a system made. Give it, or ``model``, or ``matcher`` alone.
        model: Model that makes faces from the column ``voice``.
        geometry: How its faces lie; None: as it says itself.
        against: Column of another system's pictures, for the paired difference.
        matcher: Model that compares voices with real faces without making a face.
        target: Column of the real pictures.
        strata: Columns within which it is asked too; none: gender, if the table has it.
        embedders: Networks that compare faces.
        centre: Subtract each side's mean.
        seed: Seed of all that is drawn.
        note: Called with a line about whatever is left out.

    Returns:
        The result, the lists of trials, and a line about each column of which rows are left out.

    Raises:
        CorpusError: The table can't be read, or nothing can be asked of it.
        ModelError: A model or a network can't be used.
        SettingsError: Two embedders have one name.
    """
    optional = () if strata else (DEFAULT_STRATUM,)
    heard = [VOICE] if faces is None or matcher else []
    asked = [*heard, *filter(None, (faces, against)), target, *strata]
    pairs = read_pairs(table, [*dict.fromkeys(asked)], (*optional, LANGUAGE))
    groups = tuple(strata or (name for name in optional if name in pairs.cells))
    networks = [open_embedder(name) for name in embedders]
    check_different("--embedder", [one.name for one in networks])
    maker, other = (None if name is None else load(name, threads=1) for name in (model, matcher))
    lies = None if maker is None else _geometry(geometry, maker)
    *systems, real = _columns(pairs, networks, faces, maker, lies, [against, target])
    direct = None if other is None else _direct(other, pairs, real, networks)
    used = [one for one in (maker, other) if one is not None]
    losses = _losses(pairs, [*systems, real, *([] if direct is None else [direct.voices])])
    warnings = [line for one in used for line in _warnings(pairs, one)]
    for line in (*warnings, *losses):  # where nothing can be measured, this is why
        note(line)
    question = Question(
        pairs, systems, real, groups, centre, seed, direct=direct, known_languages=_languages(used)
    )
    answers = compare(question)
    for line in answers.unasked:
        note(line)
    result = Result(
        experiment="evaluate",
        title="Faces against real ones",
        question=_in_words(faces, maker, lies, target, centre),
        rows=[replace(r, note="; ".join(filter(None, (r.note, *losses)))) for r in answers.rows],
        trials_sha256={name: trials.sha256 for name, trials in answers.trials.items()},
        seeds={"resampling and drawn pairs": seed},
        sources=_sources(pairs, networks, used),
        made_by=f"voice2face {__version__}",
        warnings=warnings,
    )
    return result, answers, losses


def check_different(option: str, names: Sequence[str]) -> None:
    """Refuse a name that is given twice.

    Raises:
        SettingsError: One is.
    """
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(option, f"'{name}' twice", "different names", "leave one out")


def _in_words(
    faces: str | None, model: Model | None, geometry: str | None, target: str, centre: bool
) -> str:
    what = f"'{faces}'" if faces else "'voice', without a face"
    if model is not None:
        where = f"geometry {geometry}" if geometry else "each detected"
        what = f"faces made from 'voice' ({where})"
    centred = ", each side's embeddings centred" if centre else ""
    return f"Do {what} show who spoke, against '{target}'{centred}?"


def _columns(
    pairs: Pairs,
    embedders: Sequence[OnnxEmbedder],
    faces: str | None,
    model: Model | None,
    geometry: str | None,
    others: Iterable[str | None],
) -> list[Column]:
    """The systems' faces, if there are any, then the real ones; each column is read once."""
    detect = detector()
    read, found = pictures(detect), dict[str, Column]()
    if model is not None:
        name, made = f"model {model.config.name}", made_by(model, detect, geometry)
        columns = [embed_column(name, pairs, VOICE, made, embedders)]
    else:
        columns, others = [], (faces, *others)
    for name in filter(None, others):
        if name not in found:
            found[name] = embed_column(name, pairs, name, read, embedders)
        columns.append(found[name])
    return columns


def _direct(
    matcher: Model, pairs: Pairs, real: Column, embedders: Sequence[OnnxEmbedder]
) -> Direct:
    """Voices and real faces in the space of a matcher."""
    network = _embedder_of(matcher, embedders)
    if network.name not in real.vectors:
        real = embed_column(real.name, pairs, real.name, pictures(detector()), [network])
    name = f"matcher {matcher.config.name}"
    return _match_directly(name, matcher, pairs, real.vectors[network.name])


def _embedder_of(model: Model, given: Sequence[OnnxEmbedder]) -> OnnxEmbedder:
    """The face embedder that a matcher was fitted to.

    Args:
        model: Model with a matcher.
        given: Embedders that are open already.

    Raises:
        ModelError: The model has no matcher, or its embedder is missing.
    """
    part = model.config.part("matcher")
    if not isinstance(part, HeadsPart):
        raise ModelError(model.folder, "no matcher", "a model with one", "train matching")
    for one in given:
        if one.sha256 == part.embedder_sha256:
            return one
    try:
        found = open_embedder(part.embedder)
    except ModelError:
        found = None
    if found is None or found.sha256 != part.embedder_sha256:
        raise ModelError(
            model.folder, f"fitted to the face embedder {part.embedder}", "that one",
            f"add --embedder {part.embedder}.onnx",
        )  # fmt: skip
    return found


def _match_directly(name: str, model: Model, pairs: Pairs, faces: np.ndarray) -> Direct:
    """Map the voices of a table, and its real faces, into one space.

    Args:
        name: Name in tables.
        model: Model with a matcher.
        pairs: The table, with a column of recordings.
        faces: Embeddings of the real faces by the matcher's network, (rows, dim); NaN: none.

    Raises:
        ModelError: The model can't be used.
    """
    cells = pairs.cells[VOICE]
    heard: dict[str, np.ndarray | LeftOut] = {"": LeftOut(0, "empty cell", "without a file", "")}
    for cell in dict.fromkeys(cells):
        if cell:
            heard[cell] = _heard(model, pairs.root / cell, cell)
    found = [heard[cell] for cell in cells]
    nothing = np.full(model.voice_encoder.dim, np.nan)
    rows = [nothing if isinstance(one, LeftOut) else one for one in found]
    embeddings = np.array(rows, np.float32).reshape(len(rows), -1)
    part = model.config.part("matcher")
    assert isinstance(part, HeadsPart)  # _embedder_of has seen to it
    vectors = {part.embedder: model.matcher.voices(embeddings)}
    reasons = [one if isinstance(one, LeftOut) else None for one in found]
    column = Column(name, cells, vectors, reasons)
    return Direct(column, model.matcher.faces(faces), part.embedder)


def _heard(model: Model, path: Path, cell: str) -> np.ndarray | LeftOut:
    """Embedding of one recording, or why there is none."""
    try:
        return model.embed(read_speech(path))
    except AudioError as error:
        return LeftOut(0, cell, "recording not usable", error.found)


def _languages(models: Sequence[Model]) -> tuple[str, ...]:
    """Languages that all models heard in training, where they say it."""
    told = [str(one.config.provenance.get("languages", "")) for one in models]
    sets = [{name for name in text.split(", ") if name} for text in told]
    return tuple(sorted(set.intersection(*sets))) if sets else ()


def _geometry(told: str | None, model: Model) -> str | None:
    """How the model's faces lie: as given, else as the model says; None: each is detected."""
    said = model.config.provenance.get("geometry")
    lies = told or (said if said in GEOMETRIES else DETECT)
    return None if lies == DETECT else str(lies)


def _losses(pairs: Pairs, columns: Sequence[Column]) -> list[str]:
    """A line about each column of which rows are left out, and about rows that name nobody."""
    losses = [column.loss for column in columns if column.loss]
    if pairs.n_nobody:
        rows = "row" if pairs.n_nobody == 1 else "rows"
        named = f"{pairs.table.name}: {pairs.n_nobody} {rows} left out: nobody in 'identity'"
        losses.insert(0, named)
    return losses


def _warnings(pairs: Pairs, model: Model) -> list[str]:
    """A warning if the model was trained on people of the table."""
    name = f"model {model.config.name}"
    told = people_warning(name, model.config.provenance, pairs.identity.tolist())
    return [f"warning: {told}"] if told else []


def _sources(
    pairs: Pairs, embedders: Sequence[OnnxEmbedder], models: Sequence[Model]
) -> dict[str, str]:
    """Checksums of the files that the result is computed from."""
    sources = {pairs.table.name: pairs.sha256, "yunet": REGISTRY["yunet"].sha256}
    sources |= {embedder.name: embedder.sha256 for embedder in embedders}
    for model in models:
        sources |= {f"{model.config.name}/{k}": v for k, v in model.config.sha256.items()}
    return {stored_text(name): sha256 for name, sha256 in sources.items()}
