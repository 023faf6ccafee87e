"""Voices to try the page with: readers of LibriSpeech on whom no shipped model was trained."""

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


# The reader's number in LibriSpeech, which is in the address, and what a page calls it.
EXAMPLES = {
    "1998": "Woman 1",
    "3331": "Woman 2",
    "533": "Woman 3",
    "2033": "Man 1",
    "2414": "Man 2",
    "2609": "Man 3",
}


@lru_cache(maxsize=len(EXAMPLES))
def example_recording(name: str) -> bytes:
    """The file of one of ``EXAMPLES``: WebM with Opus, 26 to 36 kB."""
    return (FOLDER / f"{name}.webm").read_bytes()
