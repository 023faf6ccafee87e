"""Voices to try the page with: readers of LibriSpeech, of whom nobody's model here has learned."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "assets" / "voices"
TYPE = "audio/webm"
CREDIT = {
    "text": "Volunteers who read for LibriVox; from LibriSpeech (Panayotov et al. 2015)",
    "url": "https://www.openslr.org/12",
    "licence": "CC BY 4.0",
    "licence_url": "https://creativecommons.org/licenses/by/4.0/",
}


@dataclass(frozen=True)
class Example:
    """A recording in the package.

    Attributes:
        name: In the address: the reader's number in LibriSpeech.
        title: For a reader of the page.
    """

    name: str
    title: str

    @property
    def url(self) -> str:
        """Its address, from the page."""
        return f"api/examples/{self.name}.webm"


EXAMPLES = {
    example.name: example
    for example in (
        Example("1998", "Woman 1"),
        Example("3331", "Woman 2"),
        Example("533", "Woman 3"),
        Example("2033", "Man 1"),
        Example("2414", "Man 2"),
        Example("2609", "Man 3"),
    )
}


@lru_cache(maxsize=len(EXAMPLES))
def example_recording(name: str) -> bytes:
    """The file of one of ``EXAMPLES``: WebM with Opus, 26 to 36 kB."""
    return (FOLDER / f"{EXAMPLES[name].name}.webm").read_bytes()
