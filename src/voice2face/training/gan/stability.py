"""Measures that keep a training on few faces stable; all off unless the recipe asks for them.

The spectral norm of the critics' layers is :class:`voice2face.networks.layers.SpectralNorm`.
"""

import math
from collections.abc import Callable, Collection, Iterable

import torch
from torch import Tensor
from torch.optim import Optimizer

from voice2face.networks.modules import Critics
from voice2face.settings import FaceTraining

MAX_SHIFT = 1 / 8  # share of the face's side, as Zhao et al. have it
CUTOUT = 1 / 2  # side of the square, of the face's


def augment(faces: Tensor, kinds: Collection[str]) -> Tensor:
    """Random changes of each face, through which gradients flow (Zhao et al. 2020).

    Given to the critics' real and fake faces alike, they do not teach the generator to make them.

    Args:
        faces: (batch, 3, px, px) in [-1, 1].
        kinds: Kinds of ``FaceTraining.augment``; applied in the order colour, translation, cutout.

    Returns:
        The same shape; ``faces`` itself if there are no kinds. Drawn from PyTorch's random state
        of the faces' device, which is part of a checkpoint.
    """
    for kind, change in AUGMENTATIONS.items():
        if kind in kinds:
            faces = change(faces)
    return faces


def colour(faces: Tensor) -> Tensor:
    """Brightness by up to ±0.5, saturation times up to 2, contrast times 0.5 to 1.5."""
    brightness, saturation, contrast = _random(faces, 3)[..., None, None, None].unbind()
    faces = faces + (brightness - 0.5)
    grey = faces.mean(dim=1, keepdim=True)
    faces = grey + (faces - grey) * (2 * saturation)
    mean = faces.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (faces - mean) * (contrast + 0.5)


def translation(faces: Tensor) -> Tensor:
    """Each face moved by up to an eighth of its side in both directions; zeros come in."""
    px = faces.shape[-1]
    most = round(px * MAX_SHIFT)
    down, right = ((2 * most + 1) * _random(faces, 2)).long() - most
    places = torch.arange(px, device=faces.device)
    rows, columns = places - down[:, None], places - right[:, None]  # (batch, px): where from
    each = torch.arange(len(faces), device=faces.device)[:, None, None]
    from_rows, from_columns = (part.clamp(0, px - 1) for part in (rows, columns))
    last = faces.permute(0, 2, 3, 1)  # (batch, px, px, 3)
    moved = last[each, from_rows[:, :, None], from_columns[:, None, :]].permute(0, 3, 1, 2)
    inside = _within(rows, 0, px)[:, :, None] & _within(columns, 0, px)[:, None, :]
    kept: Tensor = moved * inside[:, None]
    return kept


def cutout(faces: Tensor) -> Tensor:
    """A square of half the side set to zero, around any point of the face."""
    px = faces.shape[-1]
    side = round(px * CUTOUT)
    starts = ((px + 1 - side % 2) * _random(faces, 2)).long() - side // 2  # (2, batch)
    places = torch.arange(px, device=faces.device)
    hit_rows, hit_columns = (_within(places, s[:, None], s[:, None] + side) for s in starts)
    hit = hit_rows[:, :, None] & hit_columns[:, None, :]
    return faces * ~hit[:, None]


AUGMENTATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "colour": colour,
    "translation": translation,
    "cutout": cutout,
}


def r1_penalty(critics: Critics, real_faces: Tensor) -> Tensor:
    """Half the mean squared slope of D's logit on real faces (R1 of Mescheder et al. 2018).

    Args:
        critics: In 32 bits; the slope of the slope is too small for bfloat16.
        real_faces: (batch, 3, px, px), as the critics are shown them.

    Returns:
        A scalar with gradients for the discriminator and its trunk.
    """
    faces = real_faces.detach().float().requires_grad_()
    # What torch.compile made has no second derivative: here the layers run as they are written.
    as_written = torch.compiler.set_stance("force_eager")
    with torch.autocast(faces.device.type, enabled=False), as_written:
        logits = critics.real(faces)
        (slopes,) = torch.autograd.grad(logits.sum(), faces, create_graph=True)
    return 0.5 * slopes.square().sum(dim=(1, 2, 3)).mean()


def learning_rate_share(training: FaceTraining, step: int) -> float:
    """Share of the full learning rate at a step: warm-up along a line, then the schedule.

    Args:
        training: Warm-up, schedule and iterations.
        step: Iterations before this one, from 0.

    Returns:
        In [0, 1]: ``1 / warmup`` at step 0, 1 at the end of the warm-up, 0 once all iterations
        are over.
    """
    if step < training.warmup:
        return (step + 1) / training.warmup
    left = max(1, training.iterations - training.warmup)
    done = min(1.0, (step - training.warmup) / left)
    match training.schedule:
        case "linear":
            return 1 - done
        case "cosine":
            return (1 + math.cos(math.pi * done)) / 2
    return 1.0


def set_learning_rates(optimisers: Iterable[Optimizer], training: FaceTraining, step: int) -> None:
    """Set the learning rate of a step, unless it is the same at all steps."""
    if training.schedule == "constant" and not training.warmup:
        return
    rate = training.learning_rate * learning_rate_share(training, step)
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = rate


def _random(faces: Tensor, n: int) -> Tensor:
    """Uniform in [0, 1), (n, batch)."""
    return torch.rand(n, len(faces), device=faces.device)


def _within(places: Tensor, first: Tensor | int, end: Tensor | int) -> Tensor:
    return (places >= first) & (places < end)
