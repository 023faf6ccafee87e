import numpy as np
import pytest

from voice2face.corpus import Corpus
from voice2face.errors import CorpusError
from voice2face.evaluation.baselines import (
    BASELINES,
    gender_mean_face,
    make_baselines,
    mean_face,
    nearest_voice_face,
    random_face,
    ridge_eigenfaces,
    shuffled,
    shuffled_order,
)
from voice2face.evaluation.statistics.ridge import STRENGTHS, fit_ridge
from voice2face.evaluation.training_people import TrainingFaces, TrainingVoices

DIM, PX = 8, 8


class People:
    """People whose faces are a linear picture of what is heard, and noise; men hear as +."""

    def __init__(self, rng, n_people, faces_each=3, clips_each=2):
        self.voice = rng.normal(size=(n_people, DIM))
        self.name = np.array([f"p{i:03}" for i in range(n_people)])
        self.gender = np.where(self.voice[:, 0] > 0, "male", "female")
        paint = np.random.default_rng(99).normal(size=(DIM, PX * PX * 3))
        self.face = 128 + 12 * self.voice @ paint
        of_face, of_clip = (np.repeat(np.arange(n_people), n) for n in (faces_each, clips_each))
        pixels = self.face[of_face] + rng.normal(scale=4, size=(len(of_face), PX * PX * 3))
        self.faces = TrainingFaces(
            np.clip(pixels, 0, 255).astype(np.uint8).reshape(-1, PX, PX, 3),
            self.name[of_face],
            self.gender[of_face],
        )
        heard = self.voice[of_clip] + rng.normal(scale=0.1, size=(len(of_clip), DIM))
        self.voices = TrainingVoices(heard, self.name[of_clip], self.gender[of_clip])


@pytest.fixture(scope="module")
def known():
    return People(np.random.default_rng(0), 60)


@pytest.fixture(scope="module")
def unseen():
    return People(np.random.default_rng(1), 40)


def error(pictures, people):
    return np.abs(pictures.reshape(len(pictures), -1) - people.face).mean()


def test_in_the_mean_face_a_person_with_many_pictures_counts_once():
    pixels = np.zeros((10, PX, PX, 3), np.uint8)
    pixels[9] = 200
    identity = np.array(["often"] * 9 + ["once"])
    make = mean_face(TrainingFaces(pixels, identity, np.full(10, "")))
    assert (make(np.zeros((3, DIM))) == 100).all()
    assert make(np.zeros((0, DIM))).shape == (0, PX, PX, 3)


def test_the_gender_is_heard_in_unseen_voices(known, unseen):
    made = gender_mean_face(known.voices, known.faces)(unseen.voice)
    men, women = (
        mean_face(
            TrainingFaces(
                *(column[known.faces.gender == g] for column in vars(known.faces).values())
            )
        )(np.zeros((1, DIM)))[0]
        for g in ("male", "female")
    )
    as_man, as_woman = ((made == face).all(axis=(1, 2, 3)) for face in (men, women))
    assert (as_man ^ as_woman).all()
    assert (as_man == (unseen.gender == "male")).mean() > 0.9


def test_a_rare_gender_is_not_drowned(known, unseen):
    few = np.concatenate(
        [np.flatnonzero(known.gender == "male"), np.flatnonzero(known.gender == "female")[:6]]
    )
    rare = np.isin(known.voices.identity, known.name[few])
    voices = TrainingVoices(*(column[rare] for column in vars(known.voices).values()))
    made = gender_mean_face(voices, known.faces)(unseen.voice)
    women = unseen.gender == "female"
    kinds = np.unique(made.reshape(len(made), -1), axis=0, return_inverse=True)[1].ravel()
    as_woman = kinds == np.bincount(kinds[women]).argmax()
    assert as_woman[women].mean() > 0.7
    assert as_woman[~women].mean() < 0.3


def test_random_faces_are_training_faces_of_any_person_and_the_same_each_time():
    pixels = np.arange(100, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    identity = np.array(["often"] * 99 + ["once"])
    faces = TrainingFaces(pixels, identity, np.full(100, ""))
    drawn = random_face(faces, 3)(np.zeros((400, DIM)))
    assert 140 < (drawn[:, 0, 0, 0] == 99).sum() < 260  # of two people, each as likely
    assert len(np.unique(drawn[:, 0, 0, 0])) > 80
    assert (drawn == random_face(faces, 3)(np.ones((400, DIM)))).all()
    assert (drawn != random_face(faces, 4)(np.ones((400, DIM)))).any()


def test_the_nearest_voice_shows_a_face_of_its_owner(known):
    make = nearest_voice_face(known.voices, known.faces)
    made = make(5 * known.voice)  # by cosine: loudness tells nothing
    for picture, name in zip(made, known.name, strict=True):
        mine = known.faces.pixels[known.faces.identity == name].astype(float)
        assert (mine == picture).all(axis=(1, 2, 3)).any()
        far = [((face - mine.mean(axis=0)) ** 2).sum() for face in mine]
        assert (mine[np.argmin(far)] == picture).all()


def test_the_nearest_voice_without_a_face_is_passed_over(known):
    faceless = TrainingFaces(
        *(column[known.faces.identity != "p007"] for column in vars(known.faces).values())
    )
    made = nearest_voice_face(known.voices, faceless)(known.voice[[7]])
    assert (faceless.pixels == made[0]).all(axis=(1, 2, 3)).any()


def test_ridge_to_eigenfaces_learns_what_is_linear(known, unseen):
    linear = error(ridge_eigenfaces(known.voices, known.faces)(unseen.voice), unseen)
    mean = error(mean_face(known.faces)(unseen.voice), unseen)
    assert linear < 0.25 * mean


def test_ridge_falls_back_to_the_mean_where_voices_tell_nothing(known, unseen):
    rng = np.random.default_rng(5)
    noise = rng.normal(size=known.voices.embeddings.shape)
    deaf = TrainingVoices(noise, known.voices.identity, known.voices.gender)
    made = ridge_eigenfaces(deaf, known.faces)(unseen.voice)
    mean = error(mean_face(known.faces)(unseen.voice), unseen)
    assert error(made, unseen) < 1.1 * mean


def test_ridge_leaves_out_people_not_recordings():
    rng = np.random.default_rng(6)
    who = np.repeat(np.arange(30), 10)
    x = rng.normal(size=(30, 20))[who]  # ten times the same: a recording left out is known still
    y = rng.normal(size=(30, 1))[who]
    by_person = fit_ridge(x, y, np.ones(300), who).strength[0]
    by_recording = fit_ridge(x, y, np.ones(300), np.arange(300)).strength[0]
    assert by_recording < 1 < by_person


def test_each_target_of_ridge_has_its_own_strength_and_weights_count():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(200, 5))
    y = np.stack([x @ [1, 2, 3, 4, 5], rng.normal(size=200)], axis=1)
    y[:100] += 1000  # of no weight
    weights = (np.arange(200) >= 100).astype(float)
    fitted = fit_ridge(x, y, weights, np.arange(200))
    assert fitted.strength[0] == STRENGTHS[0] and fitted.strength[1] > 0.1
    np.testing.assert_allclose(fitted.weights[:, 0], [1, 2, 3, 4, 5], rtol=0.01)
    np.testing.assert_allclose(fitted(x)[100:, 0], y[100:, 0], atol=0.1)


def test_shuffled_voices_are_the_same_ones_in_another_order():
    probes = np.arange(50.0)[:, None]

    def model(x):
        return x.astype(np.uint8).reshape(-1, 1, 1, 1) * np.ones((1, 2, 2, 3), np.uint8)

    made = shuffled(model, 1)(probes)[:, 0, 0, 0]
    assert sorted(made) == list(range(50)) and (made == shuffled_order(50, 1)).all()
    assert (made != np.arange(50)).any() and (made != shuffled_order(50, 2)).any()
    # Each voice in each place alike, its own as well: the mean over seeds is chance exactly.
    own = np.mean([(shuffled_order(4, seed) == np.arange(4)).mean() for seed in range(2000)])
    assert own == pytest.approx(0.25, abs=0.02)


def test_all_rivals_are_made_of_pairs_and_each_has_a_sentence(known, unseen):
    rivals, left_out = make_baselines(
        known.voices, known.faces, model=lambda x: np.zeros((len(x), PX, PX, 3), np.uint8)
    )
    assert list(rivals) == list(BASELINES) and not left_out
    for name, make in rivals.items():
        made = make(unseen.voice)
        assert (made.shape, made.dtype) == ((40, PX, PX, 3), np.uint8), name


def test_voices_and_faces_of_different_people_leave_out_what_needs_pairs(known):
    others = TrainingFaces(
        known.faces.pixels, np.char.add("other", known.faces.identity), known.faces.gender
    )
    rivals, left_out = make_baselines(known.voices, others)
    assert list(rivals) == ["mean face", "gender's mean face", "random face"]
    assert set(rivals) | set(left_out) == set(BASELINES)
    assert "0 training people have both" in left_out["nearest voice's face"]
    assert "no model" in left_out["shuffled voices"]
    with pytest.raises(CorpusError, match="a voice and a face wanted"):
        nearest_voice_face(known.voices, others)
    with pytest.raises(CorpusError, match="10 people"):
        ridge_eigenfaces(known.voices, others)


def test_no_gender_no_mean_face_of_it(known):
    silent = TrainingVoices(
        known.voices.embeddings, known.voices.identity, np.full(len(known.voices.identity), "")
    )
    _, left_out = make_baselines(silent, known.faces)
    assert "labelled with: none" in left_out["gender's mean face"]
    with pytest.raises(CorpusError, match="both genders"):
        gender_mean_face(silent, known.faces)
    few = known.gender == "male"
    few |= known.name == known.name[known.gender == "female"][0]
    kept = np.isin(known.voices.identity, known.name[few])
    voices = TrainingVoices(*(column[kept] for column in vars(known.voices).values()))
    assert "1 training people" in make_baselines(voices, known.faces)[1]["gender's mean face"]


def test_training_data_that_do_not_fit_are_refused(known):
    with pytest.raises(CorpusError, match="columns of 180, 3, 180 rows"):
        TrainingFaces(known.faces.pixels, np.array(list("abc")), known.faces.gender)
    with pytest.raises(CorpusError, match="1 or more"):
        TrainingFaces(np.zeros((0, 4, 4, 3), np.uint8), np.zeros(0, str), np.zeros(0, str))
    with pytest.raises(CorpusError, match="finite"):
        TrainingVoices(np.full((1, 4), np.nan), np.array(["a"]), np.array([""]))


def test_a_corpus_becomes_training_people(corpus):
    opened = Corpus.open(corpus)
    faces, voices = opened.faces("train"), opened.voices("train")
    seen = TrainingFaces.of(faces)
    heard = TrainingVoices.of(voices, np.ones((len(voices), 4)), gender="no such column")
    assert set(seen.gender) <= {"male", "female"} and set(heard.gender) == {""}
    rivals, left_out = make_baselines(heard, seen)
    assert rivals["nearest voice's face"](np.ones((2, 4))).shape == (2, 16, 16, 3)
    assert set(left_out) == {"gender's mean face", "ridge to eigenfaces", "shuffled voices"}
