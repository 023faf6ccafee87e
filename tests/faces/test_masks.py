from pathlib import Path

import numpy as np
import pytest
from needed import SHARED, needed

pytest.importorskip("cv2")

from voice2face.assets.pretrained import find
from voice2face.errors import ModelError
from voice2face.faces.masks import CONTEXT, FEATURES, Masks
from voice2face.faces.pictures import PictureError

PX = 256
FACE = (slice(92, 180), slice(92, 164))  # about the features of a context crop


class _Network:
    """Answers with what it was made with."""

    def __init__(self, answer: np.ndarray) -> None:
        self.answer, self.given = answer, []

    def run(self, _: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.given.append(inputs["input"])
        return [self.answer]


def hair_logits(hair: np.ndarray, far: float = 20.0) -> np.ndarray:
    logits = np.where(np.kron(hair, np.ones((2, 2))) > 0, far, -far).astype(np.float32)
    return np.stack((-logits, logits))[None]


def masks(hair: np.ndarray | None = None, person: np.ndarray | None = None) -> Masks:
    made = Masks(())
    if hair is not None:
        made._networks["hair"] = _Network(hair_logits(hair))
    if person is not None:
        made._networks["background"] = _Network(person[None, None].astype(np.float32))
    return made


@pytest.fixture
def crop() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (PX, PX, 3), np.uint8)


@pytest.fixture
def person() -> np.ndarray:
    """A head in the middle."""
    y, x = np.mgrid[:PX, :PX]
    return (((y - 128) / 100) ** 2 + ((x - 128) / 75) ** 2 < 1).astype(np.float32)


def test_nothing_to_remove_keeps_all(crop):
    assert (masks()(crop) == 1).all()


def test_hair_and_background_go(crop, person):
    hair = np.zeros((PX, PX))
    hair[:70] = 1
    keep = masks(hair, person)(crop)
    assert keep.dtype == np.float32 and keep.shape == (PX, PX)
    assert (keep[:68] == 0).all()  # hair
    assert (keep[:, :40] == 0).all() and (keep[-20:] == 0).all()  # background
    assert (keep[FACE] == 1).all()


def test_without_hair_the_background_stays(crop):
    hair = np.zeros((PX, PX))
    hair[:70] = 1
    keep = masks(hair)(crop)
    assert (keep[72:] == 1).all()


def test_the_networks_get_what_they_were_trained_on(crop, person):
    made = masks(np.zeros((PX, PX)), person)
    made(crop)
    (hair_input,), (person_input,) = (made._networks[n].given for n in ("hair", "background"))
    assert hair_input.shape == (1, 4, 512, 512) and hair_input.dtype == np.float32
    assert (hair_input[0, 3] == 0).all()  # no previous mask
    assert person_input.shape == (1, 3, 256, 256)
    np.testing.assert_allclose(person_input[0], crop.transpose(2, 0, 1) / 255.0, atol=1e-6)
    np.testing.assert_allclose(hair_input[0, :3].mean(), crop.mean() / 255, atol=1e-3)


def test_a_doubtful_probability_is_neither_kept_nor_removed(crop, person):
    for probability, share in ((0.2, 0), (0.6, 0.75), (0.8, 1)):
        doubtful = person.copy()
        doubtful[150:, :] *= probability
        keep = masks(person=doubtful)(crop)
        assert keep[160, 128] == pytest.approx(share, abs=1e-5)


def test_dark_glasses_are_not_hair(crop):
    hair = np.zeros((PX, PX))
    hair[:60] = 1
    hair[110:130, 80:176] = 1  # glasses
    keep = masks(hair)(crop)
    assert (keep[104:136, 74:182] == 1).all()
    assert (keep[:58] == 0).all()


def test_a_fringe_over_the_eyes_is_hair(crop):
    hair = np.zeros((PX, PX))
    hair[:120, 40:216] = 1
    assert (masks(hair)(crop)[90:118, 100:150] == 0).all()


def test_a_beard_is_no_hair_to_be_removed(crop):
    hair = np.zeros((PX, PX))
    hair[:70] = 1
    hair[160:215, 100:156] = 1  # a beard under the mouth
    hair[100:, :60] = hair[100:, 196:] = 1  # long hair beside the face
    keep = masks(hair)(crop)
    assert (keep[165:205, 108:148] == 1).all()
    assert (keep[:68] == 0).all() and (keep[102:, :58] == 0).all() and (keep[102:, 198:] == 0).all()


def test_what_the_border_mirrors_goes_and_does_not_connect(crop, person):
    inside = np.ones((PX, PX), bool)
    inside[:60] = False  # the picture ends above the brows; its mirror looks like a person
    tall = person.copy()
    tall[:60, 60:196] = 1
    for made in (masks(person=tall), masks(np.zeros((PX, PX)))):
        keep = made(crop, inside)
        assert (keep[:60] == 0).all() and (keep[FACE] == 1).all()


def test_another_person_and_threads_go_with_the_background(crop, person):
    crowded = person.copy()
    crowded[100:180, 0:30] = 1  # somebody else
    crowded[30:33, :] = 1  # a seam through the head
    keep = masks(person=crowded)(crop)
    assert (keep[100:180, :30] == 0).all()
    assert (keep[30:33, :60] == 0).all()
    assert (keep[FACE] == 1).all()


def test_a_mask_that_takes_the_face_itself_is_refused(crop, person):
    with pytest.raises(PictureError, match="100% of eyes, nose and mouth") as caught:
        masks(person=1 - person)(crop)
    assert caught.value.reason == "mask failed"
    with pytest.raises(PictureError):
        masks(hair=np.ones((PX, PX)))(crop)
    with pytest.raises(PictureError):
        masks(person=np.zeros((PX, PX)))(crop)


@pytest.mark.parametrize("px", [97, 160, 300])
def test_any_side_will_do(px, person):
    keep = masks(np.zeros((PX, PX)), person)(np.zeros((px, px, 3), np.uint8))
    assert keep.shape == (px, px)
    assert keep[px // 2, px // 2] == 1 and keep[0, 0] == 0


def test_a_file_that_is_no_network_is_named(tmp_path):
    path = tmp_path / "hair.onnx"
    path.write_bytes(b"no network")
    with pytest.raises(ModelError, match=r"hair\.onnx"):
        Masks(("hair",), {"hair": path})


@pytest.fixture(scope="module")
def files() -> dict[str, Path]:
    return {name: find(name) for name in ("hair", "selfie", "yunet")}


@pytest.fixture(scope="module")
def people() -> Path:
    return needed(SHARED / "data" / "pairs" / "voxceleb" / "face", "pictures")


def test_real_faces_lose_hair_and_background_but_no_features(files, people):
    from voice2face.faces.align import GEOMETRIES, align, widened
    from voice2face.faces.detect import YuNet
    from voice2face.faces.pictures import read_picture

    detector = YuNet(files["yunet"], 0.6)
    both = Masks(("hair", "background"), files)
    geometry = widened(GEOMETRIES["released"], CONTEXT)
    top, bottom, left, right = (round(PX * share) for share in FEATURES)
    margin = round(PX * (1 - 1 / CONTEXT) / 2)
    features, removed = [], []
    for path in sorted(people.glob("*.jpg"))[::20]:
        picture = read_picture(path.read_bytes())
        keep = both(align(picture, detector(picture)[0].points, geometry, PX)[0])
        features.append(keep[top:bottom, left:right].mean())
        removed.append(1 - keep[margin:-margin, margin:-margin].mean())
    assert len(features) >= 8
    assert np.mean(features) > 0.93
    assert 0.25 < np.median(removed) < 0.65
