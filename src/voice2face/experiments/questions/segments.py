"""Figure 5: faces from different segments of one speaker."""

import numpy as np

from voice2face.evaluation.results import Grid, Result, Row, Series
from voice2face.evaluation.trials.trials import Items
from voice2face.experiments.answers import write_grid
from voice2face.experiments.claims import CONSISTENT
from voice2face.experiments.comparing import (
    LEAST_PEOPLE,
    REAL,
    VOICE,
    ask,
    by_person,
    distances,
    main_variant,
    score,
    scored_rows,
    some_people,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.people import groups_of
from voice2face.experiments.questions.variants import chosen_rows
from voice2face.experiments.self_similarity import (
    BETWEEN,
    RECOGNISED,
    WITHIN,
    alike,
    consistent_claims,
    distance_rows,
)
from voice2face.experiments.speech import Speech

N_SEGMENTS = 4
LENGTHS_S = (3.0, 2.0, 1.0)  # of a segment: the longest that most people have four of
MOST = 2 / 3
N_SHOWN = 6
KEY = "segments"
SAME = "faces from different segments of one speaker are alike"


def run(context: Context, experiment: Experiment) -> Result:
    """Four segments of each speaker: which of two faces is the same speaker's?"""
    parts, seconds = segments_of(by_person(some_people(context.unseen(), context.seed)))
    n_people = len(np.unique(parts.identity))
    if n_people < LEAST_PEOPLE:
        told = f"{n_people} people not trained on have {N_SEGMENTS * min(LENGTHS_S):g} s of speech"
        return experiment.result(left_out=f"{told}; {LEAST_PEOPLE} wanted")
    stratum = f"{seconds:g} s"
    pair = (parts, KEY), (parts, KEY)
    found = alike(context, experiment.name, stratum, pair, others_only=True)
    rows = real_rows(context, experiment.name, stratum, found.trials_sha256) + found.rows
    strata = [stratum, f"{stratum}, within gender"]
    return experiment.result(
        rows=rows,
        series=series_of(rows, strata),
        grids=[grid_of(context, experiment.name, parts, seconds)],
        claims=consistent_claims(context, rows, strata, SAME, f"{CONSISTENT}, Figure 5"),
        trials_sha256=found.trials_sha256,
        seeds={"choice of people": context.seed, "resampling": context.seed},
        sources=context.sources(),
        made_by=context.made_by,
    )


def segments_of(people: Speech) -> tuple[Speech, float]:
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
    mels = [cuts[k].log_mel[i] for k, i in order]
    return Speech(names, some.identity[rows], mels, attributes), seconds


def real_rows(
    context: Context, name: str, stratum: str, trials_sha256: dict[str, str]
) -> list[Row]:
    """The same of real faces of people not trained on: different pictures of one person."""
    faces = context.faces(context.asked)
    kept = np.random.default_rng(context.seed).permutation(np.unique(faces.identity))[:100]
    some = np.flatnonzero(np.isin(faces.identity, kept))
    attributes = {k: v[some] for k, v in faces.attributes.items()}
    items = Items(faces.picture[some], faces.identity[some], groups_of(attributes, len(some)))
    rows: list[Row] = []
    for strata in ((), ("gender",)):
        if any(column not in items.groups for column in strata):
            continue
        label = f"{stratum}, within gender" if strata else stratum
        slug = "real-within-gender" if strata else "real"
        trials, _ = ask(context, name, slug, items, items, strata, others_only=True)
        if trials is None:
            continue
        trials_sha256[slug] = trials.sha256
        for embedder in context.embedders:
            vectors = context.real_vectors(embedder, context.asked)[some]
            scored = {REAL: score(trials, [vectors], [vectors])}
            note = {REAL: "different pictures of a person"}
            rows += scored_rows(context, scored, RECOGNISED, label, embedder, note)
            if not strata:
                far = distances(vectors, vectors, trials)
                rows += distance_rows(context, [far], trials, (REAL, stratum, embedder))
    return rows


def series_of(rows: list[Row], strata: list[str]) -> list[Series]:
    """Share recognised by system, for each stratum; distances by system."""
    series = []
    lines = [(RECOGNISED, s, s) for s in strata] + [(m, strata[0], m) for m in (WITHIN, BETWEEN)]
    for embedder in dict.fromkeys(row.embedder for row in rows):
        for measure, stratum, name in lines:
            own = [
                r
                for r in rows
                if (r.measure, r.stratum, r.embedder, r.against) == (measure, stratum, embedder, "")
            ]
            is_share = measure == RECOGNISED
            line = Series(
                name, [r.system for r in own], [r.value for r in own],
                [r.low for r in own], [r.high for r in own],
                y_label="share of trials right" if is_share else "1 - cosine (1: unrelated)",
                chance=0.5 if is_share else None,
                panel=f"{'recognised' if is_share else 'distances'} by {embedder}",
            )  # fmt: skip
            series += [line] if own else []
    return series


def grid_of(context: Context, name: str, parts: Speech, seconds: float) -> Grid:
    """A row a speaker: faces of the segments, then real pictures of the same person."""
    first = np.arange(0, len(parts), N_SEGMENTS)
    gender = groups_of(parts.attributes, len(parts)).get("gender", np.full(len(parts), "", str))
    rows = first[chosen_rows(parts.identity[first], gender[first], context.seed, N_SHOWN)]
    real, variant = context.faces(context.asked), main_variant(context)
    px = context.corpus.info.face_px
    made = context.made(context.models[variant][0], parts, KEY).pixels
    cells = np.full((len(rows), 2 * N_SEGMENTS, px, px, 3), 255, np.uint8)
    for i, row in enumerate(rows):
        cells[i, :N_SEGMENTS] = made[row : row + N_SEGMENTS]
        own = np.flatnonzero(real.identity == parts.identity[row])[:N_SEGMENTS]
        cells[i, N_SEGMENTS : N_SEGMENTS + len(own)] = real.pixels[own]
    about = {
        "name": "faces",
        "title": f"Faces made by {variant} from different segments of {seconds:g} s of a speaker",
        "row_title": "speaker",
        "column_title": "(a) generated face images, (b) reference face images",
    }
    columns = [f"({letter}) {k + 1}" for letter in "ab" for k in range(N_SEGMENTS)]
    labels = [f"{parts.identity[i]}, {gender[i]}".rstrip(", ") for i in rows]
    return write_grid(context.out, name, cells, about, labels, columns)


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
    run=run,
)
