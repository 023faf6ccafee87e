"""Changed versions of the recordings that a speaker training learns from, and crops of them."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from voice2face.corpus import Corpus
from voice2face.settings import SpeakerTraining
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.in_memory import as_features
from voice2face.training.speaker.voice_changes import (
    ChangedFrames,
    VoiceChanges,
    codecs_here,
    responses_in,
    sounds_in,
)
from voice2face.voice_encoders.protocol import FrameMaker

N_VOICES = 32  # recordings of different people that babble is made of
MOST_S = 20.0  # of each recording


class ChangedVoices:
    """Some versions of each recording; their frames lie in files.

    Args:
        versions: Frames of the corpus, a version each.
        clips: Names of the recordings, in the order in which they are chosen.
        digest: Names all that decides what has changed.
    """

    def __init__(self, versions: Sequence[CorpusFrames], clips: Sequence[str], digest: str) -> None:
        self._versions, self.digest = versions, digest
        self._places = [version.places(clips) for version in versions]

    @classmethod
    def of(
        cls, frames: CorpusFrames, clips: Sequence[str], settings: SpeakerTraining, seed: int
    ) -> "ChangedVoices":
        """Compute the versions that the settings ask for, where they are not there yet.

        Args:
            frames: Frames of the unchanged recordings.
            clips: Names of the recordings, in the order in which they are chosen.
            settings: The changes, and the number of versions.
            seed: Seed of the changes.

        Raises:
            CorpusError: A shard is damaged, or a recording has no sound.
            OutputError: The frames could not be written.
            SettingsError: A folder of noise or rooms cannot be used.
        """
        changes = VoiceChanges(
            settings.augment,
            _voices(frames.corpus),
            sounds_in(settings.noises, "training.noises"),
            responses_in(settings.rooms),
            codecs_here(),
            seed,
        )
        encoder: FrameMaker = frames.encoder
        made = [ChangedFrames(encoder, changes, n) for n in range(settings.augment_versions)]
        return cls(
            [CorpusFrames(frames.corpus, one, frames.root) for one in made], clips, changes.digest
        )

    def __len__(self) -> int:
        return len(self._versions)

    def put(self, crops: Tensor, chosen: Tensor, version: Tensor, where: Tensor) -> Tensor:
        """Replace crops by those of changed versions.

        Args:
            crops: Crops of the recordings as they are, (batch, frame_dim, frames).
            chosen: Number of each recording, (batch,).
            version: Number of the version of each; below 0: as it is.
            where: Share of what each recording allows at which the crop begins.

        Returns:
            Of the same shape, on the same device. A recording that holds too little speech in
            its version stays as it is.
        """
        n_frames, rows, found = crops.shape[2], [], []
        for row in torch.nonzero(version >= 0)[:, 0].tolist():
            number = int(version[row])
            place = self._places[number][int(chosen[row])]
            stretch = self._versions[number].stretch(place, float(where[row]), n_frames)
            if stretch is not None:
                rows.append(row)
                found.append(torch.from_numpy(stretch))
        if rows:
            crops[torch.tensor(rows, device=crops.device)] = as_features(
                torch.stack(found), crops.device
            )
        return crops


def _voices(corpus: Corpus) -> list[np.ndarray]:
    """One recording of each of the first people who are trained on."""
    found: dict[str, np.ndarray] = {}
    for voices in corpus.iter_voices("train"):
        for number, person in enumerate(voices.identity):
            if len(found) >= N_VOICES:
                return list(found.values())
            if str(person) not in found:
                speech = voices.speech[number]
                most = round(MOST_S * speech.sample_rate)
                found[str(person)] = speech.samples[:most].copy()
    return list(found.values())
