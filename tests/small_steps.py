"""Small networks of the face stage, and batches for them, that tests step."""

import torch

from voice2face.networks.modules import VoiceEncoder
from voice2face.networks.variants import recipe
from voice2face.settings import Recipe, VoiceEncoderSettings, change
from voice2face.training.data.batch import Batch
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.pairing import Pairing
from voice2face.training.data.source import FaceData
from voice2face.training.gan.steps import FaceNetworks

VOICE = VoiceEncoderSettings(width=0.05)
N = 5  # faces a batch
BF16 = {"training.precision": "bf16"}


def small(variant: str = "baseline", **changes) -> Recipe:
    sizes = {"generator.face_px": 16, "critics.face_px": 16}
    return change(recipe(variant, width=0.08), sizes | changes)


def made(settings: Recipe, seed: int = 0) -> FaceNetworks:
    torch.manual_seed(seed)
    return FaceNetworks.make(settings, VoiceEncoder(VOICE), 4).to(torch.device("cpu"))


def batch(seed: int = 0) -> Batch:
    rng = torch.Generator().manual_seed(seed)
    return Batch(
        voices=torch.randn(N, 64, 40, generator=rng),
        voice_labels=torch.randint(4, (N,), generator=rng),
        faces=torch.rand(N, 3, 16, 16, generator=rng) * 2 - 1,
        face_labels=torch.randint(4, (N,), generator=rng),
        noise=0.05 * torch.randn(N, 64, generator=rng),
    ).to(torch.device("cpu"))


def tensors(networks: FaceNetworks) -> dict[str, torch.Tensor]:
    named = networks.named().items()
    return {f"{n}.{k}": v for n, net in named for k, v in net.state_dict().items()}


def in_memory(frames: CorpusFrames, pair_by: str) -> FaceData:
    """Voices and faces of the training people of a corpus."""
    return FaceData.read(frames, Pairing.of(frames, pair_by))
