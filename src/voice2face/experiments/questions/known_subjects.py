"""Test 2: are faces made from unheard recordings of training people taken for these people?"""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from voice2face.corpus.arrays import Faces
from voice2face.errors import ModelError
from voice2face.evaluation.results import Claim, Result, Row
from voice2face.experiments.answers import difference_row, mean_row, write_asked
from voice2face.experiments.claims import BEYOND, TESTS, claim_above, rows_of
from voice2face.experiments.comparing import (
    BASELINE,
    LEAST_PEOPLE,
    MEAN_FACE,
    REAL,
    main_variant,
    systems_of,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.speech import Speech
from voice2face.files import read_regular
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
        try:
            about = msgspec.json.decode(read_regular(described, MOST_BYTES), type=_About)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ModelError(
                described, "missing or damaged", "the recogniser's description", "train it again"
            ) from error
        if LOGITS not in network.outputs or about.input not in network.inputs:
            raise network.wrong(
                f"outputs {', '.join(network.outputs)}"[:200], LOGITS, "train a recogniser"
            )
        return cls(network, about, np.array(about.labels, str))

    def ranks(self, pixels: npt.NDArray[np.uint8], identity: npt.NDArray[np.str_]) -> Floats:
        """How many known people it holds for likelier than the true one; of ties, half.

        Args:
            pixels: RGB, uint8, of the corpus' geometry and size, shape (n, px, px, 3).
            identity: Whose each is, all of them known, shape (n,).

        Returns:
            Shape (n,), from 0.
        """
        answers = self._answers(pixels)
        place = {person: i for i, person in enumerate(self.labels.tolist())}
        own = answers[np.arange(len(answers)), [place[p] for p in identity.tolist()]][:, None]
        tied = (answers == own).sum(axis=1) - 1
        return np.asarray((answers > own).sum(axis=1) + tied / 2, np.float64)

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


def run(context: Context, experiment: Experiment) -> Result:
    """Top 1 and top 5 of each system on recordings of training people that no stage has heard."""
    seeds = {"resampling": context.seed}
    about = {"seeds": seeds, "sources": context.sources(), "made_by": context.made_by}
    if context.recogniser is None:
        return experiment.result(left_out="no classifier of real faces was trained", **about)
    classifier = Classifier.of(context.recogniser)
    unheard = context.unheard()
    known = np.isin(unheard.identity, classifier.labels)
    n_people = len(np.unique(unheard.identity[known]))
    if n_people < LEAST_PEOPLE:
        reason = (
            f"{n_people} people whose faces were trained on have recordings that no stage has "
            f"heard; {LEAST_PEOPLE} or more are needed"
        )
        return experiment.result(left_out=reason, **about)
    ranks = _ranks(context, classifier, unheard, known)
    rows = _rows(context, classifier, ranks, unheard.identity[known])
    return experiment.result(
        rows=rows,
        claims=_claims(context, rows),
        trials_sha256=write_asked(context, experiment.name, unheard.only(known)),
        **about,
    )


def _ranks(
    context: Context, classifier: Classifier, unheard: Speech, known: npt.NDArray[np.bool_]
) -> dict[str, list[Floats]]:
    """Ranks of each system's faces, one array of each seed."""
    people = unheard.identity[known]
    return {
        name: [
            classifier.ranks(context.made(one, unheard, "unheard").pixels[known], people)
            for one in seeds
        ]
        for name, seeds in systems_of(context).items()
    }


def _rows(
    context: Context,
    classifier: Classifier,
    ranks: dict[str, list[Floats]],
    people: npt.NDArray[np.str_],
) -> list[Row]:
    real = _held_out(context.faces("train"), classifier)
    of_real = classifier.ranks(*real)
    judge = context.recogniser.stem if context.recogniser else ""
    rows: list[Row] = []
    for k in TOP:
        chance = min(1.0, k / len(classifier.labels))
        name = measure(k, len(classifier.labels))
        if len(np.unique(real[1])) >= LEAST_PEOPLE:
            rows.append(
                mean_row(
                    context, REAL, name, found(of_real, k), real[1],
                    embedder=judge, chance=chance, note=REAL_NOTE,
                )
            )  # fmt: skip
        shares = {system: [found(one, k) for one in seeds] for system, seeds in ranks.items()}
        for system, values in shares.items():
            rows.append(
                mean_row(context, system, name, values, people, embedder=judge, chance=chance)
            )
        for system in context.models:
            for other in (o for o in (BASELINE, *context.rivals) if o in shares and o != system):
                pair = shares[system], shares[other]
                rows.append(
                    difference_row(context, (system, other), name, pair, people, embedder=judge)
                )
    return rows


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


def _claims(context: Context, rows: list[Row]) -> list[Claim]:
    model = main_variant(context)
    known = "faces made from unheard recordings of training people are taken for these people"
    claims = []
    for k in TOP:
        of_k = [row for row in rows if row.measure.startswith(f"top {k} ")]
        if not of_k:
            continue
        name, level = of_k[0].measure, of_k[0].chance or 0.0
        text = f"{known}, top {k}, more often than by chance"
        claims.append(claim_above(text, TESTS[2], rows_of(of_k, model, name), level, ""))
        against = rows_of(of_k, model, name, against=MEAN_FACE)
        text = f"{known}, top {k}, more often than the mean face is"
        claims.append(claim_above(text, BEYOND, against, 0.0, ""))
    return [claim for claim in claims if claim is not None]


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
    run=run,
)
