"""The batch of one step of a face training."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Voices and faces of one iteration, drawn independently of each other.

    Attributes:
        voices: Stretches of what the voice encoder keeps of a recording (normalised log-mel, say),
            shape (batch, frame_dim, frames).
        voice_labels: Whose voice, shape (batch,).
        faces: Faces in [-1, 1], shape (batch, 3, face_px, face_px).
        face_labels: Whose face, shape (batch,).
        noise: Added to the embedding, already scaled, shape (batch, embedding_dim).
    """

    voices: Tensor
    voice_labels: Tensor
    faces: Tensor
    face_labels: Tensor
    noise: Tensor

    def to(self, device: torch.device) -> "Batch":
        """A copy on a device, faces in the channels-last layout."""
        voices, labels, noise = (
            part.to(device) for part in (self.voices, self.voice_labels, self.noise)
        )
        faces = self.faces.to(device, memory_format=torch.channels_last)
        return Batch(voices, labels, faces, self.face_labels.to(device), noise)
