"""Recordings of a corpus: compressed in memory, decoded one by one as they are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from voice2face.arrays import Float16s, UInt8s
from voice2face.audio.coding import SOUND_CODINGS, decode_sound
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.speech import Speech
from voice2face.errors import AudioError, CorpusError


@dataclass(frozen=True)
class Recording:
    """One recording as it is stored.

    Attributes:
        data: The column ``sound``.
        coding: What it is, see ``schema.VoiceCoding``.
        seconds: Length of the recording.
        name: What messages call it: the corpus and the clip.
        n_mels: Width of a spectrogram that is stored in its place.
    """

    data: UInt8s
    coding: str
    seconds: float
    name: str
    n_mels: int

    @property
    def has_sound(self) -> bool:
        """Whether there is sound; else the source was a spectrogram."""
        return self.coding in SOUND_CODINGS

    def speech(self) -> Speech:
        """Its sound.

        Raises:
            CorpusError: It has none, or it is damaged.
        """
        if not self.has_sound:
            raise CorpusError(
                self.name,
                "stored as the log-mel spectrogram that its source was, without sound",
                "a recording",
                "prepare the recordings themselves, or take the front end 'released'",
            )
        n_samples = round(self.seconds * RATE_HZ)
        try:
            samples = decode_sound(self.data.tobytes(), n_samples, self.name)
        except AudioError as error:
            raise CorpusError(
                self.name, error.found, "the sound that prepare wrote", "restore it"
            ) from error
        return Speech(samples, RATE_HZ, self.name)

    def log_mel(self) -> Float16s:
        """The spectrogram that its source was, (frames, n_mels), not normalised.

        Raises:
            CorpusError: It is sound, or damaged.
        """
        if self.has_sound or len(self.data) % (2 * self.n_mels) or not len(self.data):
            found = f"{len(self.data)} bytes of {self.coding}"
            wanted = f"a spectrogram of {self.n_mels} bands"
            raise CorpusError(self.name, found, wanted, "restore it, or run prepare again")
        bands: Float16s = self.data.view("<f2").reshape(-1, self.n_mels)
        return bands


class Recordings(Sequence[Speech]):
    """Sounds of a corpus; each is decoded when it is asked for, and not kept.

    Args:
        stored: As they are stored.
    """

    def __init__(self, stored: Sequence[Recording]) -> None:
        self.stored = stored

    def __len__(self) -> int:
        return len(self.stored)

    def __getitem__(self, index: int) -> Speech:  # type: ignore[override]
        """One of them.

        Raises:
            CorpusError: It is damaged, or its source had no sound.
        """
        return self.stored[index].speech()
