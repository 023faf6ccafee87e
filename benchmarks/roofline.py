"""What one iteration of the face stage must compute and move at least, and how long that takes.

Multiply-adds are those of the convolutions without waste, as in ``training_step``. Moved is what
each pass of a layer reads and writes once: input, weights and output, in the precision of the pass;
activations, normalisation and biases cost nothing beside it. An optimiser reads weight, gradient
and two moments and writes all but the gradient, the averaged generator reads two and writes one, in
32 bits. What a cache keeps from one layer to the next is not taken off, so a pass can be faster
than its bytes; a floor of a whole iteration it is all the same, to some per cent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from voice2face.settings import Recipe, VoiceEncoderSettings

ADAM_BYTES, AVERAGE_BYTES = 7 * 4, 3 * 4  # of each weight, an iteration


@dataclass(frozen=True)
class Layer:
    """A convolution, for one sample.

    Attributes:
        name: Its network's and its own.
        multiply_adds: Once through.
        n_in: Numbers that go in.
        n_out: Numbers that come out.
        n_weights: Its weights.
    """

    name: str
    multiply_adds: int
    n_in: int
    n_out: int
    n_weights: int


@dataclass(frozen=True)
class Work:
    """The work of one pass of a layer, or of an optimiser, for a whole batch."""

    name: str
    multiply_adds: int
    n_bytes: int

    def least_s(self, multiply_adds_per_s: float, bytes_per_s: float) -> float:
        """The longer of computing and moving, in seconds."""
        return max(self.multiply_adds / multiply_adds_per_s, self.n_bytes / bytes_per_s)


def layers_of(name: str, network: "nn.Module", given: Any) -> list[Layer]:
    """Convolutions of a network in order; ``given`` is one sample."""
    from torch import nn

    found: list[Layer] = []

    def look(layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        weight: Any = layer.weight
        # A kernel lies once at each output pixel; a transposed one at each input pixel.
        places = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
        n_weights = weight.numel()
        found.append(
            Layer(
                f"{name} {len(found) + 1}",
                n_weights * places[0, 0].numel(),
                inputs[0].numel(),
                output.numel(),
                n_weights,
            )
        )

    for layer in network.modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d):
            layer.register_forward_hook(look)
    network(given)
    return found


def work_of(
    recipe: "Recipe", voice: "VoiceEncoderSettings", n_classes: int, n_frames: int, n_bytes: int = 2
) -> list[Work]:
    """All passes of one iteration.

    The encoder gives outputs only; the trunk sees real and made faces in the critics' step, and the
    made ones again in the generator's, without gradients of its weights.

    Args:
        recipe: Recipe with a shared trunk.
        voice: Settings of the voice encoder.
        n_classes: Classes of the classifier, which is left out of the passes.
        n_frames: Length of the voices.
        n_bytes: Size of each number of a pass: 2 with bf16, 4 with fp32.
    """
    import torch

    from voice2face.networks.modules import VoiceEncoder
    from voice2face.training.gan.steps import FaceNetworks

    px, batch = recipe.critics.face_px, recipe.training.batch_size
    with torch.device("meta"), torch.no_grad():
        networks = FaceNetworks.make(recipe, VoiceEncoder(voice), n_classes)
        voices, noise = torch.empty(1, voice.n_mels, n_frames), torch.empty(1, voice.embedding_dim)
        face = torch.empty(1, 3, px, px)
        encoder = layers_of("encoder", networks.voice_encoder, voices)
        # In evaluation mode: one sample has no statistics of its batch.
        generator = layers_of("generator", networks.generator.eval(), noise)
        trunk = layers_of("trunk", networks.critics.face_trunk.eval(), face)
    trained = sum(p.numel() for net in networks.trained().values() for p in net.parameters())
    averaged = sum(p.numel() for p in networks.generator.parameters())
    return [
        *_passes(encoder, batch, n_bytes, ("output",)),
        *_passes(generator, batch, n_bytes, ("output", "weights", "input")),
        *_passes(trunk, 2 * batch, n_bytes, ("output", "weights", "input")),
        *_passes(trunk, batch, n_bytes, ("output for the generator", "input for the generator")),
        Work("optimisers", 0, ADAM_BYTES * trained),
        Work("averaged generator", 0, AVERAGE_BYTES * averaged),
    ]


def _passes(
    layers: list[Layer], batch: int, n_bytes: int, kinds: tuple[str, ...]
) -> Iterable[Work]:
    for kind in kinds:
        for place, layer in enumerate(layers):
            # What a network is given needs no gradient, but for made faces in the generator's step.
            if kind == "input" and place == 0:
                continue
            moved = batch * (layer.n_in + layer.n_out) + layer.n_weights
            yield Work(f"{layer.name}, {kind}", batch * layer.multiply_adds, n_bytes * moved)


def as_rows(
    works: Iterable[Work], multiply_adds_per_s: float, bytes_per_s: float
) -> list[dict[str, Any]]:
    """A table: of each pass its work and the least time, in microseconds, with what bounds it."""
    return [
        {
            "pass": work.name,
            "giga multiply-adds": round(work.multiply_adds / 1e9, 3),
            "MB": round(work.n_bytes / 1e6, 2),
            "least us": round(1e6 * work.least_s(multiply_adds_per_s, bytes_per_s), 1),
            "bound by": "bytes"
            if work.n_bytes / bytes_per_s > work.multiply_adds / multiply_adds_per_s
            else "multiply-adds",
        }
        for work in works
    ]
