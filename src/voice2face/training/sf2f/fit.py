"""SF2F as parts that can be released: attention in the voice encoder, a generator."""

from dataclasses import dataclass
from pathlib import Path

import torch

from voice2face.errors import MissingExtraError, TrainingError
from voice2face.generators.sf2f import FILE, INPUT, OUTPUT, Sf2fPart
from voice2face.release.model_folder import Facts
from voice2face.release.writing import NewPart
from voice2face.settings import Settings
from voice2face.training.closed_form import Trained, VoicesAndFaces
from voice2face.training.sf2f.batches import Sf2fRecipe, Windows
from voice2face.training.sf2f.network import CoarseToFine, FineFace
from voice2face.training.sf2f.train import train

MIN_PEOPLE = 10
SIDES = (32, 64, 128, 256)  # of the fine faces, in pixels
REMARKS = """
## How it was trained

After SF2F (Bai et al. 2022), in a small version. The segments of a recording are the windows of the
frozen voice encoder; attention weighs and pools them, and a generator makes a face of half the size
and from it the whole one. Both learned at once from the paper's terms: the difference of pixels at
both sizes, a discriminator, a classifier of people, and likeness to a face recogniser. What pools
the segments starts as a regression of the components of faces, and learns on slowly.

It differs from the paper: the encoder of the segments is frozen, where the paper trains one of its
own; a query pools the segments, where the paper lets each attend to all; single segments and
several are learned together and not one after the other; an embedding is laid out on a map of a
quarter of the face's width, and not on a small one; the recogniser was trained on the same
faces and sees the smaller ones, where the paper has FaceNet; discriminator and classifier see the
smaller faces alone; networks are a small fraction of the paper's in size and training. Embeddings
get noise in training; draws, which the paper has not, are faces of embeddings with such noise.
"""


class Sf2fFit(Settings, frozen=True, kw_only=True):
    """Attention over segments, and a generator from coarse to fine.

    Attributes:
        training: Size and training.
    """

    training: Sf2fRecipe = Sf2fRecipe()

    @property
    def name(self) -> str:
        """In the card."""
        return "sf2f"

    def __call__(self, data: VoicesAndFaces, seed: int) -> Trained:
        """The generator, and the voice encoder with its attention.

        Raises:
            MissingExtraError: The exporter of networks is not installed.
            ModelError: The generator can't be exported.
            TrainingError: The voice encoder takes no head, faces are of another size, there are
                too few people, or the loss is no longer finite.
        """
        self._check(data)
        windows = Windows.of(data.frames)
        trained = train(data, windows, self.training, seed)
        head = trained.head.as_head(windows.centre, windows.scale)
        px, dim = data.pixels.shape[1], self.training.embedding_dim
        part = Sf2fPart(px=px, embedding_dim=dim, noise=self.training.noise)
        facts: Facts = {
            "iterations": self.training.iterations, "batch size": self.training.batch_size
        }  # fmt: skip
        assert data.encoder is not None
        return Trained(
            NewPart(part, _Writer(trained.generator, dim)), data.encoder.with_head(head), facts,
            REMARKS,
        )  # fmt: skip

    def _check(self, data: VoicesAndFaces) -> None:
        """Refuse what would fail at the end."""
        if data.encoder is None:
            raise TrainingError("sf2f", "no voice encoder", "one with windows", "name it")
        data.encoder.check_takes_head()
        px = data.pixels.shape[1]
        if px not in SIDES:
            wanted = ", ".join(map(str, SIDES))
            raise TrainingError("sf2f", f"faces of {px} pixels", wanted, "prepare others")
        if (n := len(data.labels)) < MIN_PEOPLE:
            wanted = f"{MIN_PEOPLE} people with a voice and a face"
            raise TrainingError("training split", f"{n}", wanted, "add people")
        try:
            import onnxscript  # noqa: F401  # which torch's exporter needs
        except ImportError as error:
            raise MissingExtraError("export of a network", "train") from error


@dataclass(frozen=True, eq=False)
class _Writer:
    generator: CoarseToFine
    dim: int

    def __call__(self, folder: Path) -> None:
        from voice2face.release.exported import export

        some = torch.randn(2, self.dim, generator=torch.Generator().manual_seed(0))
        some = torch.nn.functional.normalize(some, dim=1)
        export(FineFace(self.generator).eval(), {INPUT: some}, folder / FILE, [OUTPUT])
