"""The recogniser: who is seen on a real face? It judges what a generator makes, and embeds faces.

Nothing of it is shared with the critics that the generator learned from: another network, another
seed, another augmentation.
"""

import zlib
from pathlib import Path

import msgspec
import numpy as np
import torch
import yaml
from msgspec.structs import replace
from torch import Tensor

from voice2face import __version__
from voice2face.corpus import Corpus
from voice2face.errors import TrainingError
from voice2face.files import sha256_of, write_text
from voice2face.settings import Run, to_yaml
from voice2face.training.cosine import CosineTrainee
from voice2face.training.data.in_memory import FaceBank
from voice2face.training.distributed import solo
from voice2face.training.loop import train
from voice2face.training.precision import set_arithmetic
from voice2face.training.recogniser.augmentation import augment
from voice2face.training.recogniser.export import export_recogniser
from voice2face.training.recogniser.measures import Unseen, held_out, look
from voice2face.training.recogniser.network import Recogniser, RecogniserRecipe
from voice2face.training.run_folder import check_unused

NETWORK, REPORT = "recogniser.onnx", "recogniser.yaml"
RUN = Run(checkpoint_every=200, sample_every=200, keep_checkpoints=1, best_by="")
READING = "verification_auc"  # of a snapshot
PASSES, LEAST_ITERATIONS, MOST_ITERATIONS = 60, 400, 6000


class RecogniserTrainee(CosineTrainee):
    """A recogniser with everything random about it.

    Args:
        faces: Pictures of the people, sorted by their labels, 0, 1, ..., each at least once.
        recipe: What to compute.
        seed: Seed of initialisation and drawing.
        device: Where, as torch names it.
        unseen: What snapshots are measured on.
    """

    def __init__(
        self,
        faces: FaceBank,
        recipe: RecogniserRecipe,
        seed: int,
        device: str = "cpu",
        unseen: Unseen | None = None,
    ) -> None:
        own_seed = zlib.crc32(f"recogniser {seed}".encode())  # not that of the face stage
        torch.manual_seed(own_seed)
        self.device = torch.device(device)
        set_arithmetic(self.device, "fp32")
        self.faces, self.recipe, self.unseen = faces.to(self.device), recipe, unseen
        self._counts = torch.bincount(faces.labels)
        self._starts = self._counts.cumsum(0) - self._counts
        network = Recogniser(recipe, faces.pixels.shape[-1], len(self._counts))
        self.recogniser = network.to(self.device)
        super().__init__(
            {"recogniser": self.recogniser}, torch.Generator().manual_seed(own_seed),
            recipe.learning_rate, recipe.weight_decay, recipe.iterations,
        )  # fmt: skip

    def draw(self) -> tuple[Tensor, Tensor]:
        """Faces, changed at random, (batch, 3, px, px), and the number of each person.

        A person is drawn, then a picture of them, so that all people count alike.
        """
        n = self.recipe.batch_size
        labels = torch.randint(len(self._counts), (n,), generator=self.rng)
        where = torch.rand(n, generator=self.rng)
        chosen = self._starts[labels] + (where * self._counts[labels]).long()
        faces = self.faces.pick(chosen, torch.zeros(n, dtype=torch.bool))
        return augment(faces, self.rng), labels.to(self.device)

    def step(self) -> dict[str, Tensor]:
        """One batch."""
        faces, labels = self.draw()
        self.recogniser.train()
        cosines = self.recogniser(faces)
        loss = self.recogniser.loss(cosines, labels, self.recipe.margin)
        self.descend(loss, solo(self.device))
        right = (cosines.argmax(dim=1) == labels).float().mean()
        return {"cross_entropy": loss, "accuracy": right}

    def show(self, step: int, out: Path) -> dict[str, float]:
        """How well people who are not trained on are told apart."""
        if self.unseen is None:
            return {}
        vectors, _ = look(self.recogniser, self.unseen.pixels, self.device)
        return {READING: self.unseen.auc(vectors)}


def train_recogniser(
    corpus_folder: Path,
    out: Path,
    recipe: RecogniserRecipe | None = None,
    *,
    seed: int = 0,
    device: str = "cpu",
    run: Run = RUN,
    resume: bool = False,
    quiet: bool = False,
) -> Path:
    """Train on real faces; write ``out/recogniser.onnx``, ``.json`` beside it and ``.yaml``.

    Of each of the ``train`` people some pictures are held out for questions. How well the people of
    the other splits are told apart stands in ``recogniser.yaml``.

    Args:
        corpus_folder: A prepared corpus.
        out: Folder of the run.
        recipe: What to compute; None: that of the corpus, see :func:`recipe_for`.
        seed: Seed of initialisation and drawing.
        device: Where, as torch names it.
        run: What to write and when.
        resume: Go on with the run in ``out``.
        quiet: No progress bar.

    Returns:
        The ONNX file: faces to ``embedding`` and to ``logits`` of the people in the JSON's labels.

    Raises:
        CorpusError: The corpus can't be read.
        OutputError: A file could not be written.
        TrainingError: Faces of fewer than two people, a loss that is not finite, another run in
            ``out``.
    """
    check_unused(out, resume)
    corpus = Corpus.open(corpus_folder, verify=True)  # the checkpoints name its hash
    bank, people = _known(corpus)
    unseen, recipe = _unseen(corpus), recipe or recipe_for(len(bank))
    trainee = RecogniserTrainee(bank, recipe, seed, device, unseen)
    identity = {"recipe": to_yaml(recipe), "seed": str(seed), "corpus": corpus.info.data_hash}
    train(trainee, out, recipe.iterations, run, recipe, identity, resume=resume, quiet=quiet)
    recogniser = trainee.recogniser.cpu()
    geometry = corpus.info.face_crop.geometry
    export_recogniser(recogniser, people, geometry, out / NETWORK)
    report = {
        "made_by": f"voice2face {__version__}, recogniser",
        "sources": ", ".join(corpus.info.source_names),
        "corpus": corpus.info.data_hash,
        "seed": seed,
        "people": len(people),
        "pictures": len(bank),
        "sha256": sha256_of(out / NETWORK),
        READING: unseen and round(unseen.auc(look(recogniser, unseen.pixels)[0]), 4),
        "recipe": msgspec.to_builtins(recipe),
    }
    write_text(out / REPORT, yaml.safe_dump(report, sort_keys=False, allow_unicode=True))
    return out / NETWORK


def _known(corpus: Corpus) -> tuple[FaceBank, list[str]]:
    """Pictures to train on, sorted by person, and the people's names.

    Raises:
        TrainingError: Fewer than two people.
    """
    known = corpus.faces("train")
    people, labels = np.unique(np.asarray(known.identity, str), return_inverse=True)
    if len(people) < 2:
        found = f"faces of {len(people)} people to train on"
        raise TrainingError(corpus.path, found, "two or more", "add faces")
    learned = np.flatnonzero(~held_out(known.identity, known.path))
    learned = learned[np.argsort(labels[learned], kind="stable")]
    bank = FaceBank.of(known.pixels[learned], labels[learned].astype(np.int64))
    return bank, people.tolist()


def _unseen(corpus: Corpus) -> Unseen | None:
    parts = [corpus.faces(split) for split in ("validation", "test")]
    columns = zip(*((part.pixels, part.identity, part.path) for part in parts), strict=True)
    pixels, identity, path = (np.concatenate(column) for column in columns)
    return Unseen.of(pixels, identity, path)


def recipe_for(n_faces: int) -> RecogniserRecipe:
    """The recipe for n faces: each is seen PASSES times, within bounds on the iterations."""
    recipe = RecogniserRecipe()
    wanted = PASSES * n_faces // recipe.batch_size
    return replace(recipe, iterations=min(max(wanted, LEAST_ITERATIONS), MOST_ITERATIONS))
