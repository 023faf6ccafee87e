"""What is lost on what is new."""

from dataclasses import replace

import numpy as np
import pytest

from voice2face.evaluation.trials.trials import Items, make_trials
from voice2face.experiments.comparing import MATCHING, REAL, score
from voice2face.experiments.questions import generalisation, generalisation_sets
from voice2face.experiments.questions.generalisation import gap, lost_against
from voice2face.experiments.questions.generalisation_sets import (
    AS_IT_IS,
    CHANNELS,
    HEARD,
    OTHER,
    OTHER_LANGUAGE,
    SAME_LANGUAGE,
    UNHEARD,
    UNSEEN,
    _first_of_each,
    sets_of,
)
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.systems import ModelSystem
from voice2face.experiments.verdicts import shown


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
    assert 0 < gap(study, easy, easy).high < 0.2
    assert gap(study, _scored(people[:2], 1.0), hard) is None


@pytest.fixture(scope="module")
def found(study, other_corpus, tmp_path_factory):
    """The study with a second corpus and a dropout model, one embedder alone, and its result."""
    models = {**study.models, "generator-dropout": study.models["bn"]}
    context = replace(
        study, models=models, other=other_corpus, out=tmp_path_factory.mktemp("generalisation"),
        embedders={"eigenfaces": study.embedders["eigenfaces"]},
    )  # fmt: skip
    return context, generalisation.EXPERIMENT.answer(context)


def test_every_set_has_every_system(found) -> None:
    context, result = found
    rows = [row for row in result.rows if row.measure == MATCHING and not row.against]
    systems = {REAL, *context.models, *context.baselines}
    for name in (HEARD, UNHEARD, UNSEEN, OTHER, AS_IT_IS, *CHANNELS):
        assert {row.system for row in rows if row.stratum == name} == systems, name
    assert {row.system for row in rows if row.stratum == f"{UNSEEN}, within gender"} == systems
    clips = [row.n_trials for row in rows if row.stratum in CHANNELS and row.system == "mean face"]
    assert len(set(clips)) == 1  # the same clips through each
    assert len(result.trials_sha256) == len(set(result.trials_sha256))
    (lacking,) = [row for row in rows if row.value is None]
    assert lacking.stratum == OTHER_LANGUAGE and "does not tell languages" in lacking.note


def test_the_other_corpus_is_asked_about_and_named(found, other_corpus) -> None:
    context, result = found
    rows = [row for row in result.rows if row.stratum == OTHER and row.measure == MATCHING]
    assert {row.n_people for row in rows if row.system in context.models} == {6}
    (note,) = {row.note for row in rows if row.system == REAL}
    assert note == "other: 6 people, without 24 who are in the first corpus too"
    assert result.sources["another corpus"] == other_corpus.info.data_hash


def test_losses_stand_with_their_interval_model_by_model(found) -> None:
    context, result = found
    wanted = (
        (HEARD, UNHEARD), (HEARD, UNSEEN), (HEARD, OTHER), (UNSEEN, OTHER),
        *((AS_IT_IS, channel) for channel in CHANNELS),
    )  # fmt: skip
    right = {
        (r.system, r.stratum): r.value
        for r in result.rows
        if r.measure == MATCHING and not r.against
    }
    for easy, hard in wanted:
        rows = [r for r in result.rows if (r.measure, r.stratum) == (lost_against(easy), hard)]
        lost = {row.system: row for row in rows if not row.against}
        assert set(lost) - {REAL} == set(context.models)
        assert (REAL in lost) == (hard in (UNSEEN, OTHER))
        for system, row in lost.items():
            assert row.value == pytest.approx(right[system, easy] - right[system, hard], abs=1e-6)
            assert row.low <= row.value <= row.high and row.chance is None
        more = {(row.system, row.against): row.value for row in rows if row.against}
        assert set(more) == {("bn", "baseline"), ("generator-dropout", "baseline")}
        wider = lost["bn"].value - lost["baseline"].value
        assert more["bn", "baseline"] == pytest.approx(wider, abs=1e-6)


def test_claims_of_new_people_a_new_source_and_the_dropout_that_was_trained(found) -> None:
    _, result = found
    sources = [claim.source.split(",")[0:2] for claim in result.claims]
    assert sources == [
        ["report", " abstract"], ["report", " qualitative evaluations: a possible reason of its "
        "mismatches"], ["report", " future work"],
    ]  # fmt: skip
    assert "generator-dropout above baseline:" in result.claims[-1].evidence
    row = next(
        r for r in result.rows
        if (r.system, r.measure, r.stratum) == ("baseline", lost_against(HEARD), UNSEEN)
    )  # fmt: skip
    assert shown(row) in result.claims[0].evidence


def test_training_on_faces_without_hair_is_a_claim_of_its_own(study, tmp_path, monkeypatch) -> None:
    """As the report proposes: set beside a model of the faces as they are, by whoever has both."""
    monkeypatch.setattr(generalisation_sets, "CHANNELS", {})
    models = {**study.models, "bald": study.models["bn"]}
    context = replace(
        study, models=models, out=tmp_path, baselines={},
        embedders={"eigenfaces": study.embedders["eigenfaces"]},
    )  # fmt: skip
    assert generalisation.hairless(context) == []
    monkeypatch.setattr(
        ModelSystem, "painted_over",
        property(lambda self: "background, hair" if self in models["bald"] else ""),
    )  # fmt: skip
    assert generalisation.hairless(context) == ["bn", "bald"]
    result = generalisation.EXPERIMENT.answer(context)
    claim = result.claims[-1]
    assert claim.text == generalisation.HAIRLESS[0] and claim.source == "report, future work"
    assert claim.evidence.startswith("bald above baseline:")


def test_without_another_corpus_its_set_says_so(study, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(generalisation_sets, "CHANNELS", {})
    context = replace(
        study, out=tmp_path, baselines={}, embedders={"eigenfaces": study.embedders["eigenfaces"]}
    )
    result = generalisation.EXPERIMENT.answer(context)
    notes = {row.stratum: row.note for row in result.rows if row.value is None}
    assert notes[OTHER] == "not measured: none was given"
    assert [claim.source for claim in result.claims] == ["report, abstract"]


def test_people_of_another_language_are_a_set(study, monkeypatch) -> None:
    monkeypatch.setattr(generalisation_sets, "CHANNELS", {})

    def speaking(speech: Recordings, language: np.ndarray) -> Recordings:
        attributes = {**speech.attributes, "language": language}
        return Recordings(speech.clip, speech.identity, speech.sounds, attributes)

    unseen, heard = study.unseen(), study.heard()
    people = np.unique(unseen.identity)
    foreign = np.isin(unseen.identity, people[:3])
    known = {
        "unseen": speaking(unseen, np.where(foreign, "French", "English")),
        "heard": speaking(heard, np.full(len(heard), "english")),
    }
    sets, lacking = sets_of(replace(study, _recordings=known))
    clips = {one.name: set(one.speech.identity) for one in sets}
    assert OTHER_LANGUAGE not in lacking
    assert clips[OTHER_LANGUAGE] == set(people[:3])
    assert clips[SAME_LANGUAGE] == set(people[3:])


def test_no_more_than_five_recordings_of_a_person_are_asked_about(study) -> None:
    people = np.array(["b", "a", "b", "b", "a", "b", "b", "b"])
    assert _first_of_each(people).tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_without_held_out_people_it_is_left_out(study, monkeypatch) -> None:
    monkeypatch.setattr(type(study), "asked", "train")
    assert generalisation.EXPERIMENT.answer(study).left_out
