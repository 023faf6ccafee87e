"""A step of a face training that is tried before it begins, and leaves nothing behind."""

from collections.abc import Callable

import torch
from torch import nn

from voice2face.settings import Precision, Recipe, change
from voice2face.training.data.source import FaceSource
from voice2face.training.distributed import Team
from voice2face.training.gan.steps import FaceNetworks, iteration, make_optimisers
from voice2face.training.precision import Trial


def trial(data: FaceSource, recipe: Recipe, encoder: nn.Module, team: Team) -> Trial:
    """Steps of new networks on one batch; ``data`` is afterwards where it was.

    Args:
        data: What batches are drawn from.
        recipe: Of the training, but for its precision.
        encoder: The frozen voice encoder.
        team: The processes that train together.
    """

    def of(precision: Precision) -> Callable[[], object]:
        chosen = change(recipe, {"training.precision": precision})
        position = data.state()
        batch = data.draw(chosen, torch.Generator().manual_seed(0), team.rank, team.world)
        data.load(position)
        networks = FaceNetworks.make(chosen, encoder, len(data.labels)).to(team.device)
        optimisers, batch = make_optimisers(networks, chosen), batch.to(team.device)
        return lambda: iteration(networks, optimisers, batch, chosen)

    return of
