"""From tables of recordings and pictures to a corpus that trains."""

import contextlib
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from voice2face import __version__
from voice2face.corpus.inputs import Input, Inputs, Skip, collect
from voice2face.corpus.ledger import Ledger
from voice2face.corpus.schema import (
    INFO_NAME,
    KINDS,
    NAME_COLUMN,
    PAYLOAD,
    SCHEMA_VERSION,
    SKIPPED_NAME,
    CorpusInfo,
    Shard,
    TableInfo,
    arrow,
    hash_of,
    skipped_schema,
)
from voice2face.corpus.shards import ShardWriter, write_parquet
from voice2face.corpus.splits import SplitRule
from voice2face.corpus.tables import Columns, Table, read_table
from voice2face.corpus.work import Recipe, Stored, process_all
from voice2face.errors import OutputError, SettingsError
from voice2face.files import write_text
from voice2face.settings import FRONT_ENDS

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PrepareReport:
    """What :func:`prepare` made.

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
class _Options:
    """What :func:`prepare` was asked for, checked."""

    preset: str
    recipe: Recipe
    rule: SplitRule
    n_workers: int
    max_skipped: float
    progress: Progress


def prepare(
    tables: Sequence[Path],
    out: Path,
    *,
    preset: str = "clean",
    face_px: int = 64,
    split: str = "hash:80/10/10",
    identity: str | None = None,
    voice: str | None = None,
    face: str | None = None,
    workers: int = 1,
    max_skipped: float = 0.05,
    progress: Progress | None = None,
) -> PrepareReport:
    """Make a corpus from tables of recordings and pictures.

    A table has columns ``identity``, ``voice`` and/or ``face`` (paths, relative to the table's
    folder); all other columns are attributes. Pictures are taken to be aligned. The result is the
    same, byte for byte, whatever the number of workers. It is written whole or not at all.

    Args:
        tables: CSV files; an identity that several name is one person.
        out: Folder to make; it may exist if it is empty.
        preset: Audio front end, of ``settings.FRONT_ENDS``.
        face_px: Side of a face in pixels.
        split: ``hash:TRAIN/VALIDATION/TEST`` in per cent of identities, or ``column`` for the
            tables' own column ``split`` (``column:NAME,NAME`` if it is called otherwise).
        identity: Name of the column, if it is not ``identity``.
        voice: Name of the column, if it is not ``voice``.
        face: Name of the column, if it is neither ``face`` nor ``picture``.
        workers: Number of processes.
        max_skipped: Share of the inputs that may be left out, 0 to 1.
        progress: Called with the inputs done and all inputs, now and then.

    Returns:
        Where the corpus is and what it holds.

    Raises:
        CorpusError: A table that cannot be used, or too many inputs left out.
        OutputError: ``out`` is in use, or could not be written.
        SettingsError: An option that is not understood.
        MissingExtraError: The ``train`` extra is not installed.
    """
    started = time.monotonic()
    arrow()
    options = _options(preset, face_px, split, workers, max_skipped, progress)
    out = Path(out).resolve()
    _check_free(out)
    columns = Columns(identity, voice, face)
    found = [read_table(Path(table), columns) for table in tables]
    _check_columns({"identity": identity, "voice": voice, "face": face}, found)
    inputs = collect(found, options.rule)
    with _staged(out) as folder:
        info, skipped = _write(folder, inputs, tuple(table.info for table in found), options)
    return PrepareReport(out, info, tuple(skipped), time.monotonic() - started)


def _options(
    preset: str,
    face_px: int,
    split: str,
    workers: int,
    max_skipped: float,
    progress: Progress | None,
) -> _Options:
    checks = (
        ("preset", preset, preset in FRONT_ENDS, f"one of {', '.join(FRONT_ENDS)}"),
        ("face_px", face_px, 8 <= face_px <= 1024, "8 to 1024"),
        ("workers", workers, workers >= 1, "1 or more"),
        ("max_skipped", max_skipped, 0 <= max_skipped <= 1, "0 to 1"),
    )
    for name, value, fits, wanted in checks:
        if not fits:
            raise SettingsError(name, str(value), wanted, "choose another")
    return _Options(
        preset=preset,
        recipe=Recipe(FRONT_ENDS[preset], face_px),
        rule=SplitRule.parse(split),
        n_workers=workers,
        max_skipped=max_skipped,
        progress=progress or (lambda done, of: None),
    )


def _check_columns(named: dict[str, str | None], tables: Sequence[Table]) -> None:
    """Every column that was named is in one of the tables."""
    for role, name in named.items():
        if name and not any(name in table.header for table in tables):
            raise SettingsError(
                f"--{role} {name}", "no table has such a column", "one that has", "correct it"
            )


def _check_free(out: Path) -> None:
    try:
        if not out.exists() or (out.is_dir() and not any(out.iterdir())):
            return
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(out, reason, "a folder", "choose another folder") from error
    found = "a corpus" if (out / INFO_NAME).exists() else "something else"
    raise OutputError(
        out,
        f"holds {found} already" if out.is_dir() else "is a file",
        "a new or empty folder",
        "choose another folder or remove it",
    )


@contextlib.contextmanager
def _staged(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` that takes its place at the end, or goes without a trace."""
    folder = out.with_name(f".{out.name[:80]}.{secrets.token_hex(4)}")
    try:
        folder.mkdir(parents=True)
        yield folder
        folder.replace(out)
    except OutputError as error:
        raise OutputError(out, error.found, error.wanted, error.remedy) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            out,
            f"could not be written ({reason})",
            "a writable place with room",
            "choose another folder",
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(
    folder: Path, inputs: Inputs, tables: tuple[TableInfo, ...], options: _Options
) -> tuple[CorpusInfo, list[Skip]]:
    """Read all inputs and write all files of the corpus."""
    ledger = Ledger(inputs, tables, options.max_skipped)
    shards = _write_shards(folder, inputs, ledger, options)
    counts = ledger.counts()
    write_parquet(folder / SKIPPED_NAME, [asdict(s) for s in ledger.skipped], skipped_schema())
    info = CorpusInfo(
        schema_version=SCHEMA_VERSION,
        program=f"voice2face {__version__}",
        preset=options.preset,
        front_end=options.recipe.front_end,
        face_px=options.recipe.face_px,
        split_rule=options.rule.text,
        tables=tables,
        attributes=inputs.attributes,
        counts=counts,
        inputs=ledger.n_inputs,
        skipped=dict(sorted(Counter(s.reason for s in ledger.skipped).items())),
        shards=tuple(shards),
        data_hash=hash_of(shards),
    )
    text = msgspec.json.format(msgspec.json.encode(info), indent=2).decode()
    write_text(folder / INFO_NAME, text + "\n")
    return info, ledger.skipped


def _write_shards(folder: Path, inputs: Inputs, ledger: Ledger, options: _Options) -> list[Shard]:
    n_mels = options.recipe.front_end.log_mel.n_mels
    writers = {k: ShardWriter(folder, k, inputs.attributes[k], n_mels) for k in KINDS}
    results = process_all(inputs.usable, options.recipe, options.n_workers)
    options.progress(0, len(inputs.usable))
    with contextlib.closing(results):
        for done, (item, outcome) in enumerate(results, start=1):
            if isinstance(outcome, Stored):
                ledger.keep(item, outcome)
                writers[item.kind].add(item.split, _row(item, outcome))
            else:
                ledger.leave_out(item, outcome)
            if item.kind == "face":
                writers["voice"].close()  # voices come first: theirs is memory to free
            options.progress(done, len(inputs.usable))
    for writer in writers.values():
        writer.close()
    return [shard for kind in KINDS for shard in writers[kind].shards]


def _row(item: Input, stored: Stored) -> dict[str, str | bytes | int | float]:
    voice = {"n_frames": stored.size, "seconds": stored.seconds, "speech_s": stored.speech_s}
    return {
        **item.attributes,
        **(voice if item.kind == "voice" else {"px": stored.size}),
        PAYLOAD[item.kind]: stored.payload,
        NAME_COLUMN[item.kind]: item.name,
        "identity": item.identity,
        "split": item.split,
        "table": item.table,
        "source": item.source,
        "sha256": stored.sha256,
    }
