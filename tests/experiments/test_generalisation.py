"""What is lost on what is new."""

import numpy as np
import pytest

from voice2face.evaluation.trials import Items, make_trials
from voice2face.experiments import generalisation
from voice2face.experiments.channels import CHANNELS
from voice2face.experiments.comparing import REAL, score
from voice2face.experiments.generalisation import AS_IT_IS, HEARD, UNHEARD, UNSEEN, gap


def _scored(people: list[str], right: float, seed: int = 0):
    """Scores of a system that is right about so many, each with two recordings."""
    rng = np.random.default_rng(seed)
    who = np.repeat(people, 2)
    faces = np.eye(len(people))[np.unique(who, return_inverse=True)[1]]
    swapped = rng.random(len(who)) > right
    made = np.where(swapped[:, None], -faces, faces) + 1e-3 * rng.normal(size=faces.shape)
    items = Items(np.array([f"{p}{i}" for i, p in enumerate(who)], str), who)
    return score(make_trials(items, items, protocol="1:2"), [made], [faces])


def test_a_gap_is_paired_where_the_people_are_the_same(study) -> None:
    people = [f"p{i:02d}" for i in range(30)]
    easy, hard = _scored(people, 1.0), _scored(people, 0.6)
    same = gap(study, easy, hard)
    other = gap(study, easy, _scored([f"q{i:02d}" for i in range(30)], 0.6))
    assert same.value == pytest.approx(easy.share_right.mean() - hard.share_right.mean())
    assert same.value == pytest.approx(other.value)
    assert 0 < same.low < same.value < same.high
    assert other.low == pytest.approx(other.value - np.hypot(0, 0.2), abs=0.15)
    assert gap(study, easy, easy).high == 0
    assert gap(study, _scored(people[:2], 1.0), hard) is None


def test_sets_gaps_and_claims(study) -> None:
    result = generalisation.run(study, generalisation.EXPERIMENT)
    strata = {row.stratum for row in result.rows if not row.against}
    assert {HEARD, UNHEARD, UNSEEN, AS_IT_IS, *CHANNELS} <= strata
    assert f"{UNSEEN}, within gender" in strata
    clips = [r.n_trials for r in result.rows if r.stratum in CHANNELS and r.system == "mean face"]
    assert len(set(clips)) == 1  # the same clips through each
    systems = {row.system for row in result.rows if row.stratum == UNSEEN}
    assert {REAL, "baseline", "bn", "mean face"} <= systems
    gaps = {(r.system, r.against) for r in result.rows if r.against}
    assert (f"bn: {HEARD}", f"bn: {UNSEEN}") in gaps
    assert (f"bn: loss on {UNSEEN}", f"baseline: loss on {UNSEEN}") in gaps
    assert (f"baseline: {AS_IT_IS}", "baseline: telephone") in gaps
    assert [claim.source for claim in result.claims] == ["report, abstract"]  # no dropout trained
    assert len(result.trials_sha256) == len(set(result.trials_sha256))


def test_without_held_out_people_it_is_left_out(study, monkeypatch) -> None:
    monkeypatch.setattr(type(study), "asked", "train")
    assert generalisation.run(study, generalisation.EXPERIMENT).left_out
