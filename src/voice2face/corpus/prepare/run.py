"""The making of a corpus from recordings and pictures."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from voice2face import __version__
from voice2face.assets import pretrained
from voice2face.audio.coding import SOUND_CODINGS
from voice2face.audio.settings import FRONT_ENDS
from voice2face.corpus.prepare.assemble import Progress, assemble
from voice2face.corpus.prepare.cluster import RayCluster
from voice2face.corpus.prepare.engines import Engine, Processes, in_this_process
from voice2face.corpus.prepare.inputs import Inputs, collect
from voice2face.corpus.prepare.ledger import Ledger, count_files
from voice2face.corpus.prepare.shards import write_parquet
from voice2face.corpus.prepare.splits import SplitRule
from voice2face.corpus.prepare.work import Recipe
from voice2face.corpus.prepare.workplace import (
    Job,
    Workplace,
    check_free,
    check_outside,
    listing_hash,
    workplace,
)
from voice2face.corpus.read import Corpus
from voice2face.corpus.schema import (
    INFO_NAME,
    SCHEMA_VERSION,
    SKIPPED_NAME,
    CorpusInfo,
    Shard,
    arrow,
    hash_of,
    skipped_schema,
)
from voice2face.corpus.sources import Columns, Source, column_named, read_source
from voice2face.corpus.sources.found import Skip
from voice2face.errors import OutputError, SettingsError, one_of
from voice2face.faces.masks import NETWORKS
from voice2face.faces.settings import FaceCrop
from voice2face.files import stored_text, write_text
from voice2face.settings import change

ENGINES = ("processes", "ray")


@dataclass(frozen=True)
class PrepareReport:
    """Result of :func:`prepare`.

    Args:
        path: The corpus.
        info: The content of its ``corpus.json``: counts, and what was left out by reason.
        skipped: Each input that was left out, as in ``skipped.parquet``.
        elapsed_s: Time that it took, in seconds.
    """

    path: Path
    info: CorpusInfo
    skipped: tuple[Skip, ...]
    elapsed_s: float


@dataclass(frozen=True)
class Request:
    """All inputs, and what a run was asked for: what :func:`prepare` and ``plan`` begin with."""

    inputs: Inputs
    job: Job


def prepare(
    sources: Sequence[Path],
    out: Path,
    *,
    layout: str | None = None,
    aligned: bool = False,
    preset: str | None = None,
    sound: str = "flac",
    face_crop: FaceCrop | None = None,
    split: str = "hash:80/10/10",
    identity: str | None = None,
    voice: str | None = None,
    face: str | None = None,
    workers: int = 0,
    engine: str = "processes",
    address: str | None = None,
    max_skipped: float = 0.05,
    restart: bool = False,
    progress: Progress | None = None,
    note: Callable[[str], None] | None = None,
) -> PrepareReport:
    """Make a corpus from recordings and pictures.

    The result is the same, byte for byte, whatever the engine, the number of workers and of
    interruptions. Unfinished work lies in ``OUT.partial``, and the same call continues from there.
    The corpus appears whole or not at all.

    Args:
        sources: Tables or folders; see :mod:`voice2face.corpus.sources`. An identity that several
            name is one person.
        out: Folder to make; it may exist if it is empty.
        layout: Layout of all sources, one of ``schema.LAYOUTS``; None: each is looked at.
        aligned: Pictures of tables are aligned faces already.
        preset: Front end, of ``audio.settings.FRONT_ENDS``, that tells which recordings hold enough
            speech; None: ``clean``, or ``released`` for log-mel spectrograms of the authors.
        sound: How recordings are stored: ``flac``, which loses nothing, or ``opus``, a third of
            the bytes.
        face_crop: How faces are cut out of pictures; None: as ``faces.settings.FaceCrop`` says.
        split: ``hash:TRAIN/VALIDATION/TEST`` in per cent of identities, ``initials`` (the
            authors'), or ``column`` for the tables' own column ``split`` (``column:NAME,NAME`` if
            it is called otherwise).
        identity: Name of the tables' column, if it is not ``identity``.
        voice: Name of the column, if it is not ``voice``.
        face: Name of the column, if it is neither ``face`` nor ``picture``.
        workers: Processes that read, so many files at the same time; 0: this process reads, and
            a file that crashes its decoder ends it.
        engine: ``processes`` of this machine, or ``ray``.
        address: Address of a Ray cluster that runs already.
        max_skipped: Share of the inputs that may be left out, 0 to 1.
        restart: Throw unfinished work away.
        progress: Called with the inputs done and all inputs, now and then.
        note: Called with what the user should know of the sources, before the work begins.

    Returns:
        Where the corpus is and what it holds.

    Raises:
        CorpusError: A source that cannot be used, too many inputs left out, or unfinished work
            of another kind.
        OutputError: ``out`` is in use, or could not be written.
        SettingsError: An option that is not understood.
        ModelError: Weights of a network that finds or masks faces are missing.
        MissingExtraError: An extra is not installed.
    """
    started = time.monotonic()
    progress = progress or (lambda done, of: None)
    run = _engine(engine, workers, address)
    if not 0 <= max_skipped <= 1:
        raise SettingsError("max_skipped", str(max_skipped), "0 to 1", "choose another")
    out = _resolved(out)
    check_free(out, restart)
    check_outside(out, [Path(source) for source in sources if Path(source).is_dir()])
    columns = Columns(identity, voice, face)
    request = look_at(sources, columns, layout, aligned, preset, face_crop, split, sound)
    for text in request.inputs.notes:
        (note or (lambda text: None))(text)
    ledger = Ledger(request.inputs, request.job.sources, max_skipped)
    with workplace(out, request.job, restart) as place:
        if place.finished:
            corpus = Corpus.open(out)
            info, skipped = corpus.info, [Skip(**row) for row in corpus.skipped()]
        else:
            info, skipped = _make(place, request, ledger, run, progress)
    return PrepareReport(out, info, tuple(skipped), time.monotonic() - started)


def look_at(
    sources: Sequence[Path],
    columns: Columns,
    layout: str | None,
    aligned: bool,
    preset: str | None,
    face_crop: FaceCrop | None,
    split: str,
    sound: str = "flac",
) -> Request:
    """List what there is to read, and check that it can be read.

    Raises:
        CorpusError: A source that cannot be used.
        SettingsError: An option that is not understood, or options that do not fit the sources.
        ModelError: Weights of a network that finds or masks faces are missing.
        MissingExtraError: An extra is not installed.
    """
    arrow()
    rule, coding = SplitRule.parse(split), one_of("sound", sound, SOUND_CODINGS)
    found = [read_source(Path(source), layout, columns, aligned=aligned) for source in sources]
    _check_columns(columns, found)
    inputs = collect(found, rule)
    readers = {item.reader for item in inputs.usable}
    chosen = _preset(preset, "log_mel" in readers)
    crop = change(face_crop or FaceCrop(), {})  # checks the values
    raw = not readers.isdisjoint({"picture", "video"})
    if raw:
        pretrained.find("yunet")
    if raw or "aligned" in readers:
        for part in crop.remove:
            pretrained.find(NETWORKS[part])
    job = Job(
        program=f"voice2face {__version__}",
        sources=tuple(source.info for source in found),
        preset=chosen,
        recipe=Recipe(front_end=FRONT_ENDS[chosen], face_crop=crop, sound=coding),
        detector=pretrained.REGISTRY["yunet"].sha256 if raw else None,
        split_rule=rule.text,
        files=listing_hash(inputs),
    )
    return Request(inputs, job)


def _resolved(out: Path) -> Path:
    try:
        return Path(out).resolve()
    except (OSError, RuntimeError) as error:  # a link to itself
        raise OutputError(out, str(error), "a folder", "choose another folder") from error


def _engine(name: str, workers: int, address: str | None) -> Engine:
    if workers < 0:
        raise SettingsError("workers", str(workers), "0 or more", "choose another")
    if one_of("engine", name, ENGINES) == "ray":
        return RayCluster(max(1, workers), address)
    if address is not None:
        raise SettingsError("address", address, "the engine 'ray'", "add --engine ray")
    return Processes(workers) if workers else in_this_process


def _preset(name: str | None, stored_log_mels: bool) -> str:
    """Name of the front end; spectrograms of the authors need that of the authors."""
    usual = "released" if stored_log_mels else "clean"
    chosen = one_of("preset", name or usual, tuple(FRONT_ENDS))
    if stored_log_mels and chosen != "released":
        raise SettingsError(
            "preset",
            f"{chosen}, for log-mel spectrograms computed before",
            "released",
            "leave --preset out, or give recordings",
        )
    return chosen


def _check_columns(columns: Columns, sources: Sequence[Source]) -> None:
    """Refuse a column that was named and that no table has."""
    for role, name in asdict(columns).items():
        if name and not any(column_named(name, source.header) for source in sources):
            raise SettingsError(
                f"--{role} {name}", "no table has such a column", "one that has", "correct it"
            )


def _make(
    place: Workplace, request: Request, ledger: Ledger, engine: Engine, progress: Progress
) -> tuple[CorpusInfo, list[Skip]]:
    """Write all shards, the list of what was left out, and ``corpus.json``."""
    inputs, recipe = request.inputs, request.job.recipe
    shards = assemble(
        place.folder, inputs, recipe,
        journal=place.journal, ledger=ledger, engine=engine, progress=progress,
    )  # fmt: skip
    skipped = count_files(inputs.usable, ledger.skipped)
    return _finish(place, request, ledger, skipped, shards), skipped


def _finish(
    place: Workplace,
    request: Request,
    ledger: Ledger,
    skipped: Sequence[Skip],
    shards: list[Shard],
) -> CorpusInfo:
    """Write the list of what was left out, and ``corpus.json``."""
    job, counts = request.job, ledger.counts()
    rows = [{**asdict(skip), "path": stored_text(skip.path)} for skip in skipped]
    write_parquet(place.folder / SKIPPED_NAME, rows, skipped_schema())
    info = CorpusInfo(
        schema_version=SCHEMA_VERSION,
        program=job.program,
        preset=job.preset,
        front_end=job.recipe.front_end,
        sound=job.recipe.sound,
        face_crop=job.recipe.face_crop,
        detector=job.detector,
        split_rule=job.split_rule,
        sources=job.sources,
        attributes=request.inputs.attributes,
        counts=counts,
        inputs=ledger.n_inputs,
        skipped=dict(sorted(Counter(skip.reason for skip in skipped).items())),
        shards=tuple(shards),
        data_hash=hash_of(shards),
    )
    text = msgspec.json.format(msgspec.json.encode(info), indent=2).decode()
    write_text(place.folder / INFO_NAME, text + "\n")
    return info
