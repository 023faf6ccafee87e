"""Test 2: are faces made from unheard recordings of training people taken for these people?"""

from pathlib import Path

import numpy as np

from voice2face.arrays import Float32s, Float64s, Texts, UInt8s
from voice2face.corpus.arrays import Faces
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.embedders.onnx_embedder import OnnxEmbedder
from voice2face.experiments.comparing import MEAN_FACE, REAL, too_few
from voice2face.experiments.context import BASELINE, Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.verdicts import BEYOND, NO_DIFFERENCE, TESTS, Bound, claim

TOP = (1, 5)
REAL_NOTE = "pictures that the classifier was not trained on"


class Classifier:
    """The recogniser as a classifier of training people; models were not trained against it.

    Args:
        path: The recogniser's file, with its description beside it.

    Attributes:
        labels: Names of the people, in the order of the answers.

    Raises:
        ModelError: It is missing or damaged, or no classifier.
    """

    def __init__(self, path: Path) -> None:
        self._network = OnnxEmbedder(path, output="logits")
        self.labels = np.array(self._network.labels, str)

    def ranks(self, pixels: UInt8s, identity: Texts) -> Float64s:
        """Number of people that it holds for likelier than the true one; ties count half.

        Args:
            pixels: RGB, uint8, of the corpus' geometry and size, shape (n, px, px, 3).
            identity: Person of each, among ``labels``, shape (n,).

        Returns:
            Ranks from 0, shape (n,).
        """
        answers = self._answers(pixels)
        place = {person: i for i, person in enumerate(self.labels.tolist())}
        own = answers[np.arange(len(answers)), [place[p] for p in identity.tolist()]][:, None]
        tied = (answers == own).sum(axis=1) - 1
        return np.asarray((answers > own).sum(axis=1) + tied / 2, np.float64)

    def probabilities(self, pixels: UInt8s) -> Float64s:
        """Probability of each person; rows sum to one, (n, people).

        Args:
            pixels: See :meth:`ranks`.
        """
        answers = self._answers(pixels).astype(np.float64)
        odds = np.exp(answers - answers.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def _answers(self, pixels: UInt8s) -> Float32s:
        return self._network.embed(FaceSet.of_crops(pixels, self._network.geometry))


def lacking(context: Context) -> str:
    """Why it can't be asked; "" if it can."""
    if context.recogniser is None:
        return "no classifier of real faces was trained"
    both = np.intersect1d(context.unheard().identity, context.faces("train").identity)
    return too_few(both, "people whose faces were trained on have recordings that were held out")


def run(summary: Summary) -> None:
    """Add top 1 and top 5 of each system, on held-out recordings of training people."""
    context = summary.context
    classifier, unheard = Classifier(context.recogniser or Path()), context.unheard()
    known = unheard.only(np.isin(unheard.identity, classifier.labels))
    pixels, people = _held_out(context.faces("train"), classifier)
    of_real, n = classifier.ranks(pixels, people), len(classifier.labels)
    ranks = {
        name: [classifier.ranks(pixels, known.identity) for pixels in seeds]
        for name, seeds in context.pixels(known).items()
    }
    judge = context.recogniser.stem if context.recogniser else ""
    for k in TOP:
        cell = Cell(measure(k, n), "", judge, chance=min(1.0, k / n))
        summary.means(cell, {REAL: [found(of_real, k)]}, people, notes={REAL: REAL_NOTE})
        shares = {system: [found(one, k) for one in seeds] for system, seeds in ranks.items()}
        summary.means(cell, shares, known.identity, against=(BASELINE, *context.baselines))
        _claims(summary, k, n)
    summary.asked_about(known)


def measure(k: int, n_people: int) -> str:
    """Name of the measure."""
    return f"top {k} of {n_people} people"


def found(ranks: Float64s, k: int) -> Float64s:
    """1 if the true person is among the first k, else 0: (n,)."""
    return (ranks < k).astype(np.float64)


def _held_out(faces: Faces, classifier: Classifier) -> tuple[UInt8s, Texts]:
    """Pixels and people of real pictures that the classifier was not trained on."""
    from voice2face.training.recogniser.measures import held_out

    rows = held_out(faces.identity, faces.path) & np.isin(faces.identity, classifier.labels)
    return faces.pixels[rows], faces.identity[rows]


def _claims(summary: Summary, k: int, n: int) -> None:
    name = measure(k, n)
    known = (
        f"faces made from unheard recordings of training people are taken for these people, top {k}"
    )
    bound = Bound(min(1.0, k / n), "chance").reached_by(summary.found(name, system=REAL))
    claim(summary, f"{known}, more often than by chance", TESTS[2], bound, summary.found(name))
    against = summary.found(name, "", MEAN_FACE)
    claim(summary, f"{known}, more often than the {MEAN_FACE} is", BEYOND, NO_DIFFERENCE, against)


EXPERIMENT = Experiment(
    name="known_subjects",
    title="Are people of the training set recognised in their made faces?",
    report_item="Test 2",
    question="Does a classifier of the training people's real faces recognise who speaks in faces "
    "made from recordings that were held out from all training?",
    protocol="Some recordings of training people are set aside by their names; neither voice "
    "encoder nor generator hears them. The classifier is another network than the one trained "
    "against, learned from real faces alone, with pictures of each person held out.",
    measure="Share of recordings whose speaker is first, or among the first five, of all people "
    "that the classifier knows.",
    chance="One, or five, over the number of people it knows.",
    chapter="tests",
    lacking=lacking,
    run=run,
)
