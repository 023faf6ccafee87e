"""The best possible matcher of synthetic people, as vectors that any measure takes."""

from collections.abc import Mapping
from pathlib import Path
from statistics import NormalDist

import numpy as np

from voice2face.arrays import Float64s
from voice2face.corpus import Corpus
from voice2face.errors import CorpusError
from voice2face.experiments.recordings import texts
from voice2face.synthetic.latent import OLDEST, SHARED, YOUNGEST
from voice2face.synthetic.write import read_facts


def oracle(heard: Float64s, seen: Float64s, coupling: float) -> tuple[Float64s, Float64s]:
    """Vectors whose cosine orders faces as the best possible decision does.

    Up to a term that depends on the voice alone, log p(seen | heard) / p(seen) is the product of a
    vector of the voice and one of the face: its numbers and their squares. A last number brings
    all vectors of faces to one length.

    Args:
        heard: Columns as in ``latent.SHARED``, shape (n, 4).
        seen: Shape (m, 4).
        coupling: From 0 to 1.

    Returns:
        Shapes (n, 8) and (m, 8).
    """
    ones = np.ones((len(heard), 3))
    if coupling == 1:  # the face that has the same numbers: the nearest
        of_voice = np.hstack([-ones, 2 * heard[:, 1:], 2 * heard[:, :1]])
    else:
        left = 1 - coupling**2
        sex = np.arctanh(coupling) * heard[:, :1]
        of_voice = np.hstack(
            [-(coupling**2) / (2 * left) * ones, coupling / left * heard[:, 1:], sex]
        )
    of_face = np.hstack([seen[:, 1:] ** 2, seen[:, 1:], seen[:, :1]])
    squares = (of_face**2).sum(axis=1)
    slack = np.sqrt(squares.max() - squares)
    return (
        np.hstack([of_voice, np.zeros((len(heard), 1))]),
        np.hstack([of_face, slack[:, None]]),
    )


def shared_numbers(attributes: Mapping[str, np.ndarray], half: str) -> Float64s | None:
    """What is heard, or seen, of synthetic people, from the columns of their table: (n, 4).

    Returns:
        Columns as in ``latent.SHARED``; None for a corpus of other people.
    """
    names = [f"{half}_{name}" for name in SHARED]
    if any(name not in attributes for name in names):
        return None
    cells = [texts(np.asarray(attributes[name], object)) for name in names]
    if any((column == "").any() for column in cells):
        return None
    sex = np.where(cells[0] == "male", 1.0, -1.0)
    share = (cells[1].astype(float) - YOUNGEST) / (OLDEST - YOUNGEST)
    age = [NormalDist().inv_cdf(x) for x in np.clip(share, 1e-4, 1 - 1e-4)]
    return np.column_stack([sex, age, cells[2].astype(float), cells[3].astype(float)])


def coupling_of(corpus: Corpus) -> float | None:
    """Coupling of the cohort that a corpus was made from; None if its folder is gone."""
    for source in corpus.info.sources:
        path = Path(source.path)
        try:
            return read_facts(path if path.is_dir() else path.parent).settings.coupling
        except CorpusError:
            continue
    return None
