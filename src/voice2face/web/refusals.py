"""Refusals of requests: each has a status, a word for the metrics and a sentence."""

from collections.abc import Mapping
from typing import Any

RETRY_S = 5


class RefusedError(Exception):
    """A request that is answered with an error.

    Args:
        status: HTTP status code.
        outcome: A word for the metrics.
        sentence: What is wrong, for a reader.
        wanted: What should have been there; may be empty.
        remedy: What the sender can do now.
        numbers: What was measured, by name with unit.
    """

    def __init__(
        self,
        status: int,
        outcome: str,
        sentence: str,
        wanted: str = "",
        remedy: str = "",
        numbers: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.numbers = dict(numbers or {})
        self.status, self.outcome, self.sentence = status, outcome, sentence
        self.wanted, self.remedy = wanted, remedy

    @property
    def data(self) -> dict[str, Any]:
        """Body of the answer."""
        said = {"error": self.sentence, "wanted": self.wanted, "next": self.remedy}
        return said | ({"numbers": self.numbers} if self.numbers else {})

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer, beside those that every answer has."""
        if self.outcome == "bad_request":  # what follows on the connection is not to be trusted
            return {"Connection": "close"}
        return {"Retry-After": str(RETRY_S)} if self.status == 503 else {}


class LeftError(Exception):
    """The client has gone: nobody is there to be answered."""


def bad_query(name: str, found: str, wanted: str) -> RefusedError:
    """An entry of the query that can't be."""
    sentence = f"The entry {name} of the address can't be {found[:40]!r}."
    return RefusedError(400, "bad_request", sentence, wanted, "correct the address")


def wrong_type(found: str) -> RefusedError:
    """A body that says itself that it is no recording."""
    return RefusedError(
        415,
        "wrong_type",
        f"What was sent calls itself {found[:80]!r}, which is not a recording.",
        "the bytes of an audio or video file, and nothing around them",
        "send the file itself as the body, as audio/* or application/octet-stream",
    )


def too_large(limit_bytes: int) -> RefusedError:
    """A recording of too many bytes."""
    return RefusedError(
        413,
        "too_large",
        f"This recording is larger than {limit_bytes / 1e6:g} MB.",
        f"{limit_bytes / 1e6:g} MB at most",
        "cut it, or save it as MP3, Opus or FLAC",
    )


def busy(found: str = "Many faces are being made just now") -> RefusedError:
    """No room for one more."""
    return RefusedError(
        503, "busy", f"{found}; there is no room for one more.", "", f"try again in {RETRY_S} s"
    )


def closing() -> RefusedError:
    """The server is being ended."""
    return RefusedError(
        503, "closing", "The server is being switched off or restarted.", "", "try again soon"
    )
