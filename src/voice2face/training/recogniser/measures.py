"""What a recogniser sees in faces, and how well it tells apart people it was not trained on."""

import zlib
from dataclasses import dataclass

import numpy as np
import torch

from voice2face.arrays import Bools, Float32s, UInt8s
from voice2face.evaluation.metrics.roc import roc_auc
from voice2face.evaluation.metrics.verification import Trials, all_trials, keep_clips
from voice2face.training.data.in_memory import FaceBank
from voice2face.training.recogniser.network import Recogniser

AT_ONCE = 128  # faces
HELD_OUT = 5  # one in this many files of a person is held out
LEAST = 3  # files: of a person with fewer none is held out


def held_out(identity: np.ndarray, path: np.ndarray) -> Bools:
    """Mask of the held-out pictures, which a recogniser is tested on.

    Of each person with at least LEAST files, one in HELD_OUT and at least one, chosen by its name
    alone. All pictures of one file (a video) go together, for they are nearly the same.

    Args:
        identity: Person of each, shape (n,).
        path: File that each is from, shape (n,).
    """
    files: dict[str, dict[str, int]] = {}
    for person, file in zip(identity, path, strict=True):
        place = zlib.crc32(f"held out {file}".encode("utf-8", "surrogateescape"))
        files.setdefault(str(person), {})[str(file)] = place
    aside = set()
    for person, places in files.items():
        n = max(1, round(len(places) / HELD_OUT)) if len(places) >= LEAST else 0
        aside |= {(person, file) for file in sorted(places, key=lambda f: places[f])[:n]}
    pairs = zip(identity, path, strict=True)
    return np.array([(str(person), str(file)) in aside for person, file in pairs], bool)


def look(
    recogniser: Recogniser, pixels: UInt8s, device: torch.device | str = "cpu"
) -> tuple[Float32s, Float32s]:
    """Vectors (n, dim) and cosines to the known people (n, people) of faces (n, px, px, 3)."""
    recogniser.eval()
    bank = FaceBank.of(pixels, np.zeros(len(pixels), np.int64)).to(device)
    vectors, cosines = [], []
    with torch.no_grad():
        for start in range(0, len(pixels), AT_ONCE):
            rows = torch.arange(start, min(start + AT_ONCE, len(pixels)))
            found = recogniser.embed(bank.pick(rows, torch.zeros(len(rows), dtype=torch.bool)))
            vectors.append(found.cpu().numpy())
            cosines.append(recogniser.cosines(found).cpu().numpy())
    dim, n_people = recogniser.people.shape[1], len(recogniser.people)
    empty = np.empty((0, dim), np.float32), np.empty((0, n_people), np.float32)
    return np.concatenate([empty[0], *vectors]), np.concatenate([empty[1], *cosines])


@dataclass(frozen=True, eq=False)
class Unseen:
    """Faces of people who are not trained on.

    Attributes:
        pixels: RGB, uint8, shape (n, px, px, 3).
        trials: Pairs of them, of one person and of two.
    """

    pixels: UInt8s
    trials: Trials

    @classmethod
    def of(
        cls, pixels: np.ndarray, identity: np.ndarray, path: np.ndarray, seed: int = 0
    ) -> "Unseen | None":
        """Pairs of faces; two of one file (a video) are no pair, being alike for other reasons.

        Args:
            pixels: Shape (n, px, px, 3).
            identity: Person of each, shape (n,).
            path: File that each is from, shape (n,).
            seed: Seed of the choice, where there are many.

        Returns:
            None if there is no pair of one person, or none of two.
        """
        kept = keep_clips(identity, seed)
        trials = all_trials(identity[kept], seed)
        path = path[kept]
        trials = trials.only(path[trials.enrolled] != path[trials.tested])
        trials = trials.sample(np.random.default_rng(seed))
        if not trials.same.any() or trials.same.all():
            return None
        return cls(pixels[kept], trials)

    def auc(self, vectors: np.ndarray) -> float:
        """Chance that a pair of one person has the higher cosine than one of two.

        Args:
            vectors: Vectors of length one, shape (n, dim).
        """
        pairs = vectors[self.trials.enrolled], vectors[self.trials.tested]
        scores = np.einsum("td,td->t", *pairs)
        return roc_auc(scores[self.trials.same], scores[~self.trials.same])
