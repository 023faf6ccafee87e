"""A face space from a corpus, by the command's own function."""

import numpy as np
import pytest
from PIL import Image

from voice2face.audio.speech import Speech
from voice2face.corpus import Corpus
from voice2face.corpus.prepare import prepare
from voice2face.errors import SettingsError, TrainingError
from voice2face.faces.settings import FaceCrop, NormalisedFilters
from voice2face.release.inference import Model
from voice2face.synthetic.faces import draw
from voice2face.synthetic.latent import CohortSettings, sample_person
from voice2face.training.closed_form import read_pairs, train_closed_form
from voice2face.training.everyone import Everyone
from voice2face.training.face_space.attributes import said_age, said_male, years
from voice2face.training.face_space.collected import collected
from voice2face.training.face_space.method import FaceSpaceFit
from voice2face.training.frozen import open_frozen
from voice2face.training.methods import closed_form

pytest.importorskip("cv2")
ANY = NormalisedFilters(
    max_turned=0.9, max_nodded=0.9, max_mouth=0.9, max_spectacles=9, max_burnt=0.99,
    min_brightness=0, min_colour=0,
)  # fmt: skip
N_BOTH, N_HEARD, PX = 12, 4, 48


def sound(hz: float) -> np.ndarray:
    """Harmonics under a formant that moves: GE2E takes it for speech."""
    at = np.arange(32_000) / 16_000
    formant_hz = 700 + 400 * np.sin(2 * np.pi * 3 * at)
    harmonic_hz = np.arange(1, 25)[:, None] * hz
    wave = np.sin(2 * np.pi * harmonic_hz * at) / (1 + ((harmonic_hz - formant_hz) / 200) ** 2)
    wave = wave.sum(axis=0)
    return (wave / np.abs(wave).max() * 12_000).astype(np.int16)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Painted people with a voice and a face, others with a voice alone."""
    import wave

    folder = tmp_path_factory.mktemp("both")
    rows = ["identity,voice,face,gender,age"]
    for person in range(N_BOTH + N_HEARD):
        male = person % 2
        with wave.open(str(folder / f"{person}.wav"), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", ""))
            file.writeframes(sound(110 + 3 * person if male else 210 + 3 * person).tobytes())
        face = draw(sample_person(CohortSettings(), person).seen, np.random.default_rng(0), 200)
        canvas = np.full((300, 400, 3), 128, np.uint8)
        canvas[40:240, 90:290] = face
        Image.fromarray(canvas).save(folder / f"{person}.png")
        shown = f"{person}.png" if person < N_BOTH else ""
        gender = ("female", "male")[male]
        rows.append(f"p{person:02d},{person}.wav,{shown},{gender},{30 + 2 * person}")
    (folder / "people.csv").write_text("\n".join(rows) + "\n")
    return folder / "people.csv"


@pytest.fixture(scope="module")
def normalised(table, tmp_path_factory):
    out = tmp_path_factory.mktemp("corpus") / "corpus"
    crop = FaceCrop(px=PX, geometry="normalised", normalised=ANY)
    prepare([table], out, face_crop=crop, split="hash:100/0/0", max_skipped=0.2)
    return out


def test_a_face_space_is_trained_and_drawn(normalised, tmp_path):
    folder = train_closed_form(normalised, tmp_path / "run", FaceSpaceFit(), voice_encoder="ge2e")
    model = Model(folder)
    assert model.config.generator.kind == "face-space"
    low, high = (model.reconstruct_speech(Speech(sound(hz))) for hz in (120, 240))
    assert low.face.shape[0] == 3 and np.isfinite(low.face).all()
    assert np.abs(low.face - high.face).max() > 0.05
    again = train_closed_form(normalised, tmp_path / "again", FaceSpaceFit(), voice_encoder="ge2e")
    for name in model.config.generator.files:
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_voices_without_a_face_teach_too(normalised):
    data = read_pairs(Corpus.open(normalised), open_frozen("ge2e"), "identity")
    assert len(data.embeddings) == len(data.pixels) == N_BOTH
    assert data.shapes.shape == (N_BOTH, 468, 2)
    everyone = data.everyone
    assert len(everyone.embeddings) == N_BOTH + N_HEARD
    found = collected(everyone, lambda faces: pytest.fail("all is said"))
    (speakers,) = found.speakers
    assert speakers.on_record and (speakers.face >= 0).sum() == N_BOTH
    assert len(speakers.male) == N_BOTH + N_HEARD and not np.isnan(speakers.male).any()
    np.testing.assert_array_equal(found.people.male, [i % 2 == 1 for i in range(N_BOTH)])
    np.testing.assert_array_equal(speakers.age[speakers.face < 0], 30 + 2 * np.arange(12, 16))


def test_a_corpus_of_other_faces_is_refused_at_once(corpus, tmp_path):
    with pytest.raises(TrainingError, match="--align normalised"):
        train_closed_form(corpus, tmp_path / "run", FaceSpaceFit(), voice_encoder="nothing")


def test_its_name_is_known():
    assert isinstance(closed_form("face-space"), FaceSpaceFit)
    with pytest.raises(SettingsError, match="face-space"):
        closed_form("facespace")


def test_several_faces_of_a_person_count_as_one_and_a_network_tells_what_is_not_said():
    shape = np.repeat(np.full((1, 468, 2), 0.5, np.float32), 4, axis=0)
    from voice2face.faces.layout import Layout

    shape[:] = Layout.read().shape
    pixels = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 16, 16, 3), np.uint8)
    everyone = Everyone(
        np.eye(3, 4, dtype=np.float32), np.array(["a", "b", "nobody"]), {}, pixels, shape,
        np.array(["b", "a", "b", "c"]), {"Gender": np.array([None, "F", None, "m"], object)},
    )  # fmt: skip
    found = collected(everyone, lambda faces: (np.full(4, 40.0), np.full(4, 0.9)))
    np.testing.assert_array_equal(found.people.male, [True, False, True, True])
    (speakers,) = found.speakers  # of nobody nothing is known
    np.testing.assert_array_equal(speakers.person, ["a", "b"])
    np.testing.assert_array_equal(speakers.male, [0, 1])
    np.testing.assert_array_equal(speakers.texture[speakers.face, 0, 0, 0], [1, 1])


@pytest.mark.parametrize(
    ("cell", "age"),
    [("34", 34), ("20-29", 25), ("40-59", 50), (">=60", 65), ("more than 70", 75), ("adult", None)],
)
def test_ages_are_numbers_or_bands(cell, age):
    assert np.isnan(years(cell)) if age is None else years(cell) == age


def test_columns_say_gender_and_age():
    columns = {"sex": np.array(["F", None, "x"], object), "age": np.array([None, "50", ""], object)}
    np.testing.assert_array_equal(said_male(columns, 3), [0, np.nan, np.nan])
    np.testing.assert_array_equal(said_age(columns, 3), [np.nan, 50, np.nan])
