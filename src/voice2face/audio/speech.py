"""One recording, whole, as every voice encoder takes it."""

from dataclasses import dataclass

from voice2face.arrays import Int16s
from voice2face.audio.load import Source, clip_name, load_clip
from voice2face.audio.resample import RATE_HZ


@dataclass(frozen=True, eq=False, slots=True)
class Speech:
    """A recording, mono; an hour takes 115 MB.

    Attributes:
        samples: int16, shape (samples,).
        sample_rate: Samples a second.
        name: What messages call it.
    """

    samples: Int16s
    sample_rate: int = RATE_HZ
    name: str = "recording"

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate


def read_speech(source: Source, rate: int | None = None, *, max_s: float | None = None) -> Speech:
    """Read one recording whole.

    Args:
        source: A path, a binary file object or samples, as :func:`load_clip` takes them.
        rate: Sample rate of an array in Hz; files know their own.
        max_s: A longer recording is refused.

    Returns:
        The recording at 16 kHz. Floats above full scale are scaled down as a whole, so that
        nothing is clipped.

    Raises:
        AudioError: It cannot be read, or is too long.
    """
    return Speech(load_clip(source, rate, max_s=max_s), RATE_HZ, clip_name(source))
