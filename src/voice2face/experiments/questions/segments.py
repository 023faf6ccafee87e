"""Figure 5: faces from different segments of one speaker."""

import numpy as np

from voice2face.experiments.comparing import MOST_PEOPLE, REAL, VOICE, too_few
from voice2face.experiments.context import Context
from voice2face.experiments.experiment import Experiment
from voice2face.experiments.grids import add_people, chosen_rows
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.self_similarity import (
    RECOGNISED,
    alike,
    claim_consistent,
    of_real_faces,
)
from voice2face.experiments.summary import BETWEEN, WITHIN, Summary
from voice2face.experiments.verdicts import CONSISTENT

N_SEGMENTS = 4
LENGTHS_S = (3.0, 2.0, 1.0)  # of a segment; the longest of which most people have four
MOST = 2 / 3
N_SHOWN = 6
SAME = "faces from different segments of one speaker are as alike as pictures of one person"
TOLD = "a speaker is recognised in faces from other segments more often than by chance"


def lacking(context: Context) -> str:
    """Why it can't be asked; "" if it can."""
    people = parts_of(context)[0].identity
    enough_s = N_SEGMENTS * min(LENGTHS_S)
    return too_few(people, f"people not trained on have {enough_s:g} s of speech")


def parts_of(context: Context) -> tuple[Recordings, float]:
    """Segments of people not trained on, and their length in seconds."""
    return segments_of(context.unseen().of_some_people(MOST_PEOPLE, context.seed).by_person())


def run(summary: Summary) -> None:
    """Add how often a speaker's face is recognised from another segment; and faces."""
    parts, seconds = parts_of(summary.context)
    stratum = f"{seconds:g} s"
    of_real_faces(summary, stratum)
    alike(summary, stratum, parts, parts, others_only=True)
    strata = [stratum, f"{stratum}, within gender"]
    claim_consistent(summary, strata, SAME, f"{CONSISTENT}, Figure 5", TOLD)
    systems = (REAL, VOICE, *summary.context.models)
    summary.curves("recognised by {}", strata, [(name, name, RECOGNISED) for name in systems])
    for measure in (WITHIN, BETWEEN):
        summary.curves(
            f"{measure}, by {{}}", {stratum: measure}, [(name, name, measure) for name in systems],
            y_label="1 - cosine (1: unrelated)", chance=None,
        )  # fmt: skip
    _add_faces(summary, parts, seconds)


def segments_of(people: Recordings) -> tuple[Recordings, float]:
    """Segments of people's speech, spread evenly over it, that don't overlap.

    Args:
        people: One recording of each.

    Returns:
        ``N_SEGMENTS`` of each person with enough speech, named ``PERSON 1`` and so on, person by
        person; and their length in seconds.
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


def _add_faces(summary: Summary, parts: Recordings, seconds: float) -> None:
    """Add a row for each speaker: faces of the segments, then real faces."""
    context, first = summary.context, np.arange(0, len(parts), N_SEGMENTS)
    rows = first[chosen_rows(parts.only(first), context.seed, N_SHOWN)]
    made = context.made(context.models[context.main][0], parts).pixels
    add_people(
        summary, parts.only(rows), {f"(a) {k + 1}": made[rows + k] for k in range(N_SEGMENTS)},
        real=[f"(b) {k + 1}" for k in range(N_SEGMENTS)],
        title=f"Faces made by {context.main} from different segments of {seconds:g} s of a speaker",
        row_title="speaker",
        column_title="(a) generated face images, (b) reference face images",
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
