"""Figure 5: faces from different segments of one speaker."""

import numpy as np

from voice2face.evaluation.results import Grid, Result, Series
from voice2face.experiments.comparing import LEAST_PEOPLE, MOST_PEOPLE, REAL, VOICE
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import chosen_rows, labels_of, people_grid
from voice2face.experiments.people import group_of
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.self_similarity import (
    RECOGNISED,
    Found,
    alike,
    consistent_claims,
    of_real_faces,
)
from voice2face.experiments.summary import BETWEEN, WITHIN, Summary, lines
from voice2face.experiments.verdicts import CONSISTENT

N_SEGMENTS = 4
LENGTHS_S = (3.0, 2.0, 1.0)  # of a segment: the longest that most people have four of
MOST = 2 / 3
N_SHOWN = 6
SAME = "faces from different segments of one speaker are as alike as pictures of one person"
TOLD = "a speaker is recognised in faces from other segments more often than by chance"


def lacking(context: Context) -> str:
    """Why nothing can be asked; "" where something can."""
    n_people = len(np.unique(parts_of(context)[0].identity))
    if n_people >= LEAST_PEOPLE:
        return ""
    told = f"{n_people} people not trained on have {N_SEGMENTS * min(LENGTHS_S):g} s of speech"
    return f"{told}; {LEAST_PEOPLE} wanted"


def parts_of(context: Context) -> tuple[Recordings, float]:
    """Segments of people whom no stage has met, and their length in seconds."""
    return segments_of(context.unseen().of_some_people(MOST_PEOPLE, context.seed).by_person())


def run(context: Context, experiment: Experiment) -> Result:
    """Four segments of each speaker: which of two faces is the same speaker's?"""
    summary = Summary(context)
    parts, seconds = parts_of(context)
    stratum = f"{seconds:g} s"
    of_real_faces(summary, experiment.name, stratum)
    alike(Found(summary), experiment.name, stratum, parts, parts, others_only=True)
    strata = [stratum, f"{stratum}, within gender"]
    claims = consistent_claims(summary, strata, SAME, f"{CONSISTENT}, Figure 5", TOLD)
    return summary.result(
        experiment,
        series=series_of(summary, strata),
        grids=[grid_of(context, experiment.name, parts, seconds)],
        claims=claims,
        seeds=("choice of people", "resampling"),
    )


def segments_of(people: Recordings) -> tuple[Recordings, float]:
    """Segments of each one's speech, spread evenly over it, that don't overlap.

    Args:
        people: One recording each.

    Returns:
        ``N_SEGMENTS`` of each who has enough, named ``PERSON 1`` and so on, person by person; and
        their length in seconds.
    """
    enough = [people.seconds >= N_SEGMENTS * s - 1e-6 for s in LENGTHS_S]
    most = [i for i, has in enumerate(enough) if has.mean() >= MOST] if len(people) else []
    best = most[0] if most else len(LENGTHS_S) - 1
    some, seconds = people.only(enough[best]), LENGTHS_S[best]
    gaps = (some.seconds - N_SEGMENTS * seconds) / (N_SEGMENTS - 1)
    cuts = [some.cut(seconds, k * (seconds + gaps)) for k in range(N_SEGMENTS)]
    order = [(k, i) for i in range(len(some)) for k in range(N_SEGMENTS)]
    rows = np.repeat(np.arange(len(some)), N_SEGMENTS)
    names = np.array([f"{some.identity[i]} {k + 1}" for k, i in order], str)
    attributes = {name: cells[rows] for name, cells in some.attributes.items()}
    sounds = [cuts[k].sounds[i] for k, i in order]
    excerpts = [cuts[k].excerpts[i] for k, i in order] if some.excerpts else ()
    found = Recordings(names, some.identity[rows], sounds, attributes, excerpts, some.frames_hash)
    return found, seconds


def series_of(summary: Summary, strata: list[str]) -> list[Series]:
    """Share recognised over strata, and distances; a line a model, the voice and real faces."""
    context, series = summary.context, []
    for embedder in context.embedders:
        systems = (REAL, VOICE, *context.models)
        shares = [(name, name, RECOGNISED) for name in systems]
        x = [(stratum, stratum) for stratum in strata]
        series += lines(summary.rows, x, shares, embedder, f"recognised by {embedder}")
        for measure in (WITHIN, BETWEEN):
            series += lines(
                summary.rows, [(measure, strata[0])], [(name, name, measure) for name in systems],
                embedder, f"{measure}, by {embedder}", y_label="1 - cosine (1: unrelated)",
                chance=None,
            )  # fmt: skip
    return series


def grid_of(context: Context, name: str, parts: Recordings, seconds: float) -> Grid:
    """A row a speaker: faces of the segments, then real pictures of the same person."""
    first, gender = np.arange(0, len(parts), N_SEGMENTS), group_of(parts, "gender")
    rows = first[chosen_rows(parts.identity[first], gender[first], context.seed, N_SHOWN)]
    made = context.made(context.models[context.main][0], parts).pixels
    about = {
        "name": "faces",
        "title": f"Faces made by {context.main} from different segments of {seconds:g} s of a "
        "speaker",
        "row_title": "speaker",
        "column_title": "(a) generated face images, (b) reference face images",
    }
    return people_grid(
        context, name, parts.identity[rows],
        {f"(a) {k + 1}": made[rows + k] for k in range(N_SEGMENTS)}, about,
        labels=labels_of(parts.identity[rows], gender[rows]),
        real=[f"(b) {k + 1}" for k in range(N_SEGMENTS)],
    )  # fmt: skip


EXPERIMENT = Experiment(
    name="segments",
    title="Faces from different segments of one speaker",
    report_item="Figure 5",
    question="Are faces made from different parts of one person's speech alike?",
    protocol="Each person's recordings are put one after the other; four segments are spread "
    "evenly over them. The face made from one is compared with that of another of the same "
    "speaker and with another speaker's. Beside it different real pictures of one person, and the "
    f"voice itself ({VOICE}: the embedding that the face is made from).",
    measure="Share of pairs in which the same speaker's face is nearer, all impostors counting "
    "alike; and one minus the cosine, both sides centred, within and between speakers.",
    chance="0.5",
    unit="People, in both roles.",
    chapter="figures",
    lacking=lacking,
    run=run,
)
