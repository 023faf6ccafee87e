import json
import time

import numpy as np
import pytest

from voice2face.errors import CorpusError
from voice2face.evaluation.trials.trials import (
    Items,
    make_trials,
    read_trials,
    write_trials,
)


def crowd(n=12, each=2, **groups):
    """People p00, p01 ...; a group is a function of a person's number."""
    who = np.arange(n).repeat(each)
    names = np.array([f"{k:02}-{i}" for i, k in enumerate(who)])
    columns = {name: np.array([of(k) for k in who]) for name, of in groups.items()}
    return Items(names, np.array([f"p{k:02}" for k in who]), columns)


def gender(k):
    return "fm"[k % 2]


def age(k):
    return ["", "young", "old"][k % 3]


def test_all_triples_need_no_list():
    trials = make_trials(crowd(), crowd(), protocol="1:2")
    assert trials.sets is None and trials.n_way == 2 and trials.chance == 0.5


@pytest.mark.parametrize("strata", [(), ("gender",), ("gender", "age")])
@pytest.mark.parametrize("n_way", [2, 4])
def test_drawn_sets_are_of_different_people_alike_in_the_strata(strata, n_way):
    probes, gallery = crowd(24, 3), crowd(24, 2, gender=gender, age=age)
    trials = make_trials(
        probes, gallery, protocol="1:N", strata=strata, n_way=n_way, n_sets=7, seed=1
    )
    assert trials.chance == 1 / n_way
    owners = gallery.identity[trials.sets]
    assert (owners[:, 0] == probes.identity[trials.asked]).all()
    assert all(len(set(row)) == n_way for row in owners)
    for name in strata:
        assert all(
            len(set(row)) == 1 and "" not in row for row in gallery.groups[name][trials.sets]
        )
    known = 24 if "age" not in strata else 16  # of the others the age is unknown
    assert np.bincount(np.bincount(trials.asked))[7] == known * 3


def test_impostors_are_drawn_evenly():
    trials = make_trials(crowd(10, 1), crowd(10, 3), protocol="1:N", n_way=4, n_sets=3000, seed=2)
    of_first = trials.sets[trials.asked == 0]
    shares = np.bincount(of_first[:, 1:].ravel(), minlength=30) / 3000
    assert (shares[:3] == 0).all() and shares[3:] == pytest.approx(3 / 27, abs=0.02)
    assert np.bincount(of_first[:, 0])[:3] / 3000 == pytest.approx(1 / 3, abs=0.04)


def test_probes_without_enough_impostors_are_not_asked_about():
    lonely = crowd(7, 1, gender=lambda k: "f" if k == 0 else "m")
    trials = make_trials(lonely, lonely, protocol="1:N", strata=("gender",), n_way=3)
    assert set(trials.asked.tolist()) == {1, 2, 3, 4, 5, 6}


def test_pictures_among_pictures_are_asked_about_others():
    gallery = crowd(6, 2)
    trials = make_trials(gallery, gallery, protocol="1:N", n_sets=50, others_only=True)
    assert (trials.sets[:, 0] != trials.asked).all()
    with pytest.raises(CorpusError, match="another face"):
        make_trials(crowd(6, 1), crowd(6, 1), protocol="1:N", others_only=True)


def test_galleries_are_disjoint_where_there_are_people_enough():
    some = crowd(31, 1)
    trials = make_trials(some, some, protocol="retrieval", n_way=10, n_sets=3)
    assert trials.sets.shape == (3, 10) and len(np.unique(trials.sets)) == 30
    few = make_trials(some, some, protocol="retrieval", n_way=20, n_sets=3)
    assert all(len(set(row)) == 20 for row in few.sets)
    whole = make_trials(some, some, protocol="retrieval")
    assert whole.sets is None and whole.n_way == 31 and whole.chance == 1 / 31


@pytest.mark.parametrize("strata", [(), ("gender",)])
@pytest.mark.parametrize("most", [10**7, 1])  # looked at one by one, and drawn blindly
def test_pairs_are_of_one_person_and_of_two(monkeypatch, strata, most):
    monkeypatch.setattr("voice2face.evaluation.trials.drawn_trials.MOST_PAIRS", most)
    probes, gallery = crowd(20, 3, gender=gender), crowd(20, 2, gender=gender)
    trials = make_trials(
        probes, gallery, protocol="verification", strata=strata, n_sets=100, seed=3
    )
    same = probes.identity[trials.asked] == gallery.identity[trials.sets[:, 0]]
    assert (same.sum(), (~same).sum()) == (100, 100)
    assert len({*zip(trials.asked.tolist(), trials.sets[:, 0].tolist(), strict=True)}) == 200
    alike = probes.groups["gender"][trials.asked] == gallery.groups["gender"][trials.sets[:, 0]]
    assert alike.all() if strata else not alike.all()


@pytest.mark.parametrize("protocol", ["1:2", "1:N", "retrieval", "verification"])
def test_a_list_is_read_as_it_was_written(tmp_path, protocol):
    n_sets = None if protocol == "1:2" else 2
    options = {"n_way": 5} if protocol in ("1:N", "retrieval") else {}
    trials = make_trials(
        crowd(), crowd(12, 1, gender=gender), protocol=protocol, n_sets=n_sets, **options
    )
    again = make_trials(
        crowd(), crowd(12, 1, gender=gender), protocol=protocol, n_sets=n_sets, **options
    )
    write_trials(tmp_path / "a.json", trials)
    time.sleep(0.01)
    write_trials(tmp_path / "elsewhere" / "b.json", again)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "elsewhere" / "b.json").read_bytes()
    read = read_trials(tmp_path / "a.json")
    assert read.sha256 == trials.sha256 == again.sha256
    assert (read.protocol, read.strata, read.n_way) == (protocol, (), trials.n_way)
    for of_read, of_made in ((read.asked, trials.asked), (read.sets, trials.sets)):
        assert (of_read is None) == (of_made is None)
        assert of_made is None or np.array_equal(of_read, of_made)
    assert np.array_equal(read.gallery.groups["gender"], trials.gallery.groups["gender"])


def test_the_checksum_is_of_what_is_asked():
    def of(seed=0, strata=(), n=12, **options):
        gallery = crowd(n, 2, gender=gender)
        options = {"protocol": "1:N", "n_way": 3, "n_sets": 4} | options
        return make_trials(crowd(n), gallery, strata=strata, seed=seed, **options).sha256

    sums = [of(), of(seed=1), of(strata=("gender",)), of(n=13), of(n_way=4), of(n_sets=5)]
    sums += [of(others_only=True, n_sets=1), of(protocol="retrieval"), of(protocol="verification")]
    assert len(set(sums)) == len(sums) and of() == sums[0]
    every = {"protocol": "1:2", "n_way": 2, "n_sets": None}
    assert of(seed=1, **every) == of(seed=2, **every)  # nothing is drawn
    renamed = Items(np.char.add("x", crowd().name), crowd().identity)
    sums = [make_trials(x, crowd(), protocol="1:2").sha256 for x in (crowd(), renamed)]
    assert sums[0] != sums[1]


def damaged(text, how):
    data = json.loads(text)
    if how == "a probe":
        data["probes"]["identity"][0] = "p05"
    elif how == "a set":
        data["sets"][0][1:] = data["sets"][1][1:][::-1]
    elif how == "a row":
        data["sets"][0][0] = 10**6
    elif how == "a huge number":
        data["sets"][0][0] = 2**63
    elif how == "ragged":
        data["sets"][0].append(1)
    elif how == "later":
        data["format_version"] = 2
    elif how == "another field":
        data["extra"] = 1
    elif how == "kind":
        data["n_way"] = "3"
    elif how == "protocol":
        data["protocol"] = "1:3"
    elif how == "column":
        data["gallery"]["identity"].pop()
    return json.dumps(data)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("a probe", "checksum"),
        ("a set", "checksum"),
        ("a row", "checksum"),
        ("a huge number", "damaged"),
        ("ragged", "damaged"),
        ("later", "format 2"),
        ("another field", "damaged"),
        ("kind", "damaged"),
        ("protocol", "damaged"),
        ("column", "different lengths"),
    ],
)
def test_a_damaged_list_is_refused_in_one_line(tmp_path, how, said):
    path = tmp_path / "trials.json"
    write_trials(path, make_trials(crowd(), crowd(), protocol="1:N", n_way=3, n_sets=2))
    path.write_text(damaged(path.read_text(), how))
    with pytest.raises(CorpusError, match=said) as caught:
        read_trials(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"[1]", b"{", b"\xff\xfe", b"[" * 100_000, None])
def test_what_is_no_list_is_refused_in_one_line(tmp_path, data):
    path = tmp_path / "trials.json"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(CorpusError, match=r"trials\.json") as caught:
        read_trials(path)
    assert "\n" not in str(caught.value)


def nobody(n=0):
    return Items(np.zeros(n, str), np.zeros(n, str))


@pytest.mark.parametrize(
    ("probes", "gallery", "options", "said"),
    [
        (crowd(1), crowd(1), {}, "one identity only"),
        (crowd(3), crowd(1, 4), {"protocol": "retrieval"}, "one identity only|1 face"),
        (nobody(), crowd(), {}, "no probes"),
        (crowd(), nobody(), {}, "no real faces"),
        (Items(np.array(["x"]), np.array(["stranger"])), crowd(), {}, "nobody has both"),
        (crowd(2), crowd(2, gender=gender), {"strata": ("gender",)}, "impostor of the same gender"),
        (crowd(), crowd(12, 2, gender=lambda k: ""), {"strata": ("gender",)}, "same gender"),
        (crowd(), crowd(), {"strata": ("gender",)}, "no such column"),
        (crowd(), crowd(), {"protocol": "1:N", "n_way": 13}, "12 other people"),
        (crowd(), crowd(), {"n_way": 3}, "1:N"),
        (crowd(), crowd(), {"n_sets": 0}, "0 sets"),
        (crowd(), crowd(), {"protocol": "2:1"}, "protocol"),
        (crowd(), crowd(), {"protocol": "retrieval", "n_way": 50, "n_sets": 3}, "12 people"),
        (
            crowd(),
            crowd(12, 1, gender=gender),
            {"protocol": "verification", "strata": ("gender",)},
            "column of the probes",
        ),
    ],
)
def test_trials_of_nobody_are_refused_in_one_line(probes, gallery, options, said):
    with pytest.raises(CorpusError, match=said) as caught:
        make_trials(probes, gallery, **({"protocol": "1:2"} | options))
    assert "\n" not in str(caught.value)


def test_items_are_whole():
    with pytest.raises(CorpusError, match="different lengths"):
        Items(np.array(["a"]), np.array(["p", "q"]))
    with pytest.raises(CorpusError, match="without identity"):
        Items(np.array(["a", "b"]), np.array(["p", ""]))
    unknown = Items(
        np.array([1, 2, 3]),
        np.array(["p", "q", "r"], object),
        {"age": np.array([3.5, np.nan, 4]), "gender": np.array(["f", None, float("nan")], object)},
    )
    assert unknown.name.tolist() == ["1", "2", "3"]
    assert unknown.groups["age"].tolist() == ["3.5", "", "4.0"]
    assert unknown.groups["gender"].tolist() == ["f", "", ""]
    with pytest.raises(CorpusError, match="without identity"):
        Items(np.array(["a", "b"]), np.array(["p", None], object))
