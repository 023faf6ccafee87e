"""A model folder onto the Hugging Face hub, after a look at everything in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voice2face.errors import ModelError
from voice2face.parts import checked_file
from voice2face.release import hub_access
from voice2face.release.card import check_card
from voice2face.release.hub import largest
from voice2face.release.hub_access import HubName, UnreachableError
from voice2face.release.model_folder import CARD, CONFIG, read_config


@dataclass(frozen=True)
class Pushed:
    """Result of a push.

    Attributes:
        url: Page of the model.
        commit: Commit with the files.
        files: Files that were sent.
        left_out: Files of the folder that are no part of the model.
    """

    url: str
    commit: str
    files: Sequence[str]
    left_out: Sequence[str]


def push(folder: Path, name: str, *, private: bool = False, message: str = "") -> Pushed:
    """Put a model onto the hub under a name; older files there are replaced.

    Only the parts that the model's ``config.yaml`` names, that file itself and the card are sent.

    Args:
        folder: A model folder.
        name: ``org/name``; made if it isn't there.
        private: Where it is made: for those alone who are let in.
        message: Message of the commit.

    Raises:
        ModelError: A part is missing, damaged or too large, the card is lacking, or the hub
            refused.
        MissingExtraError: The extra ``hub`` is not installed.
    """
    target = _target(name)
    files = _checked(folder)
    hub_access.check_installed("push")
    from huggingface_hub import CommitOperationAdd

    added = [CommitOperationAdd(part, str(folder / part)) for part in files]
    try:
        with hub_access.asking(target), hub_access.bars_for_people():
            hub_access.api().create_repo(target.repo, private=private or None, exist_ok=True)
            done = hub_access.api().create_commit(
                target.repo, added, commit_message=message or f"voice2face model {folder.name}"
            )
    except (UnreachableError, ModelError) as error:
        found = f"not sent ({error.found if isinstance(error, ModelError) else error})"
        wanted = f"the right to write it at {hub_access.endpoint()}"
        remedy = f"check the name, and {hub_access.LOG_IN}"
        raise ModelError(target, found, wanted, remedy) from error
    left_out = sorted({entry.name for entry in folder.iterdir()} - {*files})
    return Pushed(f"{hub_access.endpoint()}/{target.repo}", done.oid, files, left_out)


def _target(name: str) -> HubName:
    target = hub_access.hub_name(hub_access.EXPLICIT + name.removeprefix(hub_access.EXPLICIT))
    if target is None or target.revision is not None:
        raise ModelError(name, "not the name of a model", "org/name", "correct it")
    return target


def _checked(folder: Path) -> list[str]:
    """Names of the files to send, each looked at.

    Raises:
        ModelError: One is missing, damaged or too large, or the card is lacking.
    """
    config = read_config(folder)
    parts = [CONFIG, CARD, *config.sha256]
    for part in parts:
        path = folder / part
        if not path.is_file():
            raise ModelError(path, "missing", "every part of the model", "fetch or make it again")
        if path.stat().st_size > largest(part):
            found = f"{path.stat().st_size} bytes"
            raise ModelError(path, found, f"at most {largest(part)}", "make it smaller")
    for part, sha256 in config.sha256.items():
        checked_file(folder / part, sha256)
    try:
        text = (folder / CARD).read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(folder / CARD, "not UTF-8", "Markdown", "write it again") from error
    check_card(text, folder / CARD)
    return parts
