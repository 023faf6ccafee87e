"""Figure 6 b: native English speakers of different ethnic groups."""

import numpy as np
from msgspec.structs import replace

from voice2face.arrays import Texts
from voice2face.corpus.arrays import Faces
from voice2face.experiments.by_group import MOST_PEOPLE, why_not
from voice2face.experiments.comparing import MATCHING
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.people import group_of
from voice2face.experiments.questions.groups import add_grouped
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.summary import Summary
from voice2face.experiments.verdicts import NO_DIFFERENCE, claim

NATIVE = ("native", "yes", "true", "1")
CLAIMED = (
    "faces fit native English speakers of some ethnic groups less well: "
    '"the corresponding drawback of the model"'
)


def lacking(context: Context) -> str:
    """Why it can't be asked; "" if it can."""
    if not (group_of(context.unseen(), "ethnicity") != "").any():
        return "the corpus does not tell the speakers' ethnic group"
    speech = native_speakers(context)
    return why_not(speech, ethnicity(speech), "ethnic groups of native English speakers")


def native_speakers(context: Context) -> Recordings:
    """Recordings of native speakers of English; of all if the corpus does not tell."""
    speech = context.unseen()
    native = np.char.lower(group_of(speech, "native English"))
    if (native != "").any():
        speech = speech.only(np.isin(native, NATIVE))
    return speech.of_some_people(MOST_PEOPLE, context.seed)


def run(summary: Summary) -> None:
    """Add accuracy by ethnic group, and whether any group lies below the others."""
    main = summary.main
    add_grouped(summary, native_speakers(summary.context), ethnicity)
    below = [
        replace(row, value=-(row.value or 0), low=-(row.high or 0), high=-(row.low or 0),
                system=row.against, against=f"{main}, the group")
        for row in summary.found(MATCHING, None, f"{main}, other groups")
    ]  # fmt: skip
    claim(summary, CLAIMED, "report, Figure 6 b", NO_DIFFERENCE, below, some=True, hears=False)


def ethnicity(what: Recordings | Faces) -> Texts:
    """Ethnic groups as the corpus calls them, (n,); "" if unknown."""
    return group_of(what, "ethnicity")


EXPERIMENT = Experiment(
    name="ethnic_groups",
    title="Native English speakers of different ethnic groups",
    report_item="Figure 6 b",
    question="Do made faces fit speakers of all ethnic groups alike?",
    protocol="Recordings of native English speakers (of all speakers where the corpus does not "
    "tell) not trained on, by the ethnic group that the corpus gives. Matching: all pairs "
    "of the speaker's real face and another person's of any group. Group told: as in Figure 4.",
    measure="Share right in each group; a group against all others from both intervals.",
    chance="0.5 for matching; one over the number of groups for the group.",
    unit="People of a group.",
    chapter="figures",
    lacking=lacking,
    run=run,
)
