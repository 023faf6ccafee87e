"""The plain recipe on any device, with a loader as one would write it first.

Recordings and faces lie in memory, already normalised, which spares the rival its files; each is
cut, scaled and mirrored by itself.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from benchmarks import training_step
from benchmarks.gpu_scale import Scale, made_data
from voice2face.networks.modules import VoiceEncoder
from voice2face.training.data.batch import Batch
from voice2face.training.data.source import FaceData
from voice2face.training.gan.steps import FaceNetworks


class Items(Dataset[tuple[Tensor, int, Tensor, int]]):
    """What a plain program loads one by one: a recording and a face, drawn apart."""

    def __init__(self, data: FaceData, scale: Scale) -> None:
        self.data, self.scale = data, scale
        self.rng = np.random.default_rng(0)

    def __len__(self) -> int:
        return 1 << 30

    def __getitem__(self, index: int) -> tuple[Tensor, int, Tensor, int]:
        voices, faces = self.data.voices, self.data.faces
        heard, seen = self.rng.integers(len(voices)), self.rng.integers(len(faces))
        start, length = int(voices.starts[heard]), int(voices.lengths[heard])
        face = (faces.pixels[seen].float() - 127.5) / 127.5
        if self.rng.random() < 0.5:
            face = face.flip(2)
        voice = voices.frames[start : start + length].float()
        return voice, int(voices.labels[heard]), face, int(faces.labels[seen])

    def collate(self, items: list[tuple[Tensor, int, Tensor, int]]) -> tuple[Tensor, ...]:
        """One crop length for all."""
        n_frames = int(self.rng.integers(self.scale.crop[0], self.scale.crop[1] + 1))
        crops = []
        for voice, *_ in items:
            first = int(self.rng.integers(max(1, len(voice) - n_frames + 1)))
            crops.append(voice[(first + torch.arange(n_frames)) % len(voice)].T)
        labels, others = (torch.tensor([item[i] for item in items]) for i in (1, 3))
        return torch.stack(crops), labels, torch.stack([item[2] for item in items]), others


def plain_steps(scale: Scale, *, loads: bool) -> Iterator[Callable[[], object]]:
    """The plain recipe's next step, again and again."""
    if scale.batch != training_step.BATCH:
        raise ValueError(f"the plain recipe is of batch {training_step.BATCH}")
    device, chosen = torch.device(scale.device), scale.recipe("fp32")
    torch.manual_seed(0)
    networks = FaceNetworks.make(chosen, VoiceEncoder(scale.voice), scale.n_people)
    for network in networks.named().values():
        network.to(device)  # in the layout that PyTorch has by itself
    with device:  # where its targets are made
        step = training_step.plain_step(networks, chosen)
    items = Items(made_data(scale), scale)
    loader = DataLoader(items, scale.batch, num_workers=1 if loads else 0, collate_fn=items.collate)
    batches = iter(loader)

    def load() -> Batch:
        voices, labels, faces, others = (part.to(device) for part in next(batches))
        noise = 0.05 * torch.randn(scale.batch, scale.voice.embedding_dim, device=device)
        return Batch(voices, labels, faces, others, noise)

    first = load()
    while True:
        yield lambda: step(load() if loads else first)
