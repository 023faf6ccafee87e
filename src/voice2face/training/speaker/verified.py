"""How well a trained voice encoder verifies people whom it was not trained on."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from voice2face.evaluation.metrics.verification_report import as_data, verification_report
from voice2face.json_files import write_json
from voice2face.training.data.frames import CorpusFrames, HeardVoices


def verified(
    out: Path, frames: CorpusFrames, embed: Callable[[Sequence[np.ndarray]], np.ndarray], seed: int
) -> dict[str, Any]:
    """Verification among the people of the splits that were not trained on, by duration.

    Args:
        out: Folder of the run; ``verification.json`` is written.
        frames: Frames of the corpus.
        embed: From stretches of frames to embeddings, shape (n, dim).
        seed: Seed of the trials.

    Returns:
        What ``verification.json`` holds.

    Raises:
        OutputError: It could not be written.
    """
    parts = [frames.voices(split) for split in ("validation", "test")]
    both = HeardVoices.joined(parts, parts[0].attributes)
    rows = verification_report(
        both.frames, both.identity, both.attributes, embed,
        hop_s=1 / frames.encoder.frames_per_s, seed=seed,
    )  # fmt: skip
    report = as_data(rows, seed)
    write_json(out / "verification.json", report)
    return report
