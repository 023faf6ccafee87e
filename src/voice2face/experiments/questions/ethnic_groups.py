"""Figure 6 b: native English speakers of different ethnic groups."""

from collections.abc import Mapping

import numpy as np
from msgspec.structs import replace

from voice2face.evaluation.results import Claim, Result
from voice2face.experiments.by_group import MOST_PEOPLE, why_not
from voice2face.experiments.comparing import MATCHING, Texts
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.people import group_of, groups_of
from voice2face.experiments.questions.groups import result_of
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.summary import Summary
from voice2face.experiments.verdicts import NO_DIFFERENCE, Asked, judged, rows_of

NATIVE = ("native", "yes", "true", "1")
CLAIMED = (
    "faces fit native English speakers of some ethnic groups less well: "
    '"the corresponding drawback of the model"'
)


def lacking(context: Context) -> str:
    """Why nothing can be asked; "" where something can."""
    if not (group_of(context.unseen(), "ethnicity") != "").any():
        return "the corpus does not tell the speakers' ethnic group"
    speech = native_speakers(context)
    labels = ethnicity(speech.attributes, len(speech))
    return why_not(speech, labels, "ethnic groups of native English speakers")


def native_speakers(context: Context) -> Recordings:
    """Recordings of native speakers of English, of all where the corpus does not tell."""
    speech = context.unseen()
    native = np.char.lower(group_of(speech, "native English"))
    if (native != "").any():
        speech = speech.only(np.isin(native, NATIVE))
    return speech.of_some_people(MOST_PEOPLE, context.seed)


def run(context: Context, experiment: Experiment) -> Result:
    """Accuracy by ethnic group; of native speakers where the corpus tells."""
    return result_of(context, experiment, native_speakers(context), ethnicity, _claims)


def ethnicity(attributes: Mapping[str, np.ndarray], n: int) -> Texts:
    """Ethnic group of each, as the corpus calls it; "" where it is unknown: (n,)."""
    return groups_of(attributes, n).get("ethnicity", np.full(n, "", str))


def _claims(summary: Summary) -> list[Claim]:
    """Whether some group lies below the others, of however many groups were looked at."""
    main = summary.context.main
    own = rows_of(summary.rows, main, MATCHING, None, f"{main}, other groups")
    below = [
        replace(row, value=-(row.value or 0), low=-(row.high or 0), high=-(row.low or 0),
                system=row.against, against=f"{main}, the group")
        for row in own
    ]  # fmt: skip
    asked = Asked(CLAIMED, "report, Figure 6 b", NO_DIFFERENCE, some=True, hears=False)
    return judged(summary.context, asked, below)


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
    chapter="figures",
    lacking=lacking,
    run=run,
)
