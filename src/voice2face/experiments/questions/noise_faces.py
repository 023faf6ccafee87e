"""Figure 3: faces from noise."""

import numpy as np

from voice2face.arrays import Float64s, Vectors
from voice2face.evaluation.metrics.cosine import unit
from voice2face.evaluation.results import Series
from voice2face.evaluation.statistics.intervals import Estimate
from voice2face.experiments.comparing import (
    LEAST_PEOPLE,
    MOST_PEOPLE,
    independent_difference,
    too_few,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import add_grid, lettered
from voice2face.experiments.noises import BABBLE, NOISES, PLAIN_NOISES, noise
from voice2face.experiments.questions.durations import DURATIONS_S
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.summary import Cell, Summary
from voice2face.experiments.verdicts import BEYOND, NO_DIFFERENCE, TESTS, claim

N_DRAWS = 12  # recordings of each kind of noise and duration
TABLE_S = 3  # duration of the table
SPEECH = "speech"
FAR, SPREAD = "distance to the mean face of speech", "distance between faces of one kind"
TITLES = {
    "white": "White Gaussian Noise",
    "pink": "Pink Noise",
    "brown": "Brown Noise",
    "babble": "Babble Noise",
}
OTHER = "white, pink and brown noise give other faces than speech does"
OF_BABBLE = "babble, which is speech of several people, gives other faces than one speaker does"
ONE_FACE = "the model makes one face of all speech"
LEAST = 1e-9  # means of 1 - cosine below are rounding

Heard = dict[tuple[str, int], Recordings]
# By measure, kind and duration: the estimate, and the number of recordings.
Measured = dict[tuple[str, str, int], tuple[Estimate, int]]


def lacking(context: Context) -> str:
    """Why it can't be asked; "" if it can."""
    return too_few(context.unseen().identity, "people not trained on have a voice")


def run(summary: Summary) -> None:
    """Add faces of each noise and duration, and how far they are from those of speech."""
    context = summary.context
    people = context.unseen().of_some_people(MOST_PEOPLE, context.seed).by_person()
    heard = heard_of(context, people)
    for variant in context.models:
        for embedder in context.embedders:
            found = _measured(summary, variant, embedder, heard)
            add_rows(summary, variant, embedder, found)
            summary.series += _lines(embedder, found) if variant == context.main else []
    for text, source, kinds in (
        (OTHER, f"{TESTS[1]}; report, Figure 3", PLAIN_NOISES),
        (OF_BABBLE, BEYOND, (BABBLE,)),
    ):
        strata = [f"{kind}, {TABLE_S} s" for kind in kinds]
        rows = summary.found(FAR, None, f"{context.main}, {SPEECH}")
        claim(summary, text, source, NO_DIFFERENCE, [r for r in rows if r.stratum in strata])
    model = context.models[context.main][0]
    cells = [[context.made(model, heard[k, s]).pixels[0] for s in DURATIONS_S] for k in NOISES]
    add_grid(
        summary, np.array(cells, np.uint8), [TITLES[kind] for kind in NOISES],
        lettered([f"{s} s" for s in DURATIONS_S]), row_title="noise", column_title="duration",
        title=f"Faces made by {context.main} from noise",
    )  # fmt: skip


def heard_of(context: Context, people: Recordings) -> Heard:
    """Noise of each kind, and speech, by kind and duration in s."""
    front_end, seed = context.corpus.info.front_end, context.seed
    long_enough = people.at_least(TABLE_S)
    spoken = long_enough if len(long_enough) >= LEAST_PEOPLE else people
    found = {
        (kind, s): noise(kind, s, N_DRAWS, people, front_end, seed=seed)
        for kind in NOISES
        for s in DURATIONS_S
    }
    return found | {(SPEECH, s): spoken.cut(s) for s in DURATIONS_S}


def _measured(summary: Summary, variant: str, embedder: str, heard: Heard) -> Measured:
    """Both measures of a model, as multiples of those of speech; means over its seeds."""
    context, values = summary.context, dict[tuple[str, str, int], list[Float64s]]()
    for model in context.models[variant]:
        vectors = {k: context.made_vectors(embedder, model, x) for k, x in heard.items()}
        for (kind, seconds), own in vectors.items():
            known = vectors[SPEECH, seconds]
            far = distances_to_mean(own, known, same=kind == SPEECH)
            of_speech = distances_to_mean(known, known, same=True)
            values.setdefault((FAR, kind, seconds), []).append(times(far, of_speech))
            apart = times(spread(own), spread(known))
            values.setdefault((SPREAD, kind, seconds), []).append(apart)
    found: Measured = {}
    for key, of_seeds in values.items():
        if not np.isnan(of_seeds).any():
            one, (_, n) = summary.mean(of_seeds, heard[key[1:]].clip, ends=None)
            found |= {key: (one, n)} if one is not None else {}
    return found


def distances_to_mean(vectors: Vectors, known: Vectors, *, same: bool) -> Float64s:
    """One minus the cosine to the mean of known faces, all at length one: (n,).

    Args:
        vectors: Shape (n, dim).
        known: Shape (m, dim).
        same: Whether both are the same faces; each is then compared with the mean of the others.
    """
    a, b = unit(np.asarray(vectors, np.float64)), unit(np.asarray(known, np.float64))
    total = b.sum(axis=0)
    means = unit(total - a if same else np.broadcast_to(total, a.shape))
    return np.asarray(1 - (a * means).sum(axis=1))


def spread(vectors: Vectors) -> Float64s:
    """Mean of one minus the cosine of each to the others, (n,)."""
    a = unit(np.asarray(vectors, np.float64))
    cosines = a @ a.T
    others = cosines.sum(axis=1) - np.diag(cosines)
    return np.asarray(1 - others / max(len(a) - 1, 1))


def times(values: Float64s, of_speech: Float64s) -> Float64s:
    """Values divided by the mean of those of speech, (n,); NaN if all of that is one face."""
    mean = float(of_speech.mean())
    return values / mean if mean > LEAST else np.full(len(values), np.nan)


def add_rows(summary: Summary, variant: str, embedder: str, found: Measured) -> None:
    """Add a column for each kind of noise, at one duration, and differences to speech."""
    for measure in (FAR, SPREAD):
        for kind in (SPEECH, *NOISES):
            cell = Cell(measure, f"{kind}, {TABLE_S} s", embedder)
            one, n = found.get((measure, kind, TABLE_S), (None, 0))
            if one is None:
                summary.add(cell, variant, None, note=ONE_FACE)
                continue
            summary.add(cell, variant, one, (n if kind == SPEECH else 0, n))
            if kind != SPEECH:
                speech, _ = found[measure, SPEECH, TABLE_S]
                by = independent_difference(one, speech)
                summary.add(cell, variant, by, (0, n), against=f"{variant}, {SPEECH}")


def _lines(embedder: str, found: Measured) -> list[Series]:
    """Both measures over the duration, a line for each kind."""
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
            series += [line] if known else []
    return series


EXPERIMENT = Experiment(
    name="noise_faces",
    title="Faces from noise",
    report_item="Figure 3",
    question="What faces does noise give, and are they other faces than those of speech?",
    protocol=f"{N_DRAWS} draws of white, pink and brown noise, and of babble mixed from six "
    "people's speech, without voice activity detection, at 1, 2, 3, 5 and 10 s; beside them speech "
    "of as much of people not trained on, cut from their recordings put one after the other "
    "(all of it where there is less).",
    measure="One minus the cosine of embeddings: to the mean face of speech of the same duration "
    "(of speech itself, of the other speakers), and between faces of one kind; both as multiples "
    "of that of speech.",
    chance="None; speech is 1.",
    unit="Draws of noise; of speech, people.",
    chapter="figures",
    lacking=lacking,
    run=run,
)
