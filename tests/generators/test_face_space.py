import hashlib

import msgspec
import numpy as np
import pytest

from voice2face.errors import ModelError, TrainingError
from voice2face.generators.face_decoder import BACKDROP, DARKER
from voice2face.generators.face_space import FILE, FaceSpace, FaceSpacePart
from voice2face.generators.kinds import GENERATORS
from voice2face.generators.mixtures import Others
from voice2face.parts import PartSource, write_arrays
from voice2face.release.model_folder import BUNDLED, CONFIG, read_config

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
    women, men = (space.faces(voices((sign, 0)))[0] for sign in (-1, 1))
    assert np.abs(drawn - drawn[:1]).max(axis=(1, 2, 3))[1:].min() > 0.02
    nearer = ((drawn - men) ** 2).sum(axis=(1, 2, 3)) < ((drawn - women) ** 2).sum(axis=(1, 2, 3))
    assert nearer.mean() > 0.6


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


def test_a_flow_draws_people_where_there_is_one(made, tmp_path):
    """Draws then are no mixtures; the mean stays as it was, and so does the told gender."""
    from voice2face.training.face_space.clean import Clean
    from voice2face.training.flow.draws import fit_draws
    from voice2face.training.flow.matching import FlowTraining

    training = FlowTraining(
        width=32, n_blocks=1, hidden=16, steps=200, batch_size=64, learning_rate=5e-3
    )
    anybody = Clean(max_shadow=9, min_eyes=-1, min_opening=0, usual=1.0)
    flow = fit_draws(made, people(60, 0), clean=anybody, training=training)
    write_arrays(tmp_path / FILE, made | flow)
    digest = hashlib.sha256((tmp_path / FILE).read_bytes()).hexdigest()
    plain, space = FaceSpace(PART, made), PART.open(PartSource(tmp_path, {FILE: digest}))
    heard = voices((1, 0.3), (-1, 0))
    np.testing.assert_array_equal(space.faces(heard), plain.faces(heard))
    drawn = space.faces(heard, np.random.default_rng(3))
    assert np.abs(drawn - plain.faces(heard, np.random.default_rng(3))).max() > 0.01
    alone = space.faces(heard[:1], np.random.default_rng(3))
    np.testing.assert_array_equal(alone, drawn[:1])
    many = np.repeat(voices((1, 0), (-1, 0)), 20, axis=0)
    codes = space.looks(many, np.random.default_rng(0)).codes
    toward_men = codes @ (made["gender_code"][1] - made["gender_code"][0])
    assert toward_men[:20].mean() > toward_men[20:].mean()


def test_drawn_people_differ_as_much_as_people_do(made):
    """The more the flow draws them alike, the more they are driven from the mean."""
    from voice2face.training.face_space.clean import Clean
    from voice2face.training.flow.draws import drawn_people, fit_draws, fit_spread
    from voice2face.training.flow.matching import FlowTraining

    training = FlowTraining(width=16, n_blocks=1, hidden=16, steps=150, batch_size=64)
    anybody = Clean(max_shadow=9, min_eyes=-1, min_opening=0, usual=1.0)
    space = made | fit_draws(made, people(60, 0), clean=anybody, training=training)
    alike = msgspec.structs.replace(PART, chance=0.3)
    spread = fit_spread(space, alike, people(60, 0))
    assert spread["flow_spread"].min() >= 1 and spread["flow_spread"].max() > 1.2
    (usual, few), (_, many) = (
        drawn_people(arrays, alike, people(60, 0)) for arrays in (space, space | spread)
    )
    plain, wider = ((one.codes - usual.codes).std(axis=0) for one in (few, many))
    np.testing.assert_allclose(wider / plain, spread["flow_spread"], rtol=0.15)
    far = msgspec.structs.replace(PART, chance=6.0)
    usual, drawn = drawn_people(space | spread, far, people(60, 0))
    length = np.sqrt(((drawn.codes - usual.codes) ** 2).mean(axis=1))
    furthest = max(Others.of_gender(space, men).furthest for men in (False, True))
    assert length.max() <= furthest * 1.001  # than the usual three quarters of people


def test_too_few_clean_faces_are_refused(made):
    from voice2face.training.face_space.clean import Clean
    from voice2face.training.flow.draws import fit_draws

    with pytest.raises(TrainingError, match="0 of 60 in even light"):
        fit_draws(made, people(60, 0), clean=Clean(min_eyes=2.0))
