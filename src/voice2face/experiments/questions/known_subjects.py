"""Test 2: are faces made from unheard recordings of training people taken for these people?"""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.corpus.arrays import Faces
from voice2face.experiments.comparing import LEAST_PEOPLE, MEAN_FACE, REAL
from voice2face.experiments.context import BASELINE, Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.verdicts import BEYOND, NO_DIFFERENCE, TESTS, Bound, claim
from voice2face.json_files import read_json
from voice2face.networks.onnx_network import Network

TOP = (1, 5)
AT_ONCE = 64  # faces
LOGITS = "logits"
REAL_NOTE = "pictures that the classifier was not trained on"

Floats = npt.NDArray[np.float64]


MOST_BYTES = 1 << 26  # of the description, which names all people


class _About(msgspec.Struct, frozen=True):
    """What is needed of the JSON file beside a classifier."""

    input: str
    labels: list[str]
    mean: list[float]
    std: list[float]


@dataclass(frozen=True, eq=False)
class Classifier:
    """The recogniser's answer to whose face it is; nothing of it is shared with the critics.

    Attributes:
        labels: People, in the order of the answers.
    """

    network: Network
    about: _About
    labels: npt.NDArray[np.str_]

    @classmethod
    def of(cls, path: Path) -> "Classifier":
        """The recogniser of a file.

        Raises:
            ModelError: It is missing or damaged, or says nothing of known people.
        """
        network, described = Network(path), path.with_suffix(".json")
        wanted = "the recogniser's description"
        about = read_json(described, _About, wanted, "train it again", most_bytes=MOST_BYTES)
        if LOGITS not in network.outputs or about.input not in network.inputs:
            raise network.wrong(
                f"outputs {', '.join(network.outputs)}"[:200], LOGITS, "train a recogniser"
            )
        return cls(network, about, np.array(about.labels, str))

    def ranks(self, pixels: npt.NDArray[np.uint8], identity: npt.NDArray[np.str_]) -> Floats:
        """How many known people it holds for likelier than the true one; of ties, half.

        Args:
            pixels: RGB, uint8, of the corpus' geometry and size, shape (n, px, px, 3).
            identity: Person of each, all of them known, shape (n,).

        Returns:
            Shape (n,), from 0.
        """
        answers = self._answers(pixels)
        place = {person: i for i, person in enumerate(self.labels.tolist())}
        own = answers[np.arange(len(answers)), [place[p] for p in identity.tolist()]][:, None]
        tied = (answers == own).sum(axis=1) - 1
        return np.asarray((answers > own).sum(axis=1) + tied / 2, np.float64)

    def probabilities(self, pixels: npt.NDArray[np.uint8]) -> Floats:
        """How likely it holds each known person for, rows that sum to one: (n, people).

        Args:
            pixels: As :meth:`ranks` takes them.
        """
        answers = self._answers(pixels).astype(np.float64)
        odds = np.exp(answers - answers.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def _answers(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        mean, std = (
            np.array(v, np.float32)[:, None, None] for v in (self.about.mean, self.about.std)
        )
        found = [np.empty((0, len(self.labels)), np.float32)]
        for start in range(0, len(pixels), AT_ONCE):
            fed = pixels[start : start + AT_ONCE].transpose(0, 3, 1, 2).astype(np.float32)
            (answer,) = self.network.run([LOGITS], {self.about.input: (fed - mean) / std})
            found.append(answer)
        return np.concatenate(found)


def lacking(context: Context) -> str:
    """Why nothing can be asked; "" where something can."""
    if context.recogniser is None:
        return "no classifier of real faces was trained"
    both = np.intersect1d(context.unheard().identity, context.faces("train").identity)
    if len(both) >= LEAST_PEOPLE:
        return ""
    return (
        f"{len(both)} people whose faces were trained on have recordings that no stage has heard; "
        f"{LEAST_PEOPLE} or more are needed"
    )


def run(summary: Summary) -> None:
    """Top 1 and top 5 of each system on recordings of training people that no stage has heard."""
    context = summary.context
    classifier, unheard = Classifier.of(context.recogniser or Path()), context.unheard()
    known = unheard.only(np.isin(unheard.identity, classifier.labels))
    pixels, people = _held_out(context.faces("train"), classifier)
    of_real, n = classifier.ranks(pixels, people), len(classifier.labels)
    ranks = {
        name: [classifier.ranks(context.made(one, known).pixels, known.identity) for one in seeds]
        for name, seeds in context.systems(known).items()
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
    """Name of what is counted."""
    return f"top {k} of {n_people} people"


def found(ranks: Floats, k: int) -> Floats:
    """Whether the true person is among the first k: 1 or 0, (n,)."""
    return (ranks < k).astype(np.float64)


def _held_out(
    faces: Faces, classifier: Classifier
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.str_]]:
    """Pixels and people of the real pictures that the classifier was not trained on."""
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
    "made from recordings that no stage has heard?",
    protocol="Some recordings of training people are set aside by their names; neither voice "
    "encoder nor generator hears them. The classifier is another network than the one trained "
    "against, learned from real faces alone, with pictures of each person held out.",
    measure="Share of recordings whose speaker is first, or among the first five, of all people "
    "that the classifier knows.",
    chance="One, or five, over the number of people it knows.",
    unit="People.",
    chapter="tests",
    lacking=lacking,
    run=run,
)
