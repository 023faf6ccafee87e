"""Models by name: in the package, or from the Hugging Face hub by the cache of all its programs."""

import contextlib
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from voice2face import __version__
from voice2face.errors import ModelError, OutputError
from voice2face.files import write_text
from voice2face.onnx_files.check import RefusedError, check_onnx
from voice2face.parts import checked_file
from voice2face.release import hub_access
from voice2face.release.hub_access import HubName, UnreachableError
from voice2face.release.model_folder import (
    BUNDLED,
    CARD,
    CONFIG,
    MAX_CONFIG_BYTES,
    SHIPPED_MODELS,
    read_config,
)

# How many bytes a file may have at most. The authors' networks have 59 MB; eight times the channels
# have 64 times that.
LARGEST = {".json": 1 << 26, ".onnx": 1 << 31, ".npz": 1 << 31, ".safetensors": 1 << 32}
LARGEST_CARD = 1 << 20


def resolve(model: str | Path | None, revision: str | None = None) -> Path:
    """The folder of a model, wherever a user may name one.

    Args:
        model: A folder; ``"face-space"`` or ``"gan"``, a model in the package, where that is no
            folder here; ``"org/name"`` or ``"org/name@revision"`` on the hub, where neither that
            nor ``org`` is a folder here (``"hf://org/name"`` is never taken for one); None: the
            default model of the package.
        revision: Branch, tag or commit on the hub.

    Returns:
        Its folder, which is not looked into here unless it comes from the hub.

    Raises:
        ModelError: The model can't be had from the hub, or a revision of a folder is asked for.
        MissingExtraError: A name of the hub without the extra ``hub``.
    """
    name = None if model is None else hub_access.hub_name(str(model))
    if name is not None:
        return fetch(name.at(revision))
    if revision is not None:
        raise ModelError(
            model or "the bundled model", "a revision of a folder", "one of a model on the hub",
            "name the model as org/name, or leave the revision out",
        )  # fmt: skip
    if model is None:
        return BUNDLED
    folder = Path(model)
    is_there = os.path.exists(folder)  # noqa: PTH110  (Path's raises on a name that is too long)
    return folder if is_there else SHIPPED_MODELS.get(str(model), folder)


def fetch(name: HubName) -> Path:
    """The folder of a model of the hub, downloaded if it is not in the cache.

    The newest of a branch is asked for each time; where the hub can't be reached, or may not be
    (``HF_HUB_OFFLINE=1``, ``VOICE2FACE_OFFLINE=1``), what is in the cache is taken. Only files that
    a released model consists of are downloaded, after a look at their sizes; what came must have
    the checksums that its ``config.yaml`` says.

    Raises:
        ModelError: It can't be had, or is not what it should be.
        MissingExtraError: The extra ``hub`` is not installed.
    """
    hub_access.check_installed(f"{name} (no such folder here; a model of the hub)")
    cached = _cached(name)
    if hub_access.offline_variable():
        if cached is None:
            remedy = f"fetch it once without {hub_access.offline_variable()}, or give a folder"
            raise ModelError(
                name, "not in the cache, and the hub is not asked", "the model", remedy
            )
        return _sound(name, cached)
    if cached is not None and name.revision == cached.name and not _problem(cached):
        return cached  # a commit never changes
    try:
        return _download(name)
    except UnreachableError as error:
        if cached is None:
            raise error.told(name) from error
        return _sound(name, cached)


def _sound(name: HubName, folder: Path, files: Collection[str] | None = None) -> Path:
    """The folder, after a look at what is in it."""
    if problem := _problem(folder, files):
        wanted, remedy = "a model as it was released", "tell those who published it"
        raise ModelError(name, problem, wanted, f"take another, or {remedy}")
    return folder


def _download(name: HubName) -> Path:
    """The model as it is on the hub now; what of it is in the cache is not fetched again."""
    with hub_access.asking(name):
        found = hub_access.api().model_info(name.repo, revision=name.revision, files_metadata=True)
    folder = _cached(HubName(name.repo, found.sha))
    if folder is None or _problem(folder):
        sizes = {file.rfilename: file.size for file in found.siblings or ()}
        folder = _fetched(name, found.sha, _wanted(name, found.sha, sizes))
    _note_revision(folder, name.revision or "main")
    return folder


def _fetched(name: HubName, commit: str | None, files: Sequence[str]) -> Path:
    """The folder in the cache of these files as they are at a commit.

    What was damaged on its way, or in the cache, is fetched once more.
    """
    from huggingface_hub import snapshot_download

    for again in (False, True):
        with hub_access.asking(name), hub_access.bars_for_people():
            found = snapshot_download(
                name.repo, revision=commit, allow_patterns=list(files), force_download=again,
                endpoint=hub_access.endpoint(),
                library_name="voice2face", library_version=__version__,
            )  # fmt: skip
        if not _problem(Path(found), files):
            break
    return _sound(name, Path(found), files)


def _wanted(name: HubName, commit: str | None, sizes: Mapping[str, int | None]) -> list[str]:
    """Names of the files to download: those that the configuration names, none too large.

    Raises:
        ModelError: One is missing or too large, or the configuration is not a model's.
    """
    if CONFIG not in sizes:
        raise _missing(name, CONFIG)
    _check_size(name, CONFIG, sizes[CONFIG])
    config = read_config(_fetched(name, commit, [CONFIG]))
    for part in config.sha256:
        if part not in sizes:
            raise _missing(name, part)
    files = [CONFIG, *(card for card in (CARD,) if card in sizes), *config.sha256]
    for file in files:
        _check_size(name, file, sizes[file])
    return files


def _missing(name: HubName, what: str) -> ModelError:
    return ModelError(name, f"no {what}", "a model that voice2face released", "take another")


def largest(file: str) -> int:
    """Bytes that a file of a model may have at most."""
    named = {CONFIG: MAX_CONFIG_BYTES, CARD: LARGEST_CARD}
    return named.get(file) or LARGEST[Path(file).suffix]


def _check_size(name: HubName, file: str, size: int | None) -> None:
    if size is None or size > largest(file):
        found = f"{file} of {size} bytes"
        raise ModelError(name, found, f"at most {largest(file)}", "take another")


def _problem(folder: Path, files: Collection[str] | None = None) -> str:
    """What is wrong with a model that came from elsewhere: configuration, checksums, networks.

    Args:
        folder: Its folder.
        files: Files that are checked beside the configuration; None: all.
    """
    try:
        config = read_config(folder)
        for part, sha256 in config.sha256.items():
            if files is None or part in files:
                path = checked_file(folder / part, sha256)
                if path.suffix == ".onnx":
                    check_onnx(path.read_bytes())
    except RefusedError as error:
        return f"{part}: {error}"
    except ModelError as error:
        return f"{Path(error.thing).name}: {error.found}"
    return ""


def _cached(name: HubName) -> Path | None:
    """The folder in the cache, if every part is there."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name.repo, CONFIG, revision=name.revision)
    if not isinstance(found, str):
        return None
    folder = Path(found).parent
    try:
        config = read_config(folder)
    except ModelError:
        return None
    return folder if all((folder / part).is_file() for part in config.sha256) else None


def _note_revision(folder: Path, revision: str) -> None:
    """Note in the cache, as its layout has it, which commit a branch or a tag is.

    Without the note, a model can be found without network by its commit alone.
    """
    if revision == folder.name:
        return
    with contextlib.suppress(OutputError):  # a cache that others fill
        write_text(folder.parent.parent / "refs" / revision, folder.name)
