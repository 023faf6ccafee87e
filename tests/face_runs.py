"""Face trainings of few steps and weights, and how two of them are compared."""

import torch
from models import WIDTH

from voice2face.networks.variants import recipe
from voice2face.settings import Recipe, Run, change
from voice2face.training import checkpoint

STEPS = 9
FAST = Run(checkpoint_every=4, sample_every=100, log_every=3)


def small(variant: str = "baseline", **changes) -> Recipe:
    settings = {
        "generator.face_px": 16,
        "critics.face_px": 16,
        "training.batch_size": 4,
        "training.iterations": STEPS,
        "training.ema_decay": 0.9,
        "training.crop_frames": [40, 60],
        "training.precision": "fp32",
    }
    return change(recipe(variant, width=WIDTH), settings | changes)


def final_state(out):
    _, state = checkpoint.load_last(out / "checkpoints")
    return state["trainee"]


def assert_equal(a, b, path=""):
    if isinstance(a, dict):
        assert a.keys() == b.keys(), path
        for key in a:
            assert_equal(a[key], b[key], f"{path}/{key}")
    elif isinstance(a, list | tuple):
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_equal(x, y, f"{path}/{i}")
    elif isinstance(a, torch.Tensor):
        assert torch.equal(a, b), path
    else:
        assert a == b, path
