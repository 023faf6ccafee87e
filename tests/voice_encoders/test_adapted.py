"""A frozen encoder with a small head."""

import numpy as np
import pytest
import torch

from voice2face.audio.speech import Speech
from voice2face.errors import ModelError, TrainingError
from voice2face.training.speaker.adaptation import AdaptationRecipe, HeadNetwork, train_head
from voice2face.voice_encoders.adapted import Adapted, read_head, write_head

FRAME_DIM = 12
POOLINGS = ("linear", "attention")


class Frozen:
    """Gives the windows that the recording's samples say."""

    dim = frame_dim = FRAME_DIM
    frames_per_s = 2.0
    frames_hash = "0" * 64

    def frames(self, speech: Speech) -> np.ndarray:
        return speech.samples.reshape(-1, FRAME_DIM).astype(np.float32)

    def prepared(self, frames: np.ndarray) -> np.ndarray:
        return frames

    def pooled(self, frames: np.ndarray) -> np.ndarray:
        return frames.mean(axis=0)

    def embed(self, speech: Speech) -> np.ndarray:
        return self.pooled(self.frames(speech))


def recordings(n_people: int, seed: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Windows in which a few numbers tell the person and the others are loud chance."""
    rng = np.random.default_rng(seed)
    spread = np.where(np.arange(FRAME_DIM) < 4, 0.1, 3.0)
    made, whose = [], []
    for person in range(n_people):
        who = np.where(np.arange(FRAME_DIM) < 4, rng.standard_normal(FRAME_DIM), 0)
        for _ in range(5):
            chance = spread * rng.standard_normal(FRAME_DIM)
            made.append((who + chance + 0.1 * rng.standard_normal((6, FRAME_DIM))).astype("f4"))
            whose.append(f"p{person}")
    return made, np.array(whose)


def told_apart(embeddings: np.ndarray, identity: np.ndarray) -> float:
    """Share of recordings whose nearest other one is of the same person."""
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    cosines = unit @ unit.T - 2 * np.eye(len(unit))
    return float((identity[cosines.argmax(axis=1)] == identity).mean())


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_head_helps_with_people_who_were_not_trained_on(pooling):
    recipe = AdaptationRecipe(
        pooling=pooling, embedding_dim=8, hidden=8, iterations=150, learning_rate=1e-2
    )
    head = train_head(*recordings(60, 0), recipe)
    windows, identity = recordings(20, 1)
    before = told_apart(np.stack([w.mean(axis=0) for w in windows]), identity)
    after = told_apart(np.stack([head(w) for w in windows]), identity)
    assert after > before + 0.2


@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_head_computes_in_numpy_what_was_trained_in_torch(pooling):
    recipe = AdaptationRecipe(pooling=pooling, embedding_dim=5, hidden=7, iterations=3)
    windows, identity = recordings(3, 0)
    head = train_head(windows, identity, recipe)
    network = HeadNetwork(FRAME_DIM, len(head.query), recipe.embedding_dim)
    with torch.no_grad():
        for name, value in network.named_parameters():
            value.copy_(torch.from_numpy(getattr(head, name)))
        x = torch.from_numpy((windows[0] - head.centre) / head.scale)
        np.testing.assert_allclose(network(x[None])[0], head(windows[0]), atol=1e-5)
    again = train_head(windows, identity, recipe)
    np.testing.assert_array_equal(again.weight, head.weight)


def test_a_head_is_written_read_and_used(tmp_path):
    windows, identity = recordings(3, 0)
    head = train_head(windows, identity, AdaptationRecipe(embedding_dim=5, iterations=2))
    write_head(tmp_path / "head.npz", head)
    adapted = Adapted(Frozen(), read_head(tmp_path / "head.npz"))
    speech = Speech(np.arange(4 * FRAME_DIM, dtype=np.int16))
    embedding = adapted.embed(speech)
    assert embedding.shape == (adapted.dim,) == (5,)
    assert np.linalg.norm(embedding) == pytest.approx(1)
    np.testing.assert_array_equal(embedding, head(adapted.frames(speech)))
    assert (adapted.frame_dim, adapted.frames_per_s) == (FRAME_DIM, 2.0)


def test_damaged_and_foreign_heads(tmp_path):
    path = tmp_path / "head.npz"
    with pytest.raises(ModelError, match="missing; a head wanted; train the head again"):
        read_head(path)
    head = train_head(*recordings(2, 0), AdaptationRecipe(iterations=1))
    np.savez(path, **{**vars(head), "query": np.zeros(3, np.float32)})
    with pytest.raises(ModelError, match=r"query is float32 of shape \(3,\)"):
        read_head(path)
    other = Frozen()
    other.frame_dim = 7
    with pytest.raises(ModelError, match="windows of 12 numbers; 7 wanted"):
        Adapted(other, head)


def test_one_person_teaches_nothing():
    with pytest.raises(TrainingError, match="1 people"):
        train_head([np.zeros((2, 4), np.float32)], np.array(["a"]))
