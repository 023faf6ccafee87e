"""Figure 4: faces of groups of people, and how well each group is served."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from voice2face.evaluation.results import Claim, Grid, Result, Row, Verdict
from voice2face.experiments.answers import write_grid
from voice2face.experiments.by_group import MOST_PEOPLE, TOLD, by_group, why_not
from voice2face.experiments.comparing import (
    REAL,
    Judged,
    Texts,
    claim_by,
    main_variant,
    some_people,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.people import groups_of
from voice2face.experiments.speech import Speech

N_SHOWN = 3  # people of a group
CLAIMED = (
    "faces don't fit every group of gender and age: "
    '"a face image of young man when the real face image belongs to an old lady"'
)


def run(context: Context, experiment: Experiment) -> Result:
    """Matching by group, whether the made face shows the group, and faces of each."""
    speech = some_people(context.unseen(), context.seed, MOST_PEOPLE)
    label = gender_and_age
    if why_not(speech, label(speech.attributes, len(speech))):
        label = gender_alone
    labels = label(speech.attributes, len(speech))
    if missing := why_not(speech, labels):
        return experiment.result(left_out=missing)
    return result_of(context, experiment, speech, label, _claims)


def result_of(
    context: Context,
    experiment: Experiment,
    speech: Speech,
    label: Callable[[Mapping[str, np.ndarray], int], Texts],
    claims: Callable[[Context, list[Row]], list[Claim]],
) -> Result:
    """Each group's accuracy and faces.

    Args:
        context: The systems.
        experiment: Whose result it is.
        speech: Of the people asked about.
        label: From attributes, and how many rows they are of, to the group of each; "": of none.
        claims: What the rows say of the report.
    """
    labels, known = label(speech.attributes, len(speech)), context.faces("train")
    rows, series, trials_sha256 = by_group(
        context, experiment.name, speech, labels, label(known.attributes, len(known))
    )
    return experiment.result(
        rows=rows,
        series=series,
        grids=[grid_of(context, experiment.name, speech, labels)],
        claims=claims(context, rows),
        trials_sha256=trials_sha256,
        seeds={"choice of people": context.seed, "resampling": context.seed},
        sources=context.sources(),
        made_by=context.made_by,
    )


def gender_and_age(attributes: Mapping[str, np.ndarray], n: int) -> Texts:
    """Such as "female, under 40", (n,); "" where either is unknown."""
    groups = groups_of(attributes, n)
    if "gender" not in groups:
        return np.full(n, "", str)
    if "age" not in groups:
        return groups["gender"]
    gender, age = groups["gender"], groups["age"]
    both = [f"{g}, {a}" if g and a else "" for g, a in zip(gender, age, strict=True)]
    return np.array(both, str)


def gender_alone(attributes: Mapping[str, np.ndarray], n: int) -> Texts:
    """Where there are too few people of both; "" where it is unknown, (n,)."""
    return groups_of(attributes, n).get("gender", np.full(n, "", str))


def grid_of(context: Context, name: str, speech: Speech, labels: Texts) -> Grid:
    """A row a group: for each of some people the generated face and, right of it, the real one."""
    variant, real = main_variant(context), context.faces(context.asked)
    made = context.made(context.models[variant][0], speech, f"groups of {name}").pixels
    names = [str(n) for n in np.unique(labels) if n]
    px = context.corpus.info.face_px
    cells = np.full((len(names), 2 * N_SHOWN, px, px, 3), 255, np.uint8)
    rng = np.random.default_rng(context.seed)
    for i, group in enumerate(names):
        people = rng.permutation(np.unique(speech.identity[labels == group]))[:N_SHOWN]
        for k, person in enumerate(people):
            cells[i, 2 * k] = made[np.flatnonzero(speech.identity == person)[0]]
            own = np.flatnonzero(real.identity == person)
            if len(own):
                cells[i, 2 * k + 1] = real.pixels[own[0]]
    about = {
        "name": "faces",
        "title": f"Faces made by {variant} for groups of people, each with the real face right",
        "row_title": "group",
        "column_title": "people",
    }
    columns = [f"{what} {k + 1}" for k in range(N_SHOWN) for what in ("generated", "real")]
    return write_grid(context.out, name, cells, about, names, columns)


def _claims(context: Context, rows: Sequence[Row]) -> list[Claim]:
    """Whether the group is told worse from made faces than from real ones."""
    variant = main_variant(context)

    def judged(embedder: str) -> Judged | None:
        own, real = (
            {
                r.stratum: r
                for r in rows
                if (r.system, r.measure, r.embedder, r.against) == (system, TOLD, embedder, "")
                and r.value is not None
            }
            for system in (variant, REAL)
        )
        both = [(s, own[s], real[s]) for s in own if s in real]
        if not both:
            return None
        verdict: Verdict = "cannot be told"
        if any((a.high or 0.0) < (b.low or 0.0) for _, a, b in both):
            verdict = "holds"
        elif all((a.low or 0.0) > 0.5 for _, a, _ in both):
            verdict = "does not hold"
        return verdict, f"{variant}, share of faces that show the speaker's group: " + "; ".join(
            f"{s} {a.value:.2f} [{a.low:.2f}, {a.high:.2f}], real faces {b.value:.2f}"
            for s, a, b in both
        )

    return claim_by(context, CLAIMED, "report, Figure 4", judged)


EXPERIMENT = Experiment(
    name="groups",
    title="Faces of groups by gender and age",
    report_item="Figure 4",
    question="Do made faces show the speaker's gender and age, and is every group served alike?",
    protocol="Recordings of people whom no stage has met. Matching: all pairs of the speaker's "
    "real face and another person's of any group; impostors count alike. Group told: a linear map "
    "from embeddings of labelled real training faces to the groups, applied to made faces and, as "
    "the upper reference, to real faces of the same people.",
    measure="Share right in each group; a group against all others from both intervals.",
    chance="0.5 for matching; one over the number of groups for the group.",
    unit="People of a group.",
    run=run,
)
