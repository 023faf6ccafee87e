"""The twelve iterations that the authors' program ran, from its initial weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from voice2face.networks.modules import VoiceEncoder, unit
from voice2face.release.authors_weights import load_ordered
from voice2face.settings import (
    CriticSettings,
    EmbeddingSettings,
    GeneratorSettings,
    Recipe,
    VoiceEncoderSettings,
)
from voice2face.training.data.batch import Batch
from voice2face.training.gan.steps import FaceNetworks, embed, iteration, make_optimisers

FULL_FIRST_LAYER = {"voice_encoder": 256, "generator": 1024, "face_trunk": 32}  # channels
LETTERS = {
    "voice_encoder": "e",
    "generator": "g",
    "face_trunk": "f",
    "discriminator": "d",
    "classifier": "c",
}


@pytest.fixture(scope="module")
def arrays(reference: Path):
    with np.load(reference / "training.npz") as archive:
        return dict(archive)


def tensors(arrays, prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): torch.from_numpy(np.asarray(value))
        for name, value in arrays.items()
        if name.startswith(prefix)
    }


def network_tensors(arrays, prefix: str) -> dict[str, torch.Tensor]:
    """By layer, as the program builds them, whatever the order in the archive."""
    parts = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")

    def place(name: str) -> tuple[int, int]:
        numbers = [int(word) for word in name.split(".") if word.isdigit()]
        return (numbers[0] if numbers else 0), parts.index(name.split(".")[-1])

    found = tensors(arrays, prefix)
    return {name: found[name] for name in sorted(found, key=place)}


def networks_of(arrays, stage: str) -> tuple[FaceNetworks, Recipe]:
    parts = {n: network_tensors(arrays, f"{stage}.{x}.") for n, x in LETTERS.items()}
    shapes = {name: [v.shape for v in part.values() if v.dim()] for name, part in parts.items()}
    dim = shapes["voice_encoder"][-1][0]
    voice = VoiceEncoderSettings(
        width=shapes["voice_encoder"][0][0] / FULL_FIRST_LAYER["voice_encoder"],
        n_mels=shapes["voice_encoder"][0][1],
        embedding_dim=dim,
    )
    recipe = Recipe(
        generator=GeneratorSettings(
            width=shapes["generator"][0][1] / FULL_FIRST_LAYER["generator"], embedding_dim=dim
        ),
        critics=CriticSettings(
            width=shapes["face_trunk"][0][0] / FULL_FIRST_LAYER["face_trunk"],
            trunk_dim=shapes["face_trunk"][-1][0],
        ),
    )
    networks = FaceNetworks.make(recipe, VoiceEncoder(voice), shapes["classifier"][0][0])
    for name, network in networks.named().items():
        load_ordered(network, parts[name], name)
    return networks, recipe


def batch_of(arrays, i: int) -> Batch:
    part = tensors(arrays, f"batch{i}.")
    return Batch(
        voices=part["voice"].float(),
        voice_labels=part["voice_label"],
        faces=(part["face"].float() - 127.5) / 127.5,
        face_labels=part["face_label"],
        noise=part["noise"].flatten(1),
    )


def test_the_training_of_the_released_program_is_reproduced(arrays):
    networks, recipe = networks_of(arrays, "init")
    optimisers = make_optimisers(networks, recipe)
    losses = []
    for i in range(len(arrays["losses"])):
        terms = iteration(networks, optimisers, batch_of(arrays, i), recipe)
        losses.append([term.item() for term in terms.values()])
    np.testing.assert_allclose(losses, arrays["losses"], rtol=1e-5)

    final, _ = networks_of(arrays, "final")
    for name, network in networks.named().items():
        for key, value in final.named()[name].state_dict().items():
            if value.is_floating_point():
                difference = (network.state_dict()[key] - value).abs().max().item()
                assert difference <= 1e-5, f"{name} {key}: {difference}"


def test_the_trained_networks_give_the_same_face(arrays):
    networks, _ = networks_of(arrays, "final")
    check = tensors(arrays, "check.")
    with torch.no_grad():
        embedding = networks.voice_encoder(check["voice"])
        torch.testing.assert_close(embedding, check["embedding"].flatten(1), atol=1e-5, rtol=0)
        face = networks.generator(unit(embedding))
        torch.testing.assert_close(face, check["face"], atol=1e-5, rtol=0)
        vector = networks.critics.face_trunk(check["face"])
        expected = check["face_embedding"].flatten(1)
        torch.testing.assert_close(vector, expected, atol=1e-5, rtol=0)
    quiet = torch.zeros(len(embedding), embedding.shape[1])
    again = embed(networks.voice_encoder, check["voice"], quiet, EmbeddingSettings())
    torch.testing.assert_close(again, unit(embedding), atol=1e-6, rtol=0)
