"""Recordings and models that the benchmarks make for themselves, each at its first use."""

import wave
from functools import cached_property
from pathlib import Path

import numpy as np

from voice2face.release.model_folder import BUNDLED, CONFIG
from voice2face.synthetic import CohortSettings, sample_person, synthesise

RATE_HZ = 16_000
CLIP_S = 5
N_CLIPS = 200
N_PEOPLE = 20
HOUR_S = 3600


class Inputs:
    """Inputs below one folder.

    Args:
        folder: Empty; whoever made it removes it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def clip(self) -> Path:
        """One recording of 5 s."""
        return write_wav(self.folder / "clip.wav", self._voices[0])

    @cached_property
    def clips(self) -> Path:
        """A folder of 200 recordings of 5 s, of 20 voices."""
        folder = self.folder / "clips"
        folder.mkdir()
        for number in range(N_CLIPS):
            write_wav(folder / f"clip-{number:03}.wav", self._voices[number % N_PEOPLE])
        return folder

    @cached_property
    def hour(self) -> Path:
        """One recording of an hour, speech from end to end."""
        repeats = HOUR_S // (CLIP_S * N_PEOPLE)
        return write_wav(self.folder / "hour.wav", np.tile(np.concatenate(self._voices), repeats))

    @cached_property
    def full_width(self) -> Path:
        """A model of the full width with random weights, which are as fast as trained ones."""
        return _write_full_width(self.folder / "full-width")

    @property
    def models(self) -> dict[str, Path]:
        """The full-width model, and the bundled one where there is one."""
        bundled = {"bundled": BUNDLED} if (BUNDLED / CONFIG).is_file() else {}
        return {"full-width": self.full_width, **bundled}

    @cached_property
    def _voices(self) -> list[np.ndarray]:
        settings = CohortSettings(n_identities=N_PEOPLE)
        return [
            synthesise(sample_person(settings, n).heard, np.random.default_rng(n), CLIP_S)
            for n in range(N_PEOPLE)
        ]


def write_wav(path: Path, samples: np.ndarray) -> Path:
    """Write samples at 16 kHz, on the int16 scale, shape (samples,)."""
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(RATE_HZ)
        stream.writeframes(samples.astype("<i2").tobytes())
    return path


def _write_full_width(folder: Path) -> Path:
    import torch

    from voice2face.audio.settings import FRONT_ENDS
    from voice2face.networks.modules import Generator, VoiceEncoder
    from voice2face.release.network_parts import convolutional_part, deconvolutional_part
    from voice2face.release.writing import write_release
    from voice2face.settings import GeneratorSettings, VoiceEncoderSettings

    torch.manual_seed(0)
    encoder, generator = VoiceEncoder(VoiceEncoderSettings()), Generator(GeneratorSettings())
    heard = convolutional_part(encoder, "clean", FRONT_ENDS["clean"])
    return write_release(folder, "random weights", (heard, deconvolutional_part(generator)))
