"""Two channels of which one is the other upside down: mixed to one, they are silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice2face.audio.resample import channels_of
from voice2face.errors import AudioError

if TYPE_CHECKING:
    from av import AudioFrame

LOOK_S = 60.0  # of sound: whether channels cancel shows soon
LEAST = 1e-4  # energy of the mix in that of a channel: 40 dB below it is as good as nothing
LOUD = 1e-6  # mean energy of a channel, at full scale 1: what is less is silence by itself


class Cancelling:
    """Finds channels that cancel each other out, in the first minute of a recording.

    Args:
        name: What messages call it.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._seconds = 0.0
        self._n_samples = 0
        self._channel = self._mix = 0.0

    def add(self, frame: AudioFrame) -> None:
        """Look at a frame, if it has two channels.

        Raises:
            AudioError: They cancelled for a minute.
        """
        if frame.layout.nb_channels != 2 or self._seconds >= LOOK_S:
            return
        left, right = channels_of(frame)
        self._channel += max(float(left @ left), float(right @ right))
        mix = (left + right) / 2
        self._mix += float(mix @ mix)
        self._n_samples += frame.samples
        self._seconds += frame.samples / frame.sample_rate
        if self._seconds >= LOOK_S:
            self.check()

    def check(self) -> None:
        """Refuse a recording whose channels cancel each other out.

        Raises:
            AudioError: The channels cancel.
        """
        if self._channel > LOUD * self._n_samples and self._mix < LEAST * self._channel:
            raise AudioError(
                self._name,
                "two channels that cancel each other out (one is the other upside down)",
                "channels that agree, or one",
                "save one of the two channels as mono, or swap the wires of one microphone",
            )
