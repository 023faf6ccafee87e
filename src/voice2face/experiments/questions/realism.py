"""Do made faces look like photographs of faces? What the report says of its five models' pictures.

The report saw "overexposed" faces with batch normalisation, explained them by pixels beyond 1 that
are cut when a face is saved, mended them by a tanh, and thought ``bn-tanh`` best.
"""

import numpy as np
import numpy.typing as npt

from voice2face.corpus.arrays import Faces
from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.distances import diversity, frechet_distance, kernel_distance
from voice2face.evaluation.metrics.pixels import memorisation, saturated
from voice2face.evaluation.results import Claim, Result, Row, Verdict
from voice2face.experiments.answers import (
    as_estimate_row,
    difference_row,
    find_row,
    mean_row,
    of_models,
    shown,
    write_grid,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.systems import Made

REAL = "real faces"
BEYOND = "share of values beyond ±1 before they are cut"
WHITE = "share of values at 255"
BLACK = "share of values at 0"
KERNEL, FRECHET, DIVERSITY = "kernel distance", "Fréchet distance", "diversity"
NEAREST = "distance to the nearest training face"
MOST_REAL = 1000  # real faces on either side of a distance
MOST_TRAINING = 20_000  # faces among which the nearest is looked for
N_SHOWN = 8
SAME_NUMBER_NOTE = "falls with the number of faces; all rows have as many"


def run(context: Context, experiment: Experiment) -> Result:
    """Pixels at their end, distances to real faces, diversity and copies, of each model."""
    speech = context.unseen()
    real = _some(context, context.faces(context.shown))
    rows = _exposure(context, real) + _distances(context, real)
    copies, grids = _copies(context, real)
    return experiment.result(
        rows=rows + copies,
        claims=_claims(rows),
        grids=grids,
        seeds={"resampling": context.seed},
        sources=context.sources(),
        made_by=context.made_by,
        left_out="" if len(speech) else "nobody's voice to make faces from",
    )


def _some(context: Context, faces: Faces) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.str_]]:
    """Pixels and identities of at most MOST_REAL faces."""
    rng = np.random.default_rng(context.seed)
    rows = np.sort(rng.permutation(len(faces))[:MOST_REAL])
    return faces.pixels[rows], faces.identity[rows]


def _exposure(
    context: Context, real: tuple[npt.NDArray[np.uint8], npt.NDArray[np.str_]]
) -> list[Row]:
    speech = context.unseen()
    pixels, people = real
    rows = [
        mean_row(context, REAL, measure, _at(pixels, value), people)
        for measure, value in ((WHITE, 255), (BLACK, 0))
    ]
    measures = {
        BEYOND: lambda made: saturated(made.raw),
        WHITE: lambda made: _at(made.pixels, 255),
        BLACK: lambda made: _at(made.pixels, 0),
    }
    for measure, of_made in measures.items():
        values = of_models(context, speech, "unseen", of_made, raw=measure == BEYOND)
        rows += [mean_row(context, v, measure, x, speech.identity) for v, x in values.items()]
        rows += [
            difference_row(context, (a, b), measure, (values[a], values[b]), speech.identity)
            for a, b in (("bn", "baseline"), ("bn", "bn-tanh"), ("baseline", "tanh"))
            if a in values and b in values
        ]
    return rows


def _at(pixels: npt.NDArray[np.uint8], value: int) -> npt.NDArray[np.float64]:
    """Share of each picture's values that are this one, (n,)."""
    return np.asarray((pixels == value).reshape(len(pixels), -1).mean(axis=1), np.float64)


def _distances(
    context: Context, real: tuple[npt.NDArray[np.uint8], npt.NDArray[np.str_]]
) -> list[Row]:
    """Against held-out real faces: by each embedder; other real faces are the reference."""
    speech, (pixels, people) = context.unseen(), real
    others = _some(context, context.faces("train"))
    rows: list[Row] = []
    for name in context.embedders:
        held_out = context.embed(name, pixels)
        sets = {REAL: [(context.embed(name, others[0]), others[1])]}
        for variant, models in context.models.items():
            made = [context.made_vectors(name, model, speech, "unseen") for model in models]
            sets[variant] = [(one, speech.identity) for one in made]
        for rival, system in context.rivals.items():
            vectors = context.made_vectors(name, system, speech, "unseen")
            sets[rival] = [(vectors, speech.identity)]
        least = min(len(x) for of_seeds in sets.values() for x, _ in of_seeds)
        for system_name, of_seeds in sets.items():
            rows += _of_set(context, system_name, name, of_seeds, (held_out, people), least)
    return rows


def _of_set(
    context: Context,
    system: str,
    embedder: str,
    of_seeds: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.str_]]],
    held_out: tuple[npt.NDArray[np.float32], npt.NDArray[np.str_]],
    least: int,
) -> list[Row]:
    """The three measures of a set of faces; of several seeds, of the first, with their range."""
    real, people = held_out
    rng = np.random.default_rng(context.seed)
    kernels, spreads, frechets = [], [], []
    for vectors, identity in of_seeds:
        try:
            kernels.append(
                kernel_distance(
                    vectors, real, people_a=identity, people_b=people, seed=context.seed
                )
            )
            spreads.append(
                diversity(
                    vectors, real, people_made=identity, people_real=people, seed=context.seed
                )
            )
        except CorpusError as error:
            return [Row(system, KERNEL, embedder=embedder, note=str(error))]
        chosen = np.sort(rng.permutation(len(vectors))[:least])
        frechets.append(frechet_distance(vectors[chosen], real))
    note = ""
    if len(of_seeds) > 1:
        values = [one.value for one in kernels]
        note = f"first of {len(of_seeds)} seeds, {min(values):.3g} to {max(values):.3g}"
    n = len(of_seeds[0][0])
    return [
        as_estimate_row(system, KERNEL, kernels[0], n, embedder, note),
        as_estimate_row(system, DIVERSITY, spreads[0], n, embedder),
        Row(
            system, FRECHET, embedder=embedder, value=frechets[0], n_trials=least,
            note=SAME_NUMBER_NOTE,
        ),
    ]  # fmt: skip


def _copies(
    context: Context, real: tuple[npt.NDArray[np.uint8], npt.NDArray[np.str_]]
) -> tuple[list[Row], list]:  # type: ignore[type-arg]
    """How near made faces are to training faces, beside unseen real ones; and some of them."""
    speech, training = context.unseen(), context.faces("train").pixels[:MOST_TRAINING]
    pixels, people = real
    rows = [mean_row(context, REAL, NEAREST, memorisation(pixels, training).distance, people)]
    grids = []
    for variant, models in context.models.items():
        made: list[Made] = [context.made(model, speech, "unseen") for model in models]
        nearest = [memorisation(one.pixels, training) for one in made]
        distances = [one.distance for one in nearest]
        rows.append(mean_row(context, variant, NEAREST, distances, speech.identity))
        shown_rows = np.unique(np.linspace(0, len(speech) - 1, N_SHOWN).astype(int))
        beside = training[nearest[0].index[shown_rows]]
        flipped = nearest[0].mirrored[shown_rows][:, None, None, None]
        beside = np.where(flipped, beside[:, :, ::-1], beside)
        cells = np.stack([made[0].pixels[shown_rows], beside], axis=1)
        about = {
            "name": variant, "title": f"{variant}: made faces and the nearest training face",
        }  # fmt: skip
        labels = [str(speech.clip[i]) for i in shown_rows]
        columns = ("made", "nearest in training")
        grids.append(write_grid(context.out, "realism", cells, about, labels, columns))
    return rows, grids


def _claims(rows: list[Row]) -> list[Claim]:
    claims = []
    # Overexposed is what is cut at the upper end: pixels "larger than 1, which was set to 1".
    above = find_row(rows, "bn", BEYOND, against="baseline")
    white = find_row(rows, "bn", WHITE, against="baseline")
    if above is not None and white is not None:
        evidence = (
            f"values at 255: bn above baseline by {shown(white)}; "
            f"values beyond ±1 by {shown(above)}"
        )
        text = "batch normalisation alone gives 'overexposed' faces, with many pixels larger than 1"
        claims.append(Claim(text, "report, ablated models", _verdict(white), evidence))
    mended = find_row(rows, "bn", WHITE, against="bn-tanh")
    if mended is not None:
        evidence = f"values at 255: bn above bn-tanh by {shown(mended)}"
        text = "a tanh mends the overexposure of batch normalisation"
        claims.append(Claim(text, "report, ablated models", _verdict(mended), evidence))
    return claims + _best(rows)


def _best(rows: list[Row]) -> list[Claim]:
    """Whether ``bn-tanh`` is nearest to real faces by each embedder."""
    claims = []
    models = ("baseline", "bn", "bn-tanh", "tanh", "dropout")
    for embedder in dict.fromkeys(r.embedder for r in rows if r.measure == KERNEL):
        found = {m: find_row(rows, m, KERNEL, embedder=embedder) for m in models}
        known = {m: r for m, r in found.items() if r is not None and r.value is not None}
        if "bn-tanh" not in known or len(known) < 2:
            continue
        order = sorted(known, key=lambda m: known[m].value or 0.0)
        own, best_other = known["bn-tanh"], known[next(m for m in order if m != "bn-tanh")]
        verdict: Verdict = "cannot be told"
        if (own.high or 0) < (best_other.low or 0):
            verdict = "holds"
        elif (own.low or 0) > (best_other.high or 0):
            verdict = "does not hold"
        evidence = "kernel distance to unseen real faces: " + ", ".join(
            f"{m} {shown(known[m])}" for m in order
        )
        text = f"bn-tanh makes the most realistic faces of the five (by {embedder})"
        source = 'report, ablated models ("realistic faces when all the other models did not")'
        claims.append(Claim(text, source, verdict, evidence))
    return claims


def _verdict(row: Row) -> Verdict:
    """Of a difference that the claim has above 0."""
    if row.low is None or row.high is None:
        return "cannot be told"
    if row.low > 0:
        return "holds"
    return "does not hold" if row.high <= 0 else "cannot be told"


EXPERIMENT = Experiment(
    name="realism",
    title="Do the faces look like photographs of faces?",
    report_item="Ablated models",
    question="Are the made faces overexposed, how far are they from real faces, how different "
    "from each other, and are they copies of training faces?",
    protocol="One face for each recording of people whom no stage has met, against as many real "
    "faces of people not trained on.",
    measure="Shares of values at the end of their range; Fréchet and kernel distance of "
    "embeddings to those of real faces; spread over that of real faces; distance to the nearest "
    "training face.",
    chance="None; real training faces stand beside the models.",
    unit="People whose voices the faces are made from.",
    run=run,
)
