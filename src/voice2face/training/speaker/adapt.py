"""A small head over a frozen voice encoder, trained on a corpus and released as a model."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from voice2face.corpus import Corpus
from voice2face.files import write_text
from voice2face.release.writing import Provenance, check_replaceable, write_release
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.frozen import open_frozen
from voice2face.training.loop import check_unused
from voice2face.training.people import facts_of
from voice2face.training.speaker.adaptation import AdaptationRecipe, train_head
from voice2face.training.speaker.verified import verified


def adapt(
    corpus_folder: Path,
    out: Path,
    recipe: AdaptationRecipe,
    *,
    voice_encoder: str | Path = "ge2e",
    seed: int = 0,
) -> dict[str, Any]:
    """Train a head; write ``out/model`` and ``out/verification.json``.

    Args:
        corpus_folder: A prepared corpus; its ``train`` identities are learned, verification is
            measured on all the others.
        out: Folder of the run.
        recipe: Shape and training of the head.
        voice_encoder: The frozen one, as ``training.frozen.open_frozen`` takes it.
        seed: Seed of weights and batches.

    Returns:
        What ``verification.json`` holds.

    Raises:
        CorpusError: The corpus can't be read.
        ModelError: The encoder can't be read.
        TrainingError: It is of a kind that takes no head, or there are fewer than two speakers.
    """
    check_replaceable(out / "model")
    check_unused(out, resume=False)
    corpus = Corpus.open(corpus_folder, verify=True)
    encoder = open_frozen(voice_encoder)
    encoder.check_takes_head()
    frames = CorpusFrames(corpus, encoder.frames)
    voices = frames.voices("train")
    windows = [np.asarray(one, np.float32) for one in voices.frames]
    head = train_head(windows, np.asarray(voices.identity, str), recipe, seed)
    report = verified(
        frames, lambda some: np.array([head(one.astype(np.float32)) for one in some]), seed
    )
    facts: Provenance = {
        **facts_of(corpus, "train head"),
        "speakers": len(np.unique(voices.identity)),
        "recordings": len(voices),
        "iterations": recipe.iterations,
        "seed": seed,
        "verification EER, speakers not trained on": report["summary"],
        **encoder.facts,
    }
    name = f"{out.resolve().name} (voice encoder)"
    write_release(out / "model", name, [encoder.with_head(head)], facts)
    write_text(out / "verification.json", msgspec.json.format(msgspec.json.encode(report)).decode())
    return report
