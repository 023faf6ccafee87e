"""Two channels of which one is the other upside down: mixed to one, they are silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from voice2face.audio.resample import channels_of
from voice2face.errors import AudioError

if TYPE_CHECKING:
    from av import AudioFrame

LOOK_S = 60.0  # sound that is looked at: whether channels cancel shows soon
LEAST = 1e-4  # energy of the mix in that of a channel: 40 dB below it is as good as nothing
LOUD = 1e-6  # mean energy of a channel, at full scale 1: what is less is silence by itself


def not_cancelling(frames: Iterable[AudioFrame], name: str) -> Iterator[AudioFrame]:
    """The same frames; the first minute of those with two channels is looked at.

    Args:
        frames: Sound of any kind.
        name: What messages call it.

    Raises:
        AudioError: The channels cancel each other out: mixed to one they would be silence.
    """
    seconds = channel = mix = 0.0
    n_samples = 0
    for frame in frames:
        if frame.layout.nb_channels == 2 and seconds < LOOK_S:
            left, right = channels_of(frame)
            middle = (left + right) / 2
            channel += max(float(left @ left), float(right @ right))
            mix += float(middle @ middle)
            n_samples += frame.samples
            seconds += frame.samples / frame.sample_rate
            if seconds >= LOOK_S:
                _check(channel, mix, n_samples, name)
        yield frame
    _check(channel, mix, n_samples, name)


def _check(channel: float, mix: float, n_samples: int, name: str) -> None:
    if channel > LOUD * n_samples and mix < LEAST * channel:
        raise AudioError(
            name,
            "two channels that cancel each other out (one is the other upside down)",
            "channels that agree, or one",
            "save one of the two channels as mono, or swap the wires of one microphone",
        )
