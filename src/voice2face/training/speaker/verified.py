"""How well a trained voice encoder verifies people whom it was not trained on."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from voice2face.evaluation.metrics.verification_report import as_data, verification_report
from voice2face.training.data.frames import CorpusFrames, HeardVoices


def verified(
    frames: CorpusFrames, embed: Callable[[Sequence[np.ndarray]], np.ndarray], seed: int
) -> dict[str, Any]:
    """Verification among the people of the splits that were not trained on, by duration.

    Args:
        frames: Of the corpus.
        embed: From stretches of frames to embeddings, shape (n, dim).
        seed: Seed of the trials.

    Returns:
        What ``verification.json`` holds.
    """
    parts = [frames.voices(split) for split in ("validation", "test")]
    both = HeardVoices.joined(parts, parts[0].attributes)
    rows = verification_report(
        both.frames, both.identity, both.attributes, embed,
        hop_s=1 / frames.encoder.frames_per_s, seed=seed,
    )  # fmt: skip
    return as_data(rows, seed)
