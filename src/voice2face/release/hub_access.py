"""The Hugging Face hub: which names are its models', how it is asked, and what its answers mean."""

import contextlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voice2face import __version__
from voice2face.errors import MissingExtraError, ModelError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

LOG_IN = "log in with 'hf auth login' or set HF_TOKEN"
EXPLICIT = "hf://"
OFFLINE_VARIABLE = "VOICE2FACE_OFFLINE"
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
_NAME = re.compile(rf"({_PART}/{_PART})(?:@(.+))?", re.DOTALL)
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./+-]{0,199}")


@dataclass(frozen=True)
class HubName:
    """A model on the hub: ``org/name``, and which revision of it; None: the newest."""

    repo: str
    revision: str | None = None

    def __str__(self) -> str:
        return self.repo if self.revision is None else f"{self.repo}@{self.revision}"

    def at(self, revision: str | None) -> "HubName":
        """The name with a revision; None: unchanged.

        Raises:
            ModelError: It names another one already, or that is no revision.
        """
        if revision is None:
            return self
        if self.revision not in (None, revision):
            raise ModelError(
                self, f"revision {revision} beside it", "one revision", "leave one of them out"
            )
        _check_revision(self.repo, revision)
        return replace(self, revision=revision)


def hub_name(text: str) -> HubName | None:
    """The model on the hub that a text names; None where it names a folder.

    What is a folder here, or lies in one, is that: ``runs/baselnie`` is a slip of the finger, and
    not the model of somebody called runs.

    Raises:
        ModelError: ``hf://`` before something that is no name.
    """
    explicit = text.startswith(EXPLICIT)
    match = _NAME.fullmatch(text.removeprefix(EXPLICIT))
    if match is None or ".." in match[1] or "--" in match[1]:
        if explicit:
            raise ModelError(
                text, "not the name of a model", "hf://org/name@revision", "correct it"
            )
        return None
    if not explicit and any(map(os.path.lexists, (text, match[1].split("/")[0]))):
        return None
    if match[2] is not None:
        _check_revision(match[1], match[2])
    return HubName(match[1], match[2])


def _check_revision(repo: str, revision: str) -> None:
    if not _REVISION.fullmatch(revision) or ".." in revision or "//" in revision:
        raise ModelError(
            repo, f"revision '{revision}'", "a branch, a tag or a commit", "correct its name"
        )


class UnreachableError(Exception):
    """The hub gave no answer, or one that says nothing about the model."""

    def told(self, name: HubName) -> ModelError:
        """The same as an error for the user."""
        return ModelError(
            name, f"not in the cache, and could not be fetched from {endpoint()} ({self})",
            "the model", "check the network, or give the folder of a model",
        )  # fmt: skip


def check_installed(what: str) -> None:
    """See that ``huggingface_hub`` is there.

    Raises:
        MissingExtraError: It is not.
    """
    if importlib.util.find_spec("huggingface_hub") is None:
        raise MissingExtraError(what, "hub")


def endpoint() -> str:
    """Address of the hub: as ``HF_ENDPOINT`` says."""
    from huggingface_hub import constants

    return str(constants.ENDPOINT)


def api() -> "HfApi":
    """The hub's interface, as this program speaks to it."""
    from huggingface_hub import HfApi

    return HfApi(endpoint(), library_name="voice2face", library_version=__version__)


@contextlib.contextmanager
def asking(name: HubName) -> Iterator[None]:
    """While the hub is asked: its library's errors become ours, in one line.

    Raises:
        ModelError: There is no such model or revision, or it is not for everybody.
        UnreachableError: Anything else.
    """
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        page = f"{endpoint()}/{name.repo}"
        raise ModelError(
            name, "given out on request", "access to it", f"ask for it at {page}, then {LOG_IN}"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise ModelError(
            name, f"no revision '{name.revision or 'main'}'", "a branch, a tag or a commit of it",
            f"see {endpoint()}/{name.repo}/commits/main",
        ) from error  # fmt: skip
    except errors.RepositoryNotFoundError as error:
        found = f"no such folder here, and on {endpoint()} no such model, or a private one"
        raise ModelError(
            name, found, "a folder, or org/name[@revision]", f"check the name; if private, {LOG_IN}"
        ) from error
    except Exception as error:  # those of the network share no base class
        lines = str(error).strip().splitlines()
        raise UnreachableError((lines[0] if lines else type(error).__name__)[:160]) from error


@contextlib.contextmanager
def bars_for_people() -> Iterator[None]:
    """Progress bars of the hub's library only where somebody looks at them."""
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    quiet = not sys.stderr.isatty() and not are_progress_bars_disabled()
    if quiet:
        disable_progress_bars()
    try:
        yield
    finally:
        if quiet:
            enable_progress_bars()


def offline_variable() -> str:
    """The variable that forbids to ask the hub; empty: none does."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE"
    return OFFLINE_VARIABLE if os.environ.get(OFFLINE_VARIABLE, "") not in ("", "0") else ""
