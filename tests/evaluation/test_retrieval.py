import numpy as np
import pytest

from voice2face.errors import CorpusError
from voice2face.evaluation.metrics import retrieval
from voice2face.evaluation.metrics.retrieval import retrieve
from voice2face.evaluation.trials.trials import Items, make_trials


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def crowd(n=30, n_made=3, n_real=4, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    who = np.array([f"p{i:03}" for i in range(n)])
    centres = rng.normal(size=(n, 6))
    sides = []
    for each in (n_made, n_real):
        vectors = centres.repeat(each, axis=0) + noise * rng.normal(size=(n * each, 6))
        names = np.array([f"{i}" for i in range(n * each)])
        sides.append((vectors, Items(names, who.repeat(each))))
    return *sides, rng


def by_brute_force(made, of_made, real, of_real, people):
    """Rank of each made face's person among some people, by the mean of their unit embeddings."""
    means = np.array([unit(unit(real)[of_real == name].mean(axis=0)) for name in people])
    ranks = []
    for vector, name in zip(unit(made), of_made, strict=True):
        scores = means @ vector
        own = np.flatnonzero(people == name)
        ranks.append(1 + (scores > scores[own[0]]).sum() if len(own) else np.nan)
    return np.array(ranks)


def test_ranks_in_the_whole_gallery_equal_brute_force(monkeypatch):
    monkeypatch.setattr(retrieval, "ROWS_AT_ONCE", 7)
    (made, probes), (real, gallery), _ = crowd()
    trials = make_trials(probes, gallery, protocol="retrieval")
    ranks = retrieve(made, real, trials)
    people = np.unique(gallery.identity)
    wanted = by_brute_force(made, probes.identity, real, gallery.identity, people)
    assert np.array_equal(ranks.rank(), wanted) and len(np.unique(wanted)) > 5
    assert (ranks.n_gallery, ranks.n_people, ranks.n_trials) == (30, 30, 90)
    for k in (1, 5, 10):
        of_person = (wanted <= k).reshape(30, 3).mean(axis=1)
        found = ranks.recall_at(k)
        assert found.value == pytest.approx(of_person.mean()) and ranks.chance(k) == k / 30
        assert found.low < found.value < found.high
    median = ranks.median_rank()
    assert median.value == np.median(wanted.reshape(30, 3).mean(axis=1))
    assert median.low <= median.value <= median.high


def test_three_galleries_are_averaged_and_those_outside_are_not_asked_about():
    (made, probes), (real, gallery), _ = crowd(35)
    for n_way, seen in ((10, 30), (20, None)):
        trials = make_trials(probes, gallery, protocol="retrieval", n_way=n_way, n_sets=3)
        ranks = retrieve(made, real, trials)
        wanted = np.stack(
            [
                by_brute_force(
                    made, probes.identity, real, gallery.identity, trials.gallery_people[people]
                )
                for people in trials.sets
            ]
        )
        asked = ~np.isnan(wanted)
        assert ranks.n_trials == asked.sum() == 3 * n_way * 3
        assert seen is None or ranks.n_people == seen
        hits = np.where(asked, wanted <= 5, np.nan)
        with np.errstate(invalid="ignore"):
            share = np.nansum(hits, axis=0) / asked.sum(axis=0)
        np.testing.assert_allclose(ranks.found(5), share)


def test_made_faces_may_be_averaged_over_a_person():
    (made, probes), (real, gallery), _ = crowd(noise=1.5)
    trials = make_trials(probes, gallery, protocol="retrieval")
    people = np.unique(gallery.identity)
    means = np.array([unit(unit(made)[probes.identity == name].mean(axis=0)) for name in people])
    ranks = retrieve(made, real, trials, per_person=True)
    wanted = by_brute_force(means, people, real, gallery.identity, people)
    assert np.array_equal(ranks.rank(), wanted) and ranks.people.tolist() == people.tolist()
    assert ranks.recall_at(1).value > retrieve(made, real, trials).recall_at(1).value


def test_a_picture_is_ranked_by_the_person_s_other_pictures():
    _, (real, gallery), _ = crowd(noise=1.5)
    trials = make_trials(gallery, gallery, protocol="retrieval", others_only=True)
    ranks = retrieve(real, real, trials)
    people = np.unique(gallery.identity)
    for i in (0, 50, 119):
        left = np.arange(len(real)) != i
        wanted = by_brute_force(
            real[[i]], gallery.identity[[i]], real[left], gallery.identity[left], people
        )
        assert ranks.rank()[i] == wanted[0]
    with_itself = retrieve(real, real, make_trials(gallery, gallery, protocol="retrieval"))
    assert with_itself.rank().mean() < ranks.rank().mean()


def test_ties_are_shared_and_one_face_for_all_is_at_chance():
    _, (real, gallery), _ = crowd()
    trials = make_trials(gallery, gallery, protocol="retrieval")
    flat = retrieve(np.zeros_like(real), real, trials)
    assert (flat.rank() == 15.5).all()
    assert [flat.recall_at(k).value for k in (1, 5, 60)] == pytest.approx([1 / 30, 5 / 30, 1])
    mean_face = retrieve(np.ones_like(real), real, trials, centre=True)
    assert np.array_equal(mean_face.rank(), flat.rank())


def test_an_oracle_is_first_and_its_opposite_last():
    (_, probes), (real, gallery), rng = crowd(noise=0)
    made = real[::4].repeat(3, axis=0)
    trials = make_trials(probes, gallery, protocol="retrieval")
    assert (retrieve(made, real, trials).rank() == 1).all()
    chance = retrieve(rng.normal(size=made.shape), real, trials).recall_at(10)
    assert chance.low < 10 / 30 < chance.high


def test_what_cannot_be_ranked_is_refused_in_one_line():
    (made, probes), (real, gallery), _ = crowd()
    trials = make_trials(probes, gallery, protocol="retrieval")
    with pytest.raises(CorpusError, match="'1:2'"):
        retrieve(made, real, make_trials(probes, gallery, protocol="1:2"))
    with pytest.raises(CorpusError, match="not finite"):
        retrieve(made * np.nan, real, trials)
    with pytest.raises(CorpusError, match="rank 0"):
        retrieve(made, real, trials).recall_at(0)
    with pytest.raises(CorpusError, match="single ones"):
        others = make_trials(probes, gallery, protocol="retrieval", others_only=True)
        retrieve(made, real, others, per_person=True)
    alone = Items(np.array(["x"]), np.array(["p003"]))
    with pytest.raises(CorpusError, match="one person"):
        retrieve(made[:1], real, make_trials(alone, gallery, protocol="retrieval")).recall_at(1)
