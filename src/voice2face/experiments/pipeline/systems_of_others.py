"""Systems of others: the folder of a model, its name on a hub, or a table of pictures."""

from collections.abc import Iterable
from pathlib import Path

from voice2face.corpus import Corpus
from voice2face.errors import CorpusError, SettingsError
from voice2face.experiments.systems import ModelSystem, TableSystem
from voice2face.files import sha256_of
from voice2face.release.hub import resolve
from voice2face.release.model_folder import hash_of
from voice2face.release.people import people_warning

TABLES = (".csv", ".tsv", ".parquet")

Named = Iterable[tuple[str, str]]


def table_of(place: str) -> tuple[Path, str] | None:
    """Table and column of ``TABLE:COLUMN``; None for a model."""
    table, _, column = place.rpartition(":")
    return (Path(table), column) if Path(table).suffix.lower() in TABLES and column else None


def checksums_of(systems: Named) -> dict[str, str]:
    """Checksums by name; models of the same name are trainings from several seeds.

    Raises:
        CorpusError: A table is missing.
        ModelError: A model is missing, or can't be had.
        SettingsError: A table has the name of something else.
    """
    found: dict[str, list[str]] = {}
    tables: set[str] = set()
    for name, place in systems:
        table = table_of(place)
        if not name or name in tables or (table is not None and name in found):
            wanted = "a name of its own for a table"
            raise SettingsError("--system", f"'{name}' twice", wanted, "rename one")
        if table is not None and not table[0].is_file():
            raise CorpusError(table[0], "no such file", "a table of pictures", "check --system")
        tables |= {name} if table else set()
        checksum = sha256_of(table[0]) if table else hash_of(resolve(place))
        found.setdefault(name, []).append(checksum)
    return {name: " ".join(checksums) for name, checksums in found.items()}


def open_systems(
    systems: Named, corpus: Corpus
) -> tuple[dict[str, list[ModelSystem]], dict[str, TableSystem]]:
    """Models, and tables of pictures, by name.

    Raises:
        CorpusError: A table is none, or the corpus' recordings can't be heard by a model.
        ModelError: A model can't be used.
    """
    models: dict[str, list[ModelSystem]] = {}
    tables: dict[str, TableSystem] = {}
    info = corpus.info
    for name, place in systems:
        table = table_of(place)
        if table is not None:
            geometry = info.face_crop.geometry
            tables[name] = TableSystem.of(name, *table, geometry, info.face_px)
            continue
        known = models.setdefault(name, [])
        system = ModelSystem.of(f"{name} {len(known)}" if known else name, resolve(place))
        system.check_hears(corpus)
        known.append(system)
    return models, tables


def people_warnings(models: Iterable[ModelSystem], people: Iterable[str]) -> list[str]:
    """A sentence for each model that was trained on people who are asked about."""
    asked = set(people)
    told = (people_warning(one.name, one.model.config.provenance, asked) for one in models)
    return [sentence for sentence in told if sentence]
