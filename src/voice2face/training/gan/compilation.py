"""The networks of a face training through ``torch.compile``, or as they are where it fails."""

import sys

import torch

from voice2face.settings import Recipe
from voice2face.training.data.batch import Batch
from voice2face.training.gan.steps import FaceNetworks


def compile_networks(networks: FaceNetworks, batch: Batch, recipe: Recipe) -> bool:
    """Compile generator and critics in place; names and values of their tensors stay.

    They are tried on a batch, forwards and backwards, so that what fails (no C++ compiler, a layer
    that can't be compiled) fails here: then they stay as they were and one line says why.

    Args:
        networks: On their device.
        batch: Batch of the shapes that the training will have, on the same device.
        recipe: Its precision is used.

    Returns:
        Whether they are compiled.
    """
    parts = (networks.generator, networks.critics.face_trunk, networks.critics.classifier_trunk)
    chosen = [part for part in parts if part is not None]
    for part in chosen:
        part.compile(dynamic=False)
    device = batch.faces.device
    kept = [{n: b.clone() for n, b in part.named_buffers()} for part in chosen]
    try:
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            _try(networks, batch, recipe)
    except Exception as error:  # the compiler's own errors have no one class
        for part in chosen:
            part._compiled_call_impl = None
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:160]
        print(f"not compiled, the run goes on without: {reason}", file=sys.stderr)
        return False
    finally:
        networks.generator.zero_grad(set_to_none=True)
        networks.critics.zero_grad(set_to_none=True)
        with torch.no_grad():
            for part, buffers in zip(chosen, kept, strict=True):
                for name, buffer in part.named_buffers():
                    buffer.copy_(buffers[name])
    return True


def _try(networks: FaceNetworks, batch: Batch, recipe: Recipe) -> None:
    half = recipe.training.precision == "bf16"
    with torch.autocast(batch.faces.device.type, torch.bfloat16, enabled=half):
        faces = networks.generator(batch.noise)
        real, fake, identity = networks.critics.compare(batch.faces, faces)
        again = networks.critics(faces)  # as many faces as the generator's step gives them
    total = sum(part.float().sum() for part in (real, fake, identity, *again))
    total.backward()
