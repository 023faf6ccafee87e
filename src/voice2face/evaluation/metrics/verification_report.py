"""How well a voice encoder verifies speakers, by the length of the recordings."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from voice2face.evaluation.metrics.verification import (
    MOST_CLIPS,
    MOST_TRIALS,
    Trials,
    Verification,
    all_trials,
    groups_of,
    keep_clips,
    measure,
)

DURATIONS_S = (1.0, 2.0, 3.0, 5.0, 10.0)
GROUPS = ("gender", "sex")  # the attribute that rows "within" are made by: the first there is

# From log-mel spectrograms, not normalised, to embeddings: (recordings, dim).
Embed = Callable[[Sequence[np.ndarray]], np.ndarray]


@dataclass(frozen=True)
class Row:
    """Result for one length of the tested recordings.

    Attributes:
        duration_s: Length that is tested; None: whole recordings.
        within: Attribute that the people of a trial have in common; None: any two people.
        n_left_out: Number of recordings that are too short.
        result: Errors; None if there is no pair of one person, or none of two.
    """

    duration_s: float | None
    within: str | None
    n_left_out: int
    result: Verification | None


def verification_report(
    log_mels: Sequence[np.ndarray],
    identity: np.ndarray,
    attributes: dict[str, np.ndarray],
    embed: Embed,
    *,
    hop_s: float,
    seed: int = 0,
    durations_s: Sequence[float] = DURATIONS_S,
) -> list[Row]:
    """Verify whole recordings by whole ones, and by stretches of each duration.

    The trials are the same for all durations, except that short recordings are left out. A
    stretch lies at a random place of the recording.

    Args:
        log_mels: Recordings, each (frames, n_mels), not normalised.
        identity: Person of each, shape (recordings,).
        attributes: Columns of the corpus.
        embed: The encoder, which normalises each.
        hop_s: Time between frames.
        seed: Seed of recordings, trials, stretches and resamples.
        durations_s: Lengths of the stretches.

    Returns:
        Rows of whole recordings first, then of each duration: of any two people, and of people of
        one group, if the corpus tells groups.
    """
    kept = keep_clips(identity, seed)
    clips = [log_mels[i] for i in kept]
    sets = _trials(identity[kept], {k: v[kept] for k, v in attributes.items()}, seed)
    enrolled = embed(clips)
    rng = np.random.default_rng(seed)
    rows = []
    for duration_s in (None, *durations_s):
        tested, long_enough = enrolled, np.ones(len(clips), bool)
        if duration_s is not None:
            stretches = _stretches(clips, round(duration_s / hop_s), rng)
            long_enough = np.array([stretch is not None for stretch in stretches])
            tested = np.zeros_like(enrolled)
            if long_enough.any():
                tested[long_enough] = embed([s for s in stretches if s is not None])
        for name, trials in sets.items():
            heard = trials.only(long_enough[trials.tested])
            result = measure(enrolled, tested, heard, seed=seed)
            rows.append(Row(duration_s, name, int((~long_enough).sum()), result))
    return rows


def _trials(
    identity: np.ndarray, attributes: dict[str, np.ndarray], seed: int
) -> dict[str | None, Trials]:
    """Trials of any two people (None), and by name of an attribute, of people who agree in it."""
    everybody = all_trials(identity, seed)
    sets: dict[str | None, Trials] = {None: everybody.sample(np.random.default_rng(seed))}
    for name in [name for name in GROUPS if name in attributes][:1]:
        group = groups_of(attributes[name].tolist())
        known, other = group[everybody.enrolled], group[everybody.tested]
        alike = everybody.only((known == other) & (known >= 0))
        sets[name] = alike.sample(np.random.default_rng(seed))
    return sets


def _stretches(
    clips: Sequence[np.ndarray], n_frames: int, rng: np.random.Generator
) -> list[np.ndarray | None]:
    """A stretch of ``n_frames`` of each recording; None for shorter ones."""
    stretches: list[np.ndarray | None] = []
    for clip, share in zip(clips, rng.random(len(clips)), strict=True):
        start = int(share * (len(clip) - n_frames + 1))
        stretches.append(clip[start : start + n_frames] if len(clip) >= n_frames else None)
    return stretches


def as_data(rows: Sequence[Row], seed: int) -> dict[str, Any]:
    """Content of ``verification.json``; the first row also stands at the top."""
    first = rows[0].result if rows else None
    if first is None:
        nothing = "not measured: nobody held out has two recordings, or there is but one person"
        return {"summary": nothing, "eer": None, "rows": []}
    protocol = {
        "trial": "cosine of a whole recording and of a stretch of another; each pair once, which "
        "of the two is cut is drawn",
        "costs": "C_miss = C_fa = 1; min_dcf_05 at P_target 0.05, min_dcf_01 at 0.01; over the "
        "cost of the better of accepting and refusing all",
        "interval": "95 %, by resampling people",
        "most_recordings": MOST_CLIPS,
        "most_pairs_of_a_kind": MOST_TRIALS,
        "seed": seed,
    }
    summary = f"{first.eer} ({first.n_identities} people, {first.n_same} same pairs)"
    return {
        "summary": summary,
        **asdict(first),
        "protocol": protocol,
        "rows": [asdict(row) for row in rows],
    }
