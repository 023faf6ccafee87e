"""Why a request gets no face: each is a status, a word for the metrics and a sentence."""

from collections.abc import Mapping
from typing import Any

from voice2face.errors import AudioError, ModelError

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
        """Of the answer, beside those that every answer has."""
        if self.outcome == "bad_request":  # what follows on the connection is not to be trusted
            return {"Connection": "close"}
        return {"Retry-After": str(RETRY_S)} if self.status == 503 else {}


class LeftError(Exception):
    """The client has gone: nobody is there to be answered."""


def bad_query(name: str, found: str, wanted: str) -> RefusedError:
    """An entry of the query that can't be."""
    sentence = f"The entry {name} of the address can't be {found[:40]!r}."
    return RefusedError(400, "bad_request", sentence, wanted, "correct the address")


def two_lengths() -> RefusedError:
    """A body whose end proxies and servers see in different places."""
    return RefusedError(
        400,
        "bad_request",
        "The request has a Content-Length and is chunked as well.",
        "one of them",
        "send it with one",
    )


def unknown_model(name: str, known: list[str]) -> RefusedError:
    """A model that is not served here."""
    sentence = f"There is no model called {name[:80]!r} here."
    return RefusedError(404, "unknown_model", sentence, ", ".join(known), "choose one of these")


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


def too_slow() -> RefusedError:
    """A sender that does not send."""
    return RefusedError(
        408,
        "too_slow",
        "The recording came in too slowly, and was given up.",
        "a faster connection, or a smaller file",
        "try again, or record less",
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


def bad_recording(error: AudioError) -> RefusedError:
    """A recording of which no face can be made."""
    return RefusedError(
        422,
        "bad_recording",
        f"No face can be made of this recording: {error.found}.",
        error.wanted,
        error.remedy,
        error.numbers,
    )


def bad_model(error: ModelError) -> RefusedError:
    """A model that fails; which of its files is for the server's keeper to know."""
    return RefusedError(
        500, "failed", "The model could not make a face.", "", "choose another model"
    )
