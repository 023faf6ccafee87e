"""Test 4 on a small study: every system, embedder and protocol, and figures that can be checked."""

from dataclasses import replace

import numpy as np
import pytest

from voice2face.evaluation.results import read_result, write_result
from voice2face.evaluation.trials.trials import read_trials
from voice2face.experiments.questions import matching
from voice2face.experiments.questions.matching import CENTRED, EXPERIMENT, MATCHING, OF_SEEDS

from .oracle_system import Oracle
from .rows import find_row


@pytest.fixture(scope="module")
def asked(study, tmp_path_factory):
    """The study with an oracle among the rivals, and its result."""
    rivals = dict(study.baselines) | {"oracle": Oracle(study.faces("test"))}
    context = replace(study, baselines=rivals, out=tmp_path_factory.mktemp("matching"))
    return context, EXPERIMENT.answer(context)


def _rows(result, measure, embedder="recogniser", stratum="", against=""):
    wanted = (measure, embedder, stratum, against)
    found = [r for r in result.rows if (r.measure, r.embedder, r.stratum, r.against) == wanted]
    return {row.system: row for row in found}


def test_every_system_stands_in_every_table(asked):
    context, result = asked
    systems = {"real faces", *context.models, *context.baselines}
    for embedder in context.embedders:
        for measure in (MATCHING, CENTRED, "R@1 of 9 people", "verification AUC"):
            assert set(_rows(result, measure, embedder)) == systems, (embedder, measure)
        for stratum in ("gender", "gender, age"):
            assert set(_rows(result, MATCHING, embedder, stratum)) == systems


def test_models_stand_against_every_rival_by_the_judge_and_against_the_means_by_others(asked):
    context, result = asked
    every = {("bn", "baseline")} | {(m, r) for m in context.models for r in context.baselines}
    means = ("baseline", "mean face", "gender's mean face")
    some = {pair for pair in every if pair[1] in means}
    wanted = {
        ("recogniser", ""): every, ("recogniser", "gender"): every,
        ("recogniser", "gender, age"): every,
        ("eigenfaces", ""): some, ("eigenfaces", "gender"): some,
        ("eigenfaces", "gender, age"): set(),
    }  # fmt: skip
    for (embedder, stratum), pairs in wanted.items():
        about = MATCHING, embedder, stratum
        found = [
            r for r in result.rows if (r.measure, r.embedder, r.stratum) == about and r.against
        ]
        assert {(r.system, r.against) for r in found} == pairs and len(found) == len(pairs)
    assert {row.measure for row in result.rows if row.against} == {MATCHING}


def test_an_oracle_is_right_and_who_hears_nothing_is_at_chance(asked):
    _, result = asked
    for stratum in ("", "gender"):
        rows = _rows(result, MATCHING, stratum=stratum)
        assert rows["oracle"].value > 0.95
        assert rows["real faces"].value > 0.85
        mean = _rows(result, CENTRED, stratum=stratum)["mean face"]
        assert mean.value == 0.5 and mean.low < 0.5 < mean.high
    # The person's own faces are in the gallery that they are looked for in.
    assert _rows(result, "R@1 of 9 people")["oracle"].value > 0.9
    assert _rows(result, "verification AUC")["oracle"].value > 0.9
    assert _rows(result, "verification EER")["oracle"].value < 0.15


def test_the_share_is_that_of_all_triples(asked):
    """Counted one by one, by cosine, and averaged over seeds, recordings, people."""
    context, result = asked
    speech, faces = context.unseen(), context.faces("test")
    real = _unit(context.embed("recogniser", context.faces("test").pixels))
    per_clip = []
    for model in context.models["baseline"]:
        made = _unit(context.made_vectors("recogniser", model, speech))
        cosines = made @ real.T
        right = []
        for row, person in zip(cosines, speech.identity, strict=True):
            own, others = row[faces.identity == person], row[faces.identity != person]
            right.append((own[:, None] > others).mean())
        per_clip.append(right)
    mean = np.mean(per_clip, axis=0)
    people = np.unique(speech.identity)
    wanted = np.mean([mean[speech.identity == person].mean() for person in people])
    row = _rows(result, MATCHING)["baseline"]
    assert row.value == pytest.approx(wanted, abs=0.01)  # what differs by rounding is a tie
    assert row.n_people == len(people) and not row.note
    of_seeds = [_rows(result, OF_SEEDS)[one.name].value for one in context.models["baseline"]]
    assert np.mean(of_seeds) == pytest.approx(row.value)


def _unit(vectors):
    vectors = vectors.astype(float)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_a_paired_difference_is_that_of_the_two(asked):
    _, result = asked
    rows = _rows(result, MATCHING)
    for other in ("mean face", "shuffled voices", "oracle", "baseline"):
        found = find_row(result.rows, "bn", MATCHING, against=other, embedder="recogniser")
        assert found.value == pytest.approx(rows["bn"].value - rows[other].value)
        assert found.low <= found.value <= found.high
    assert find_row(result.rows, "bn", MATCHING, "oracle", "recogniser").high < 0


def test_trials_lie_beside_the_result(asked, tmp_path):
    context, result = asked
    files = {read_trials(path).sha256 for path in context.out.glob("matching.*.trials.json")}
    assert files == set(result.trials_sha256.values()) and len(files) >= 8
    write_result(tmp_path / "matching.json", result)
    assert read_result(tmp_path / "matching.json").claims == result.claims


def test_who_cannot_be_asked_is_said(asked):
    _, result = asked
    (row,) = [r for r in result.rows if r.measure == "1:10 matching" and not r.stratum]
    assert row.value is None and "faces of 9 other people" in row.note
    assert result.protocol.startswith(EXPERIMENT.protocol)


def test_claims_go_by_the_judge_that_tells_real_faces_best(asked):
    _, result = asked
    first = result.claims[0]
    row = _rows(result, MATCHING)["baseline"]
    real = {e: _rows(result, MATCHING, e)["real faces"].value for e in ("recogniser", "eigenfaces")}
    assert real["recogniser"] > real["eigenfaces"]
    assert first.judge == "recogniser" and f"{row.value:.3f}" in first.evidence
    assert first.measure == MATCHING and first.bound == "0.5: chance"
    assert first.verdict == "too little training to tell"
    assert "trained for 30 iterations" in first.why and "2 seeds" in first.why


def test_voices_and_faces_of_different_people_are_left_out(study):
    faces = study.faces("test")
    strangers = replace(faces, identity=np.char.add("other ", faces.identity))
    result = EXPERIMENT.answer(replace(study, _faces={"test": strangers}))
    assert not result.rows and "0 people" in result.left_out


def test_galleries_of_sf2f_where_there_are_people_enough(study, monkeypatch, tmp_path):
    monkeypatch.setattr(matching, "GALLERY_PEOPLE", 6)
    embedder = {"eigenfaces": study.embedders["eigenfaces"]}
    context = replace(study, out=tmp_path, embedders=embedder, baselines={})
    result = EXPERIMENT.answer(context)
    single = _rows(result, "R@1 of 9 people", "eigenfaces")
    averaged = _rows(result, "R@1 in 3 galleries of 6, a person's faces averaged", "eigenfaces")
    assert averaged["bn"].chance == pytest.approx(1 / 6)
    assert averaged["bn"].n_trials < single["bn"].n_trials
