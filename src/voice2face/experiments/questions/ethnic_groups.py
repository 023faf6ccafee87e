"""Figure 6 b: native English speakers of different ethnic groups."""

from collections.abc import Mapping

import numpy as np

from voice2face.evaluation.results import Claim, Result, Row, Verdict
from voice2face.experiments.by_group import MATCHING, MOST_PEOPLE, why_not
from voice2face.experiments.comparing import (
    Judged,
    Texts,
    claim_by,
    main_variant,
    some_people,
)
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.people import groups_of
from voice2face.experiments.questions.groups import result_of

NATIVE = ("native", "yes", "true", "1")
CLAIMED = (
    "faces fit native English speakers of some ethnic groups less well: "
    '"the corresponding drawback of the model"'
)


def run(context: Context, experiment: Experiment) -> Result:
    """Accuracy by ethnic group; of native speakers where the corpus tells."""
    speech = context.unseen()
    groups = groups_of(speech.attributes, len(speech))
    if "ethnicity" not in groups:
        return experiment.result(left_out="the corpus does not tell the speakers' ethnic group")
    native = groups.get("native English")
    if native is not None:
        speech = speech.only(np.isin(np.char.lower(native), NATIVE))
    speech = some_people(speech, context.seed, MOST_PEOPLE)
    labels = ethnicity(speech.attributes, len(speech))
    missing = why_not(speech, labels, "ethnic groups of native English speakers")
    if missing:
        return experiment.result(left_out=missing)
    return result_of(context, experiment, speech, ethnicity, _claims)


def ethnicity(attributes: Mapping[str, np.ndarray], n: int) -> Texts:
    """Ethnic group of each, as the corpus calls it; "" where it is unknown: (n,)."""
    return groups_of(attributes, n).get("ethnicity", np.full(n, "", str))


def _claims(context: Context, rows: list[Row]) -> list[Claim]:
    """Whether some group lies below the others, of however many groups were looked at."""
    variant = main_variant(context)

    def judged(embedder: str) -> Judged | None:
        about = (variant, MATCHING, embedder)
        own = [r for r in rows if (r.system, r.measure, r.embedder) == about and r.against]
        if not own:
            return None
        verdict: Verdict = "cannot be told"
        if any(row.high is not None and row.high < 0 for row in own):
            verdict = "holds"
        shown = "; ".join(f"{r.stratum} {r.value:+.3f} [{r.low:+.3f}, {r.high:+.3f}]" for r in own)
        evidence = f"{variant}, 1:2 matching of a group above all others: {shown}"
        return verdict, f"{evidence} ({len(own)} groups looked at, each with a 95 % interval)"

    return claim_by(context, CLAIMED, "report, Figure 6 b", judged)


EXPERIMENT = Experiment(
    name="ethnic_groups",
    title="Native English speakers of different ethnic groups",
    report_item="Figure 6 b",
    question="Do made faces fit speakers of all ethnic groups alike?",
    protocol="Recordings of native English speakers (of all speakers where the corpus does not "
    "tell) whom no stage has met, by the ethnic group that the corpus gives. Matching: all pairs "
    "of the speaker's real face and another person's of any group. Group told: as in Figure 4.",
    measure="Share right in each group; a group against all others from both intervals.",
    chance="0.5 for matching; one over the number of groups for the group.",
    unit="People of a group.",
    run=run,
)
