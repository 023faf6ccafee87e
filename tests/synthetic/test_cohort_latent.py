import numpy as np
import pytest

from voice2face.errors import SettingsError
from voice2face.synthetic import CohortSettings, make_face, sample_person
from voice2face.synthetic.latent import Stream, sample_heard, sample_seen, stream, years
from voice2face.synthetic.write import make_clip


def test_a_person_does_not_depend_on_how_many_others_there_are():
    few, many = CohortSettings(n_identities=3, seed=5), CohortSettings(n_identities=900, seed=5)
    assert [sample_person(few, i) for i in range(3)] == [sample_person(many, i) for i in range(3)]


def test_other_seeds_and_other_indices_are_other_people():
    people = {sample_person(CohortSettings(seed=s), i).heard for s in range(3) for i in range(5)}
    assert len(people) == 15


def test_every_use_has_randomness_of_its_own():
    settings = CohortSettings()
    draws = [
        stream(settings, index, kind, number).random()
        for index in range(4)
        for kind in Stream
        for number in range(4)
    ]
    assert len(set(draws)) == len(draws)


@pytest.mark.parametrize("coupling", [0.0, 0.5, 0.85])
def test_the_two_halves_agree_as_well_as_the_coupling_says(coupling):
    rng = np.random.default_rng(0)
    heard = sample_heard(rng, 40_000)
    seen = sample_seen(rng, heard, coupling)
    agreement = np.mean(heard[:, 0] == seen[:, 0])
    assert agreement == pytest.approx((1 + coupling) / 2, abs=0.01)
    for column in range(1, 4):
        correlation = np.corrcoef(heard[:, column], seen[:, column])[0, 1]
        assert correlation == pytest.approx(coupling, abs=0.02)
        assert np.std(seen[:, column]) == pytest.approx(1, abs=0.02)
    assert abs(np.corrcoef(heard[:, 1], seen[:, 2])[0, 1]) < 0.02


def test_at_full_coupling_the_halves_are_equal():
    heard = sample_heard(np.random.default_rng(0), 50)
    assert np.array_equal(sample_seen(np.random.default_rng(1), heard, 1.0), heard)


def test_people_are_drawn_from_that_population():
    people = [sample_person(CohortSettings(coupling=0.85), i) for i in range(1500)]
    same = np.mean([p.heard.sex == p.seen.sex for p in people])
    sizes = np.array([(p.heard.size, p.seen.size) for p in people])
    assert same == pytest.approx(0.925, abs=0.03)
    assert np.corrcoef(sizes.T)[0, 1] == pytest.approx(0.85, abs=0.03)
    assert np.mean([p.heard.sex == "male" for p in people]) == pytest.approx(0.5, abs=0.05)
    pitch_and_skin = np.array([(p.heard.pitch, p.seen.skin) for p in people])
    assert abs(np.corrcoef(pitch_and_skin.T)[0, 1]) < 0.1


def test_coupling_changes_faces_and_never_voices():
    loose, tight = CohortSettings(coupling=0.1), CohortSettings(coupling=0.9)
    assert sample_person(loose, 2).heard == sample_person(tight, 2).heard
    assert np.array_equal(make_clip(loose, 2, 1), make_clip(tight, 2, 1))
    assert not np.array_equal(make_face(loose, 2, 1), make_face(tight, 2, 1))


def test_age_in_years_is_uniform_over_adult_life():
    ages = np.array([years(z) for z in np.random.default_rng(0).standard_normal(5000)])
    assert ages.min() >= 18
    assert ages.max() <= 80
    assert np.allclose(np.quantile(ages, [0.25, 0.5, 0.75]), [33.5, 49, 64.5], atol=2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_identities": 0},
        {"seed": -1},
        {"coupling": 1.2},
        {"coupling": float("nan")},
        {"clip_s": (4.0, 3.0)},
        {"clip_s": (0.0, 3.0)},
        {"face_px": 2},
        {"faces_per_identity": -1},
    ],
)
def test_settings_that_cannot_be_made_are_refused(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        CohortSettings(**wrong)
