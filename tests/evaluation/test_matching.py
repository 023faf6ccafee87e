import itertools

import numpy as np
import pytest

from voice2face.errors import CorpusError
from voice2face.evaluation.metrics import matching
from voice2face.evaluation.metrics.matching import Scored, match, match_one_of_two
from voice2face.evaluation.statistics.intervals import estimate
from voice2face.evaluation.statistics.paired_people import PeoplePairs
from voice2face.evaluation.trials.trials import Items, TrialList, make_trials


def people_at_random(seed, n_probes=40, n_faces=60, n_people=15):
    """Whoever: some with several recordings or faces, some with none, gender and age unknown."""
    rng = np.random.default_rng(seed)
    groups = {
        "gender": rng.choice(["f", "m", ""], n_people, p=[0.4, 0.5, 0.1]),
        "age": rng.choice(["young", "old"], n_people),
    }
    sides = []
    for n in (n_probes, n_faces):
        who = rng.integers(n_people, size=n)
        columns = {k: v[who] for k, v in groups.items()}
        columns["age"] = np.where(rng.random(n) < 0.2, "old", columns["age"])  # of a picture
        names = rng.integers(4, size=n).astype(str)
        sides.append(Items(names, np.array([f"p{k}" for k in who]), columns))
    return *sides, rng


def cosines(made, real):
    lengths = np.linalg.norm(made, axis=1)[:, None] * np.linalg.norm(real, axis=1)
    return made @ real.T / np.maximum(lengths, 1e-30)


def by_brute_force(made, real, trials):
    """Each triple by itself: right and asked by probe, and by the two people."""
    scores, gallery = cosines(made, real), trials.gallery
    right, asked = np.zeros(len(made)), np.zeros(len(made))
    between = {}
    for i, (who, name) in enumerate(zip(trials.probes.identity, trials.probes.name, strict=True)):
        for true, other in itertools.product(range(len(real)), repeat=2):
            if gallery.identity[true] != who or gallery.identity[other] == who:
                continue
            if trials.others_only and gallery.name[true] == name:
                continue
            values = [(gallery.groups[s][true], gallery.groups[s][other]) for s in trials.strata]
            if any(a != b or a == "" for a, b in values):
                continue
            gap = scores[i, true] - scores[i, other]
            earned = 0.5 if abs(gap) <= 1e-6 else float(gap > 0)
            right[i] += earned
            asked[i] += 1
            between.setdefault((who, gallery.identity[other]), []).append((i, earned))
    with np.errstate(invalid="ignore"):
        return right / asked, int(asked.sum()), between, asked


@pytest.mark.parametrize("strata", [(), ("gender",), ("gender", "age")])
@pytest.mark.parametrize("others_only", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_all_triples_equal_brute_force(monkeypatch, strata, others_only, ties):
    monkeypatch.setattr(matching, "ROWS_AT_ONCE", 7)  # a person's recordings lie in two blocks
    probes, gallery, rng = people_at_random(len(strata) + 4 * ties)
    made, real = (rng.normal(size=(len(x), 3)) for x in (probes, gallery))
    if ties:
        made, real = np.sign(made) + (made[:, :1] > 1), np.sign(real)
        made[:3] = 0
    trials = TrialList("1:2", probes, gallery, strata, others_only=others_only)
    scored = match(made, real, trials)
    share, n_trials, between, asked = by_brute_force(made, real, trials)
    np.testing.assert_allclose(scored.share_right, share, atol=1e-12)
    assert scored.n_trials == n_trials > 0
    assert scored.n_people == len(np.unique(probes.identity[asked > 0]))
    names = np.unique(probes.identity[asked > 0])
    for (who, other), trials_of in between.items():
        row = np.flatnonzero(names == who)[0]
        total = sum(earned / asked[i] for i, earned in trials_of)
        column = np.flatnonzero(names == other)
        if len(column):
            assert scored.pairs.right[row, column[0]] == pytest.approx(total, abs=1e-5)
    assert scored.estimate(n_resamples=10).value == pytest.approx(
        estimate(share, probes.identity, n_resamples=10).value
    )


@pytest.mark.parametrize("n_way", [2, 5])
def test_drawn_sets_equal_brute_force(monkeypatch, n_way):
    monkeypatch.setattr(matching, "ROWS_AT_ONCE", 7)
    probes, gallery, rng = people_at_random(9)
    made = rng.normal(size=(len(probes), 3))
    real = np.sign(rng.normal(size=(len(gallery), 3)))  # many alike
    trials = make_trials(probes, gallery, protocol="1:N", n_way=n_way, n_sets=30)
    scored = match(made, real, trials)
    scores = cosines(made, real)
    earned = {}
    for probe, faces in zip(trials.asked, trials.sets, strict=True):
        of_set = scores[probe, faces]
        best = of_set >= of_set.max() - 1e-6
        earned.setdefault(probe, []).append(best[0] / best.sum())
    for probe, values in earned.items():
        assert scored.share_right[probe] == pytest.approx(np.mean(values))
    assert scored.n_trials == len(trials.sets) and scored.chance == 1 / n_way
    assert np.isnan(np.delete(scored.share_right, list(earned))).all()
    assert (scored.pairs is None) == (n_way > 2)
    value = estimate(scored.share_right, scored.people).value
    assert scored.estimate().value == pytest.approx(value)


def test_more_true_faces_than_a_byte_counts():
    rng = np.random.default_rng(5)
    who, asked = np.array(["a"] * 130 + ["b"] * 9), np.array(["a", "b", "a"])
    made, real = rng.normal(size=(3, 3)), rng.normal(size=(len(who), 3))
    trials = make_trials(Items(asked, asked), Items(who, who), protocol="1:2")
    share, n_trials, *_ = by_brute_force(made, real, trials)
    scored = match(made, real, trials)
    np.testing.assert_allclose(scored.share_right, share, atol=1e-12)
    assert scored.n_trials == n_trials


def test_an_oracle_chance_and_the_opposite():
    rng = np.random.default_rng(2)
    who = np.repeat([f"p{i}" for i in range(20)], 3)
    items = Items(who, who)
    trials = make_trials(items, items, protocol="1:2")
    vectors = rng.normal(size=(20, 8)).repeat(3, axis=0)
    assert (match(vectors, vectors, trials).share_right == 1).all()
    assert (match(-vectors, vectors, trials).share_right == 0).all()
    blind = match(rng.normal(size=vectors.shape), vectors, trials).estimate()
    assert blind.low < 0.5 < blind.high
    flat = match(vectors, np.ones_like(vectors), trials)
    assert (flat.share_right == 0.5).all() and flat.n_trials == 60 * 3 * 57


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_one_face_for_all_tells_nothing_once_centred(dtype):
    rng = np.random.default_rng(3)
    who = np.repeat([f"p{i}" for i in range(30)], 3)
    trials = make_trials(Items(who, who), Items(who, who), protocol="1:2")
    mean_face = np.tile(rng.normal(size=64).astype(dtype), (90, 1))
    real = rng.normal(size=(90, 64)) + 3
    centred = match(mean_face, real, trials, centre=True)
    assert (centred.share_right == 0.5).all()  # and not what rounding leaves of it
    plain = match(mean_face, real, trials).estimate()
    assert plain.value == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("strata", [(), ("gender",)])
def test_one_face_for_all_is_right_half_of_the_time_if_each_impostor_counts_alike(strata):
    rng = np.random.default_rng(12)
    who = np.array([f"p{i}" for i in range(20)])
    n_faces = rng.integers(1, 9, 20)
    centres = rng.normal(size=(20, 6)) + 0.3 * n_faces[:, None]  # the known look more like it
    gender = np.array(["f", "m", "m", "f"] * 5)
    gallery = Items(who.repeat(n_faces), who.repeat(n_faces), {"gender": gender.repeat(n_faces)})
    real = centres.repeat(n_faces, axis=0) + 0.3 * rng.normal(size=(len(gallery), 6))
    trials = make_trials(Items(who, who), gallery, protocol="1:2", strata=strata)
    alike = np.ones((20, 6))
    assert match(alike, real, trials).estimate().value < 0.47
    even = match(alike, real, trials, by_person=True)
    assert even.estimate().value == pytest.approx(0.5, abs=1e-6)
    assert even.n_trials == match(alike, real, trials).n_trials
    # Each impostor's share by itself, then their mean.
    made = rng.normal(size=(20, 6))
    by_face, _, between, _ = by_brute_force(made, real, trials)
    shares = [
        np.mean(
            [
                np.mean([earned for _, earned in between[pair]])
                for pair in between
                if pair[0] == name
            ]
        )
        for name in who
    ]
    found = match(made, real, trials, by_person=True)
    np.testing.assert_allclose(found.share_right, shares, atol=1e-9)
    assert found.estimate().value == pytest.approx(np.mean(shares), abs=1e-6)
    assert not np.allclose(by_face, shares)


def test_centring_takes_away_what_a_side_shares():
    rng = np.random.default_rng(4)
    who = np.array([f"p{i}" for i in range(60)])
    trials = make_trials(Items(who, who), Items(who, who), protocol="1:2")
    real = rng.normal(size=(60, 16))
    made = real + 0.7 * rng.normal(size=real.shape)
    shifted = match(made + 20, real - 20, trials, centre=True)
    np.testing.assert_allclose(
        shifted.share_right, match(made, real, trials, centre=True).share_right, atol=0.01
    )
    assert match(made + 20, real - 20, trials).estimate().value < shifted.estimate().low


def drawn_one_by_one(scored, seed, n):
    """The definition: each drawn person is a person of their own, with voice and face."""
    right, asked = scored.pairs.right.astype(float), scored.pairs.asked.astype(float)
    picks = np.random.default_rng(seed).integers(len(right), size=(n, len(right)))
    values = []
    for drawn in picks:
        shares = []
        for who in drawn:
            others = [k for k in drawn if k != who]
            if asked[who, others].sum() > 0:
                shares.append(right[who, others].sum() / asked[who, others].sum())
        values.append(np.mean(shares))
    return np.array(values)


def test_resamples_draw_people_as_asked_about_and_as_impostors():
    rng = np.random.default_rng(6)
    who = np.repeat([f"p{i:02}" for i in range(12)], 2)
    items = Items(who, who, {"gender": np.repeat(["f", "m"], 12)})
    a, b, real = rng.normal(size=(3, 24, 4))
    for strata in ((), ("gender",)):
        trials = make_trials(items, items, protocol="1:2", strata=strata)
        first, second = match(a, real, trials), match(b, real, trials)
        one, other = (drawn_one_by_one(s, 7, 200) for s in (first, second))
        found = first.estimate(seed=7, n_resamples=200)
        assert (found.low, found.high) == pytest.approx(np.percentile(one, [2.5, 97.5]), abs=1e-5)
        gap = first.above(second, seed=7, n_resamples=200)
        assert gap.value == pytest.approx(first.estimate().value - second.estimate().value)
        ends = np.percentile(one - other, [2.5, 97.5])
        assert (gap.low, gap.high) == pytest.approx(ends, abs=1e-5)


def test_impostors_who_are_not_asked_about_are_drawn_too():
    right = np.array([[0, 0.5, 0.5, 0], [0.25, 0, 0.25, 0.25]], np.float32)
    asked = np.array([[0, 0.5, 0.5, 0], [0.25, 0, 0.5, 0.25]], np.float32)
    pairs = PeoplePairs(right, asked)
    assert pairs.means.tolist() == [1, 0.75]
    found = pairs.estimate(n_resamples=500)
    assert found.value == 0.875 and found.low < 0.875 <= found.high


def by_gender_alone(rng, n=60, share=0.2):
    gender = np.where(rng.random(n) < share, -1.0, 1.0)
    return gender[:, None] * [1.0, 0] + np.array([0, 1e-12])


def test_intervals_over_both_roles_cover_where_those_over_one_do_not():
    """A system that knows the gender alone; one person in five is a woman, by luck more or less."""
    rng = np.random.default_rng(8)
    who = np.array([f"p{i:02}" for i in range(60)])
    items = Items(who, who)
    trials = make_trials(items, items, protocol="1:2")
    truth = 0.5 + 0.2 * 0.8  # right for sure if the impostor is of the other gender, else half
    both = one = 0
    for seed in range(120):
        vectors = by_gender_alone(rng)
        scored = match(vectors, vectors, trials)
        wide = scored.estimate(seed=seed, n_resamples=400)
        narrow = estimate(scored.share_right, scored.people, seed=seed, n_resamples=400)
        both += wide.low <= truth <= wide.high
        one += narrow.low <= truth <= narrow.high
    assert one / 120 < 0.8 < 0.9 <= both / 120 <= 0.99


def test_systems_on_other_trials_are_not_compared():
    rng = np.random.default_rng(9)
    who = np.array([f"p{i}" for i in range(10)])
    a, b = Items(who, who), Items(who[::-1], who[::-1])
    vectors = rng.normal(size=(10, 4))
    first, second = (match(vectors, vectors, make_trials(x, a, protocol="1:2")) for x in (a, b))
    with pytest.raises(CorpusError, match="other trials"):
        first.above(second)


def test_several_seeds_are_averaged_on_each_recording():
    probes, gallery, rng = people_at_random(11)
    made = rng.normal(size=(3, len(probes), 3))
    real = rng.normal(size=(len(gallery), 3))
    trials = make_trials(probes, gallery, protocol="1:2")
    of_seeds = [match(x, real, trials) for x in made]
    mean = Scored.mean(of_seeds)
    shares = np.mean([s.share_right for s in of_seeds], axis=0)
    np.testing.assert_allclose(mean.share_right, shares)
    values = [s.estimate(n_resamples=10).value for s in of_seeds]
    assert mean.estimate(n_resamples=10).value == pytest.approx(np.mean(values))
    assert mean.above(of_seeds[0], n_resamples=10).value == pytest.approx(
        np.mean(values) - values[0], abs=1e-6
    )
    other = make_trials(probes, gallery, protocol="1:2", strata=("gender",))
    with pytest.raises(CorpusError, match="other trials"):
        Scored.mean([of_seeds[0], match(made[0], real, other)])


def with_nan(vectors):
    vectors = vectors.copy()
    vectors[4, 1] = np.nan
    vectors[6] = np.inf
    return vectors


WHO = np.array([f"p{i}" for i in range(8)])
ITEMS = Items(WHO, WHO, {"gender": np.array(list("fmffffff"))})
GOOD = np.random.default_rng(0).normal(size=(8, 3))


@pytest.mark.parametrize(
    ("made", "real", "said"),
    [
        (with_nan(GOOD), GOOD, "made faces: 2 of 8 not finite, the first of 'p4'"),
        (GOOD, with_nan(GOOD), "real faces: 2 of 8"),
        (GOOD[:5], GOOD, r"shape \(5, 3\)"),
        (GOOD[:, 0], GOOD, r"shape \(8,\)"),
        (GOOD, GOOD[:, :2], "3 and 2 numbers"),
        (GOOD[:, :0], GOOD[:, :0], r"shape \(8, 0\)"),
    ],
)
def test_embeddings_that_do_not_fit_are_refused_in_one_line(made, real, said):
    with pytest.raises(CorpusError, match=said) as caught:
        match(made, real, make_trials(ITEMS, ITEMS, protocol="1:2"))
    assert "\n" not in str(caught.value)


def test_trials_that_ask_nothing_are_refused_in_one_line():
    with pytest.raises(CorpusError, match="1:2' or '1:N"):
        match(GOOD, GOOD, make_trials(ITEMS, ITEMS, protocol="retrieval"))
    with pytest.raises(CorpusError, match="without sets"):
        match(GOOD, GOOD, TrialList("1:N", ITEMS, ITEMS, n_way=5))
    alone = Items(WHO, WHO, {"gender": WHO})
    with pytest.raises(CorpusError, match="and an impostor"):
        match(GOOD, GOOD, TrialList("1:2", ITEMS, alone, ("gender",)))
    one = Items(WHO[:1], WHO[:1])
    scored = match(GOOD[:1], GOOD, make_trials(one, ITEMS, protocol="1:2"))
    with pytest.raises(CorpusError, match="one person"):
        scored.estimate()


def test_matching_without_a_list_within_a_group():
    # The first axis tells the group, the second nothing.
    group = np.array(["f", "f", "m", "m"])
    vectors = np.array([[1.0, 0], [1, 0], [-1, 0], [-1, 0]])
    who = np.array(["a", "b", "c", "d"])
    assert match_one_of_two(vectors, who, vectors, who).accuracy == pytest.approx(5 / 6)
    within = match_one_of_two(vectors, who, vectors, who, group=group)
    assert within.accuracy == 0.5 and within.n_trials == 4
    with pytest.raises(CorpusError, match="impostor"):
        match_one_of_two(np.eye(1), np.array(["a"]), np.eye(1), np.array(["a"]))
