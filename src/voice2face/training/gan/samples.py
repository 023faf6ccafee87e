"""The fixed voices whose faces are looked at while a model learns."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from voice2face.corpus.schema import Split
from voice2face.corpus.stream import parts_of
from voice2face.settings import EmbeddingSettings
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.in_memory import VoiceBank
from voice2face.training.gan.steps import embed

N_SAMPLES = 32
SAMPLED: tuple[Split, ...] = ("validation", "test", "train")
COLUMNS = 8
FRAMES_PER_S = 100  # by the report's front end
SAMPLE_S = 10.0  # of each recording, which is repeated if it is shorter
SAMPLE_FRAMES = round(SAMPLE_S * FRAMES_PER_S)
GAP_PX = 2


def sample_voices(frames: CorpusFrames, sort_by: str) -> VoiceBank:
    """Voices of people not trained on (else of the others), spread over ``sort_by``."""
    counts = frames.corpus.info.counts
    split = next((s for s in SAMPLED if s in counts and counts[s].voices), SAMPLED[-1])
    parts = parts_of(frames.corpus, "voice", split, sort_by)
    rows = [(part, row) for part in parts for row in np.flatnonzero(frames.lengths(part))]
    order = np.argsort(np.array([part.values[row] for part, row in rows], str), kind="stable")
    places = np.linspace(0, len(order) - 1, min(N_SAMPLES, len(order))).astype(int)
    chosen = [frames.read(part)[row] for part, row in (rows[i] for i in order[places])]
    return VoiceBank.of(chosen, np.zeros(len(chosen), np.int64), frames.encoder.prepared)


def frames_in(seconds: float, frames_per_s: float) -> int:
    """Frames of so much speech, at least one."""
    return max(1, round(seconds * frames_per_s))


def hear_all(
    encoder: nn.Module, voices: VoiceBank, n_frames: int, settings: EmbeddingSettings
) -> Tensor:
    """Input of the generator for each recording, without noise: (recordings, dim).

    Args:
        encoder: In evaluation mode.
        voices: The recordings, on the encoder's device.
        n_frames: Frames of each that are heard; a shorter one is repeated.
        settings: Whether embeddings are scaled to length one.
    """
    quiet = torch.zeros(1, device=voices.device)
    cuts = (voices.whole(i, n_frames)[:, :, :n_frames] for i in range(len(voices)))
    return torch.cat([embed(encoder, one, quiet, settings) for one in cuts])


def grid(faces: Tensor, columns: int = COLUMNS) -> Image.Image:
    """One RGB picture of faces (faces, 3, px, px) in [-1, 1], row by row, white in between."""
    n, _, px, _ = faces.shape
    rows = -(-n // columns)
    side = px + GAP_PX
    canvas = torch.full((rows * side - GAP_PX, columns * side - GAP_PX, 3), 255, dtype=torch.uint8)
    pixels = ((faces.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1)
    for i, face in enumerate(pixels):
        top, left = i // columns * side, i % columns * side
        canvas[top : top + px, left : left + px] = face
    return Image.fromarray(canvas.numpy())
