"""Figure 3: faces from noise."""

import numpy as np
import numpy.typing as npt

from voice2face.evaluation.metrics.cosine import unit
from voice2face.evaluation.results import Claim, Grid, Result, Row, Series, Verdict
from voice2face.evaluation.statistics.intervals import Estimate, estimate
from voice2face.experiments.answers import write_grid
from voice2face.experiments.claims import TESTS
from voice2face.experiments.comparing import (
    LEAST_PEOPLE,
    Judged,
    Vectors,
    by_person,
    claim_by,
    independent_difference,
    main_variant,
    some_people,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.questions.durations import DURATIONS_S
from voice2face.experiments.speech import NOISES, Speech, noise

N_DRAWS = 12  # of each kind of noise and duration
TABLE_S = 3  # the duration of the table
SPEECH = "speech"
FAR, SPREAD = "distance to the mean face of speech", "distance between faces of one kind"
TITLES = {
    "white": "White Gaussian Noise",
    "pink": "Pink Noise",
    "brown": "Brown Noise",
    "babble": "Babble Noise",
}
OTHER = "noise gives other faces than speech does"

ONE_FACE = "the model makes one face of all speech"
LEAST = 1e-9  # of a mean of 1 - cosine: what is less is rounding

Floats = npt.NDArray[np.float64]


def run(context: Context, experiment: Experiment) -> Result:
    """Faces of each noise and duration, and how far they are from those of speech."""
    people = by_person(some_people(context.unseen(), context.seed))
    if len(people) < LEAST_PEOPLE:
        return experiment.result(left_out=f"{len(people)} people not trained on have a voice")
    front_end = context.corpus.info.front_end
    heard = {
        (kind, s): noise(kind, s, N_DRAWS, people, front_end, seed=context.seed)
        for kind in NOISES
        for s in DURATIONS_S
    }
    long_enough = people.at_least(TABLE_S)
    spoken = long_enough if len(long_enough) >= LEAST_PEOPLE else people
    heard |= {(SPEECH, s): spoken.cut(s) for s in DURATIONS_S}
    found = {
        (variant, embedder): _measured(context, variant, embedder, heard)
        for variant in context.models
        for embedder in context.embedders
    }
    main = main_variant(context)
    return experiment.result(
        rows=[row for key, one in found.items() for row in rows_of(key, one)],
        series=[s for (v, e), one in found.items() if v == main for s in series_of(e, one)],
        grids=[grid_of(context, experiment.name, heard)],
        claims=claims_of(context, found),
        seeds={"noise": context.seed, "choice of people": context.seed, "resampling": context.seed},
        sources=context.sources(),
        made_by=context.made_by,
    )


Heard = dict[tuple[str, int], Speech]
# By measure, kind and duration.
Measured = dict[tuple[str, str, int], tuple[Estimate, int]]


def _measured(context: Context, variant: str, embedder: str, heard: Heard) -> Measured:
    """Both measures of one model, the mean over its seeds."""
    values: dict[tuple[str, str, int], list[Floats]] = {}
    for model in context.models[variant]:
        vectors = {
            key: context.embed(embedder, context.made(model, x, f"noise {key}").pixels)
            for key, x in heard.items()
        }
        for (kind, seconds), own in vectors.items():
            known = vectors[SPEECH, seconds]
            far = distances_to_mean(own, known, same=kind == SPEECH)
            of_speech = distances_to_mean(known, known, same=True)
            values.setdefault((FAR, kind, seconds), []).append(times(far, of_speech))
            apart = times(spread(own), spread(known))
            values.setdefault((SPREAD, kind, seconds), []).append(apart)
    found = {}
    for (measure, kind, seconds), of_seeds in values.items():
        x, names = np.mean(of_seeds, axis=0), heard[kind, seconds].clip
        if np.isnan(x).any():
            continue
        one = estimate(x, names, seed=context.seed, n_resamples=context.n_resamples)
        found[measure, kind, seconds] = one, len(x)
    return found


def distances_to_mean(vectors: Vectors, known: Vectors, *, same: bool) -> Floats:
    """One minus the cosine to the mean of known faces, each of length one: (n,).

    Args:
        vectors: Shape (n, dim).
        known: Shape (m, dim).
        same: They are the same faces: each is then compared with the mean of the others.
    """
    a, b = unit(np.asarray(vectors, np.float64)), unit(np.asarray(known, np.float64))
    total = b.sum(axis=0)
    means = unit(total - a if same else np.broadcast_to(total, a.shape))
    return np.asarray(1 - (a * means).sum(axis=1))


def spread(vectors: Vectors) -> Floats:
    """One minus the cosine, of each to the others in the mean: (n,)."""
    a = unit(np.asarray(vectors, np.float64))
    cosines = a @ a.T
    others = cosines.sum(axis=1) - np.diag(cosines)
    return np.asarray(1 - others / max(len(a) - 1, 1))


def times(values: Floats, of_speech: Floats) -> Floats:
    """Values over the mean of others; NaN where all of these are one face."""
    mean = float(of_speech.mean())
    return values / mean if mean > LEAST else np.full(len(values), np.nan)


def rows_of(key: tuple[str, str], found: Measured) -> list[Row]:
    """A column a kind of noise, at one duration; and each noise against speech."""
    variant, embedder = key
    rows = []
    for measure in (FAR, SPREAD):
        for kind in (SPEECH, *NOISES):
            if (measure, kind, TABLE_S) not in found:
                row = Row(variant, measure, f"{kind}, {TABLE_S} s", embedder, note=ONE_FACE)
                rows.append(row)
                continue
            one, n = found[measure, kind, TABLE_S]
            stratum = f"{kind}, {TABLE_S} s"
            row = Row(
                variant, measure, stratum, embedder, one.value, one.low, one.high,
                n if kind == SPEECH else 0, n,
            )  # fmt: skip
            rows.append(row)
            if kind == SPEECH:
                continue
            by = independent_difference(one, found[measure, SPEECH, TABLE_S][0])
            row = Row(
                variant, measure, stratum, embedder, by.value, by.low, by.high, 0, n,
                against=f"{variant}, {SPEECH}",
            )  # fmt: skip
            rows.append(row)
    return rows


def series_of(embedder: str, found: Measured) -> list[Series]:
    """Both measures over the duration, a line a kind."""
    series = []
    for measure in (FAR, SPREAD):
        for kind in (SPEECH, *NOISES):
            known = [s for s in DURATIONS_S if (measure, kind, s) in found]
            got = [found[measure, kind, s][0] for s in known]
            line = Series(
                kind, list(known), [e.value for e in got], [e.low for e in got],
                [e.high for e in got], x_label="duration (s)", y_label="times that of speech",
                panel=f"{measure}, by {embedder}",
            )  # fmt: skip
            series.append(line)
    return series


def grid_of(context: Context, name: str, heard: Heard) -> Grid:
    """A row a kind of noise, a column a duration, as the report has it."""
    variant = main_variant(context)
    model = context.models[variant][0]
    cells = np.stack(
        [
            np.stack(
                [context.made(model, heard[k, s], f"noise {(k, s)}").pixels[0] for s in DURATIONS_S]
            )
            for k in NOISES
        ]
    )
    about = {
        "name": "faces",
        "title": f"Faces made by {variant} from noise",
        "row_title": "noise",
        "column_title": "duration",
    }
    columns = [f"({'abcde'[i]}) {s} s" for i, s in enumerate(DURATIONS_S)]
    return write_grid(context.out, name, cells, about, [TITLES[k] for k in NOISES], columns)


def claims_of(context: Context, found: dict[tuple[str, str], Measured]) -> list[Claim]:
    """Whether each noise lies further from the mean face of speech than speech itself."""
    variant = main_variant(context)

    def judged(embedder: str) -> Judged | None:
        one = found[variant, embedder]
        if (FAR, SPEECH, TABLE_S) not in one:
            return "cannot be told", ONE_FACE
        speech = one[FAR, SPEECH, TABLE_S][0]
        by = {k: independent_difference(one[FAR, k, TABLE_S][0], speech) for k in NOISES}
        verdict: Verdict = "cannot be told"
        if all(difference.low > 0 for difference in by.values()):
            verdict = "holds"
        elif any(difference.high <= 0 for difference in by.values()):
            verdict = "does not hold"
        shown = ", ".join(f"{kind} {difference}" for kind, difference in by.items())
        return verdict, (
            f"{variant}, {TABLE_S} s, how much further from the mean face of speech than faces of "
            f"speech are, in units of their distance: {shown}"
        )

    return claim_by(context, OTHER, f"{TESTS[1]}; report, Figure 3", judged)


EXPERIMENT = Experiment(
    name="noise_faces",
    title="Faces from noise",
    report_item="Figure 3",
    question="What faces does noise give, and are they other faces than those of speech?",
    protocol=f"{N_DRAWS} draws of white, pink and brown noise, and of babble mixed from six "
    "people's speech, without voice activity detection, at 1, 2, 3, 5 and 10 s; beside them speech "
    "of as much of people whom no stage has met, cut from their recordings put one after the other "
    "(all of it where there is less).",
    measure="One minus the cosine of embeddings: to the mean face of speech of the same duration "
    "(of speech itself, of the other speakers), and between faces of one kind; both as multiples "
    "of that of speech.",
    chance="None; speech is 1.",
    unit="Draws of noise; of speech, people.",
    run=run,
)
