import hashlib

import msgspec
import numpy as np
import pytest

from voice2face.errors import ModelError
from voice2face.generators.face_decoder import BACKDROP, DARKER
from voice2face.generators.face_space import FILE, FaceSpace, FaceSpacePart
from voice2face.generators.kinds import GENERATORS
from voice2face.generators.mixtures import Others
from voice2face.parts import PartSource, write_arrays
from voice2face.release.model_folder import BUNDLED, CONFIG, read_config
from voice2face.training.face_space.light import N_DRAWN, drawn_people

from .face_space_samples import DIM, arrays, people

PART = FaceSpacePart(px=32, embedding_dim=DIM, sharpening=0.0)


@pytest.fixture(scope="module")
def made():
    return arrays()


@pytest.fixture(scope="module")
def space(made):
    return FaceSpace(PART, made)


def voices(*rows: tuple[float, ...]) -> np.ndarray:
    heard = np.zeros((len(rows), DIM), np.float32)
    for row, values in zip(heard, rows, strict=True):
        row[: len(values)] = values
    return heard


def test_faces_are_pictures_of_the_size_that_was_asked_for(space):
    faces = space.faces(voices((1,), (-1,), (1, 1)))
    assert faces.shape == (3, 3, 32, 32) and faces.dtype == np.float32
    assert faces.min() >= -1 and faces.max() <= 1


def test_without_chance_a_voice_has_one_face(space):
    one = voices((1, 0.5))
    np.testing.assert_array_equal(space.faces(one), space.faces(one))


def test_chance_draws_others_who_are_of_the_same_gender(space, made):
    many = np.repeat(voices((1, 0)), 16, axis=0)
    drawn = space.faces(many, np.random.default_rng(0))
    again = space.faces(many, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, again)
    assert np.abs(drawn - drawn[:1]).max(axis=(1, 2, 3))[1:].min() > 0.02
    # So few voices are said to leave open eight times as much as people differ by.
    nearby = FaceSpace(msgspec.structs.replace(PART, chance=0.1), made)
    codes = nearby.looks(many, np.random.default_rng(0)).codes
    women, men = made["gender_code"]
    nearer = (codes - (women + men) / 2) @ (men - women) > 0
    assert nearer.mean() > 0.8


def test_gender_and_age_are_told(space):
    told = space.told(voices((1, -1), (-1, 1), (1, 1)))
    assert (told.male > 0).tolist() == [True, False, True]
    assert told.age[1] > told.age[0] + 5 and told.age[2] > told.age[0] + 5


def test_shape_follows_the_voice(space, made):
    narrow, wide = space.told(voices((1, 0, -1), (1, 0, 1))).codes
    n_texture = len(made["texture_basis"])
    change = (wide - narrow)[n_texture:] @ made["shape_basis"]
    across = change.reshape(-1, 2)[:, 0]
    mean = made["shape_mean"].reshape(-1, 2)[:, 0]
    assert np.corrcoef(across, mean)[0, 1] > 0.9  # the left goes left, the right goes right


def test_emphasis_drives_faces_from_the_mean(made):
    heard = voices((1, 1, 1), (-1, -1, -1))

    def apart(**emphasis: float) -> float:
        codes = FaceSpace(FaceSpacePart(px=32, embedding_dim=DIM, **emphasis), made).told(heard)
        return float(np.abs(codes.codes[0] - codes.codes[1]).sum())

    plain = apart()
    for name in ("gender_emphasis", "age_emphasis", "liveliness", "shape_emphasis"):
        assert apart(**{name: 0.0}) != pytest.approx(plain, rel=0.001), name


def test_the_region_holds_the_share_of_people_that_it_should(space, made):
    """Codes drawn from the distribution lie at a mean squared distance of one."""
    heard = np.repeat(voices((1, 0)), 400, axis=0)
    rng = np.random.default_rng(0)
    mean = (heard - made["voice_mean"]) / made["voice_scale"] @ made["deviation"]
    drawn = mean + rng.standard_normal(mean.shape) @ made["spread"][1].T
    seen = made["seen_code"][1] + drawn / made["stretched"]
    distances = space.distances(heard, seen.astype(np.float32))
    assert distances.mean() == pytest.approx(1, abs=0.1)


def test_surroundings_and_background_are_there(space):
    face = (space.faces(voices((1,)))[0] + 1) * 127.5
    corner, middle = face[:, 0, 0], np.array(BACKDROP)
    np.testing.assert_allclose(corner / middle, (corner / middle).mean(), atol=0.01)
    assert DARKER - 0.01 < (corner / middle).mean() < 1


def test_what_is_behind_drawn_people_differs(space):
    drawn = space.faces(np.repeat(voices((1,)), 4, axis=0), np.random.default_rng(0))
    assert np.ptp(drawn[:, :, 0, 0], axis=0).min() > 0.1


def test_a_space_without_surroundings_draws_the_whole_picture():
    space = FaceSpace(PART, arrays(heads=False))
    assert space.faces(voices((1,)), np.random.default_rng(0)).shape == (1, 3, 32, 32)


def opened(folder):
    digest = hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    return PART.open(PartSource(folder, {FILE: digest}))


def test_a_model_folders_part_opens_its_file(made, tmp_path):
    assert GENERATORS["face-space"].endswith(":FaceSpacePart")
    write_arrays(tmp_path / FILE, made)
    heard = voices((1, 0.3))
    np.testing.assert_array_equal(opened(tmp_path).faces(heard), FaceSpace(PART, made).faces(heard))


def test_its_kind_is_read_as_it_was_once_written(tmp_path):
    now = (BUNDLED / CONFIG).read_text("utf-8").replace("kind: face_space", "kind: face-space")
    for text in (now, now.replace("kind: face-space", "kind: face_space")):
        (tmp_path / CONFIG).write_text(text, "utf-8")
        part = read_config(tmp_path).generator
        assert isinstance(part, FaceSpacePart) and part.kind == "face-space"


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (lambda made: {"age": made["age"]}, "no voice_mean"),
        (lambda made: made | {"age": made["age"][1:]}, r"age is .*\(12,\); float32 .*\(13,\)"),
        (lambda made: {n: a for n, a in made.items() if n != "head_by"}, "no head_by"),
    ],
)
def test_what_is_no_face_space_is_refused(made, harm, found, tmp_path):
    write_arrays(tmp_path / FILE, harm(made))
    with pytest.raises(ModelError, match=found):
        opened(tmp_path)


def test_another_encoders_embeddings_are_refused(space, made):
    with pytest.raises(ModelError, match="embeddings of shape"):
        space.faces(np.zeros((2, DIM + 1), np.float32))
    with pytest.raises(ModelError, match="made for embeddings of 12 numbers"):
        FaceSpace(FaceSpacePart(px=32, embedding_dim=256), made)


def test_gender_is_stronger_in_draws_if_wanted(made):
    """Men are darker here than women; the more so, the more gender is stressed."""
    many = np.repeat(voices((1, 0)), 4, axis=0)

    def bright(drawn_gender: float) -> float:
        part = FaceSpacePart(px=32, embedding_dim=DIM, drawn_gender=drawn_gender)
        return float(FaceSpace(part, made).faces(many, np.random.default_rng(0)).mean())

    assert bright(1.5) < bright(0.0) - 0.01


def test_drawn_people_are_means_of_some_who_look_alike(made):
    of_women = Others.of_gender(made, False)
    rest = of_women.rest.astype(np.float64) * of_women.step
    n = len(of_women.matters)
    drawn = np.array([of_women.drawn(np.random.default_rng(seed)) for seed in range(40)])
    anybody = np.array([of_women.anybody(np.random.default_rng(seed)) for seed in range(40)])
    low, high = rest.min(axis=0) - 1e-3, rest.max(axis=0) + 1e-3
    assert ((drawn >= low) & (drawn <= high)).all()  # nobody is further out than people are
    assert not ((anybody >= low) & (anybody <= high)).all()
    first = np.argmax(of_women.matters)  # they are alike in what is large
    assert 0.75 < drawn[:, first].std() / rest[:, first].std() < 1.3
    assert drawn[:, n:].std() < 0.8 * rest[:, n:].std()
    apart = np.linalg.norm(drawn[:, None] - rest, axis=2).min(axis=1)
    assert apart.min() > 0.05  # nobody is drawn as they are


def test_a_space_of_one_woman_draws_her(made):
    alone = made | {"rest_male": np.arange(len(made["rest_male"])) > 0}
    found = Others.of_gender(alone, False).drawn(np.random.default_rng(0))
    np.testing.assert_allclose(found, made["rest"][0] * made["rest_step"], rtol=1e-5)


def test_light_is_fitted_to_drawn_people(made):
    drawn = drawn_people(made, PART, people(60, 0))
    assert drawn.photographed and len(drawn.codes) == N_DRAWN
    assert 0.4 < drawn.male.mean() < 0.6
