"""A small head over a frozen voice encoder, trained to tell the speakers of a corpus apart."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from voice2face.errors import TrainingError
from voice2face.release.model_folder import Facts
from voice2face.release.writing import write_release
from voice2face.settings import BatchSize, Channels, Count, NotNegative, Positive, Settings
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.facts import facts_of
from voice2face.training.frozen import open_frozen
from voice2face.training.run_folder import opened_corpus
from voice2face.training.speaker.verified import verified
from voice2face.voice_encoders.adapted import Head

LEAST_SCALE = 1e-6


class AdaptationRecipe(Settings, frozen=True, kw_only=True):
    """Shape and training of the head."""

    pooling: Literal["linear", "attention"] = "linear"
    embedding_dim: Channels = 128
    hidden: Channels = 64  # of the attention
    iterations: Count = 400
    batch_size: BatchSize = 64
    learning_rate: Positive = 2e-3
    weight_decay: NotNegative = 1e-2
    windows: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 4  # of each recording in a step
    scale: Positive = 20.0  # scale of the cosines, and what is taken off the right one
    margin: NotNegative = 0.1


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
    corpus = opened_corpus(corpus_folder, out)
    encoder = open_frozen(voice_encoder)
    encoder.check_takes_head()
    frames = CorpusFrames(corpus, encoder.frames)
    voices = frames.voices("train")
    windows = [np.asarray(one, np.float32) for one in voices.frames]
    head = train_head(windows, np.asarray(voices.identity, str), recipe, seed)
    report = verified(
        out, frames, lambda some: np.array([head(one.astype(np.float32)) for one in some]), seed
    )
    facts: Facts = {
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
    return report


class HeadNetwork(nn.Module):
    """The head as torch has it; what :class:`Head` computes, for stretches of one length.

    Args:
        frame_dim: Numbers of a window.
        hidden: Width of the attention; 0: windows count alike.
        dim: Numbers of an embedding.
    """

    def __init__(self, frame_dim: int, hidden: int, dim: int) -> None:
        super().__init__()
        self.attention = nn.Parameter(torch.randn(frame_dim, hidden) / frame_dim**0.5)
        self.query = nn.Parameter(torch.zeros(hidden))
        self.weight = nn.Parameter(torch.randn(frame_dim, dim) / frame_dim**0.5)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, windows, frame_dim) → (batch, embedding_dim), of unit length."""
        share = torch.softmax(torch.tanh(x @ self.attention) @ self.query, dim=1)
        return F.normalize((share[:, :, None] * x).sum(dim=1) @ self.weight, dim=1)

    def as_head(self, centre: np.ndarray, scale: np.ndarray) -> Head:
        """The head with what windows are standardised by."""
        arrays = {name: value.detach().numpy() for name, value in self.named_parameters()}
        return Head(centre=centre.astype(np.float32), scale=scale.astype(np.float32), **arrays)


def train_head(
    recordings: Sequence[np.ndarray],
    identity: np.ndarray,
    recipe: AdaptationRecipe = AdaptationRecipe(),  # noqa: B008 (frozen)
    seed: int = 0,
) -> Head:
    """Train a head.

    Args:
        recordings: Windows of each by a frozen encoder, shape (windows, frame_dim).
        identity: Person of each, shape (recordings,).
        recipe: How.
        seed: Seed of weights and batches.

    Raises:
        TrainingError: Fewer than two people.

    Source:
        Cosines with a margin: Wang et al. 2018, "CosFace".
    """
    people, owner = np.unique(identity, return_inverse=True)
    if len(people) < 2:
        remedy = "give recordings of more people"
        raise TrainingError("training recordings", f"{len(people)} people", "two", remedy)
    everything = np.concatenate(recordings)
    centre, scale = everything.mean(axis=0), np.maximum(everything.std(axis=0), LEAST_SCALE)
    scaled = [(windows - centre) / scale for windows in recordings]
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        hidden = recipe.hidden if recipe.pooling == "attention" else 0
        network = HeadNetwork(len(centre), hidden, recipe.embedding_dim)
        classes = nn.Parameter(torch.randn(len(people), recipe.embedding_dim))
    optimiser = torch.optim.AdamW(
        [*network.parameters(), classes], recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    for _ in range(recipe.iterations):
        chosen = _batch(owner, recipe.batch_size, rng)
        x = torch.from_numpy(np.stack([stretch(scaled[i], recipe.windows, rng) for i in chosen]))
        cosines = network(x) @ F.normalize(classes, dim=1).T
        truth = torch.from_numpy(owner[chosen])
        margins = recipe.margin * F.one_hot(truth, len(people))
        loss = F.cross_entropy(recipe.scale * (cosines - margins), truth)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return network.as_head(centre, scale)


def _batch(owner: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Recordings of people who are drawn alike, however many recordings each has."""
    people = rng.integers(owner.max() + 1, size=size)
    return np.array([rng.choice(np.flatnonzero(owner == person)) for person in people])


def stretch(windows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Some windows in a row; a shorter recording is repeated."""
    start = int(rng.integers(max(len(windows) - n, 0) + 1))
    rows = np.arange(start, start + n) % len(windows)
    return windows[rows].astype(np.float32)
