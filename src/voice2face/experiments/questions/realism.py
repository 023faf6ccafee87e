"""Do made faces look like photographs of faces?

The report found "overexposed" faces with batch normalisation, explained them by pixels beyond 1
that are cut when a face is saved, corrected them by a tanh, and held ``bn-tanh`` for the best.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum

import numpy as np

from voice2face.arrays import Float64s, Texts, UInt8s, Vectors
from voice2face.corpus.arrays import Faces
from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.class_score import N_SPLITS, class_score
from voice2face.evaluation.metrics.distances import diversity, frechet_distance, kernel_distance
from voice2face.evaluation.metrics.pixels import memorisation, saturated
from voice2face.evaluation.statistics.intervals import Estimate
from voice2face.experiments.comparing import REAL, independent_difference
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import add_grid
from voice2face.experiments.questions.known_subjects import Classifier
from voice2face.experiments.summary import Cell, Rows, Summary, mean_estimate
from voice2face.experiments.systems import Made
from voice2face.experiments.verdicts import NO_DIFFERENCE, claim

BEYOND_1 = "share of values beyond ±1 before they are cut"
WHITE, BLACK = "share of values at 255", "share of values at 0"
KERNEL, FRECHET, DIVERSITY = "kernel distance", "Fréchet distance", "diversity"
CLASS_SCORE = "class score of the recogniser"
FARTHER = "kernel distance, farther than"
NEAREST = "distance to the nearest training face"
MOST_REAL = 1000  # real faces on either side of a distance
MOST_TRAINING = 20_000  # faces among which the nearest is looked for
N_SHOWN = 8
SAME_NUMBER_NOTE = "falls with the number of faces; all rows have as many"
SCORE_NOTE = (
    "Inception score's formula; rewards faces that are confident and varied, not alike; all rows "
    f"have as many faces; deviation over {N_SPLITS} splits: "
)
SOURCE = "report, ablated models"

Sets = dict[str, tuple[Sequence[Vectors], Texts]]  # of each system its seeds, and whose faces


class Reported(StrEnum):
    """The report's five models, as ``networks.variants`` calls them."""

    BASELINE = "baseline"
    BN = "bn"
    BN_TANH = "bn-tanh"
    TANH = "tanh"
    DROPOUT = "dropout"


# Pairs of models whose overexposure the report compares.
COMPARED = (
    (Reported.BN, Reported.BASELINE),
    (Reported.BN, Reported.BN_TANH),
    (Reported.BASELINE, Reported.TANH),
)


def lacking(context: Context) -> str:
    """Why it can't be asked; "" if it can."""
    return "" if len(context.unseen()) else "nobody's voice to make faces from"


def run(summary: Summary) -> None:
    """Add exposure, distances to real faces, diversity and copies, of each system."""
    context = summary.context
    real = _some(context, context.faces(context.shown))
    _add_exposure(summary, real)
    _add_class_scores(summary, real)
    for text, other in (
        (
            "batch normalisation alone gives 'overexposed' faces, with many pixels larger than 1",
            Reported.BASELINE,
        ),
        ("a tanh mends the overexposure of batch normalisation", Reported.BN_TANH),
    ):  # overexposed is what is cut at the upper end: pixels "larger than 1, which was set to 1"
        rows, model = summary.found(WHITE, "", other, system=Reported.BN), Reported.BN.value
        claim(summary, text, SOURCE, NO_DIFFERENCE, rows, hears=False, model=model)
    _add_distances(summary, real)
    _add_copies(summary, real)


def _some(context: Context, faces: Faces) -> Faces:
    """At most MOST_REAL random faces."""
    rows = np.random.default_rng(context.seed).permutation(len(faces))[:MOST_REAL]
    return faces.only(np.sort(rows))


def _add_exposure(summary: Summary, real: Faces) -> None:
    context, speech = summary.context, summary.context.unseen()
    measures: dict[str, Callable[[Made], Float64s]] = {
        BEYOND_1: lambda made: _beyond(made.raw, len(made.pixels)),
        WHITE: lambda made: _at(made.pixels, 255),
        BLACK: lambda made: _at(made.pixels, 0),
    }
    for measure, of_made in measures.items():
        cell, raw = Cell(measure), measure == BEYOND_1
        values = {
            name: [of_made(context.made(one, speech, raw=raw)) for one in seeds]
            for name, seeds in context.systems(speech).items()
            if name not in context.baselines
        }
        values = {name: seeds for name, seeds in values.items() if not np.isnan(seeds).all()}
        if not raw:
            summary.means(cell, {REAL: [of_made(Made(real.pixels))]}, real.identity)
        summary.means(cell, values, speech.identity)
        for one, other in COMPARED:
            if one in values and other in values:
                found, n = summary.difference(values[one], values[other], speech.identity)
                summary.add(cell, one.value, found, n, against=other.value)


def _add_class_scores(summary: Summary, real: Faces) -> None:
    """Add class scores: how surely and how differently faces are taken for known people."""
    context = summary.context
    if context.recogniser is None:
        return
    classifier = Classifier(context.recogniser)
    pixels = {REAL: [real.pixels]} | context.pixels(context.unseen())
    least = min(len(one) for seeds in pixels.values() for one in seeds)
    if least < 2 * N_SPLITS:
        return
    for system, seeds in pixels.items():
        scores = [class_score(classifier.probabilities(_spread_out(one, least))) for one in seeds]
        mean, deviation = np.mean(scores, axis=0)
        cell = Cell(CLASS_SCORE, "", context.recogniser.stem, note=f"{SCORE_NOTE}{deviation:.2f}")
        summary.number(cell, system, float(mean), least)


def _spread_out(pixels: UInt8s, n: int) -> UInt8s:
    """``n`` of the faces, evenly spaced, since those of one person lie together."""
    return pixels[np.linspace(0, len(pixels) - 1, n).astype(np.int64)]


def _beyond(raw: Vectors | None, n: int) -> Float64s:
    """Share of values beyond ±1, (n,); NaN for faces that no generator gave."""
    return np.full(n, np.nan) if raw is None else saturated(raw)


def _at(pixels: UInt8s, value: int) -> Float64s:
    """Share of each picture's values that equal ``value``, (n,)."""
    return np.asarray((pixels == value).reshape(len(pixels), -1).mean(axis=1), np.float64)


def _add_distances(summary: Summary, real: Faces) -> None:
    """Add distances to held-out real faces; other real faces are the reference."""
    context, speech = summary.context, summary.context.unseen()
    others = _some(context, context.faces("train"))
    farther = Rows(context)
    for embedder in context.embedders:
        held_out = context.embed(embedder, real.pixels), real.identity
        sets: Sets = {REAL: ([context.embed(embedder, others.pixels)], others.identity)}
        for system, seeds in context.vectors(embedder, speech).items():
            sets[system] = seeds, speech.identity
        least = min(len(x) for seeds, _ in sets.values() for x in seeds)
        kernels = {
            system: kernel
            for system, made in sets.items()
            if (kernel := _add_set(summary, system, embedder, made, held_out, least))
        }
        for other in (m for m in Reported if m in kernels and m != Reported.BN_TANH):
            if (own := kernels.get(Reported.BN_TANH)) is not None:
                by = independent_difference(kernels[other], own)
                cell = Cell(FARTHER, other.value, embedder)
                farther.add(cell, other.value, by, (0, least), against=Reported.BN_TANH.value)
    text = "bn-tanh makes the most realistic faces of the five"
    source = f'{SOURCE} ("realistic faces when all the other models did not")'
    model = Reported.BN_TANH.value
    claim(summary, text, source, NO_DIFFERENCE, farther.rows, hears=False, model=model)


def _add_set(
    summary: Summary,
    system: str,
    embedder: str,
    made: tuple[Sequence[Vectors], Texts],
    held_out: tuple[Vectors, Texts],
    least: int,
) -> Estimate | None:
    """Add the three measures of a set of faces; its kernel distance."""
    (of_seeds, who), (real, people) = made, held_out
    rng, seed = np.random.default_rng(summary.context.seed), summary.context.seed
    try:
        kernels, spreads = (
            mean_estimate([of(x, real, people_a=who, people_b=people, seed=seed) for x in of_seeds])
            for of in (kernel_distance, diversity)
        )
    except CorpusError as error:
        summary.add(Cell(KERNEL, "", embedder), system, None, note=str(error))
        return None
    some = [x[np.sort(rng.permutation(len(x))[:least])] for x in of_seeds]
    frechet = float(np.mean([frechet_distance(x, real) for x in some]))
    n = 0, len(of_seeds[0])
    summary.add(Cell(KERNEL, "", embedder), system, kernels, n)
    summary.add(Cell(DIVERSITY, "", embedder), system, spreads, n)
    summary.number(Cell(FRECHET, "", embedder, note=SAME_NUMBER_NOTE), system, frechet, least)
    return kernels


def _add_copies(summary: Summary, real: Faces) -> None:
    """Add how near made and unseen real faces are to training faces; and some of them."""
    context, speech = summary.context, summary.context.unseen()
    training = context.faces("train").pixels[:MOST_TRAINING]
    cell = Cell(NEAREST)
    distance = memorisation(real.pixels, training).distance
    summary.means(cell, {REAL: [distance]}, real.identity, share=False)
    for variant, models in context.models.items():
        made = [context.made(model, speech).pixels for model in models]
        nearest = [memorisation(pixels, training) for pixels in made]
        values = {variant: [one.distance for one in nearest]}
        summary.means(cell, values, speech.identity, share=False)
        rows = np.unique(np.linspace(0, len(speech) - 1, N_SHOWN).astype(int))
        beside = training[nearest[0].index[rows]]
        flipped = nearest[0].mirrored[rows][:, None, None, None]
        beside = np.where(flipped, beside[:, :, ::-1], beside)
        add_grid(
            summary, np.stack([made[0][rows], beside], axis=1), speech.clip[rows].tolist(),
            ("made", "nearest in training"), name=variant,
            title=f"{variant}: made faces and the nearest training face",
        )  # fmt: skip


EXPERIMENT = Experiment(
    name="realism",
    title="Do the faces look like photographs of faces?",
    report_item="Ablated models",
    question="Are the made faces overexposed, how far are they from real faces, how different "
    "from each other, and are they copies of training faces?",
    protocol="One face for each recording of people not trained on, against as many real "
    "faces of people not trained on.",
    measure="Shares of values at the end of their range; Fréchet and kernel distance of "
    "embeddings to those of real faces; spread over that of real faces; distance to the nearest "
    "training face.",
    chance="None; real training faces stand beside the models.",
    unit="People whose voices the faces are made from.",
    lacking=lacking,
    run=run,
)
