import numpy as np
import pytest

from voice2face.errors import ModelError
from voice2face.faces.evenness import even_light, even_tint
from voice2face.faces.layout import Layout
from voice2face.faces.mesh import FaceMesh
from voice2face.faces.normalise import BACKGROUND, Normaliser
from voice2face.faces.pictures import PictureError
from voice2face.faces.settings import NormalisedFace, NormalisedFilters
from voice2face.faces.spectacles import read_weights, spectacles

from .face_samples import portrait

pytest.importorskip("cv2")
PX = 96
LUMA = np.array((0.299, 0.587, 0.114))
# Painted faces are flat, pale and ruddy; what is tested here is not the filters.
ANY = NormalisedFilters(
    max_turned=0.9, max_nodded=0.9, max_mouth=0.9, max_spectacles=9, max_burnt=0.99,
    min_brightness=0, min_colour=0,
)  # fmt: skip


@pytest.fixture(scope="module")
def normaliser():
    return Normaliser(NormalisedFace(px=PX, filters=ANY))


@pytest.fixture(scope="module")
def inside():
    return Layout.read().inside(PX)


@pytest.fixture
def face(inside):
    rng = np.random.default_rng(0)
    coarse = np.kron(rng.uniform(90, 200, (6, 6, 3)), np.ones((16, 16, 1)))
    return coarse.astype(np.float32)


def test_the_mesh_hardly_depends_on_the_detectors_box(yunet):
    picture = portrait(1)
    found = yunet(picture)[0]
    mesh = FaceMesh()
    points = mesh(picture, found).points
    left, top, width, height = found.box
    other = type(found)((left - 5, top + 4, width * 1.08, height * 1.08), found.points, 0.9)
    eyes = np.hypot(*(points[263] - points[33]))
    assert np.abs(mesh(picture, other).points - points).max() < 0.06 * eyes
    assert mesh(picture, found).presence > 0.5
    assert np.abs(mesh(picture, found).five - found.points).max() < 0.25 * eyes


def test_another_network_is_no_mesh(models):
    with pytest.raises(ModelError, match="input_1"):
        FaceMesh(models / "selfie.onnx")


def test_a_face_is_found_again_where_the_layout_has_it(yunet, normaliser):
    """Eyes of a normalised face lie where those of the mean shape lie."""
    picture = portrait(0, px=200, at=(90, 40))
    laid = normaliser(picture, yunet(picture)[0])
    assert laid.texture.shape == (PX, PX, 3) and laid.shape.shape == (468, 2)
    again = normaliser(laid.picture, yunet(laid.picture)[0])
    assert np.abs(again.shape - normaliser.layout.shape).max() < 0.04
    assert np.abs(again.picture.astype(int) - laid.picture).mean() < 6


def test_what_lies_outside_a_face_without_hair_is_plain(yunet, normaliser, inside):
    picture = portrait(2)
    laid = normaliser(picture, yunet(picture)[0])
    assert (laid.picture[inside == 0] == BACKGROUND).all()
    assert laid.person.min() == 0 and laid.person.max() == 255


def test_with_hair_more_of_the_picture_stays(yunet, normaliser):
    picture = portrait(2)
    found = yunet(picture)[0]
    haired = Normaliser(NormalisedFace(px=PX, hair=True, filters=ANY))(picture, found)
    assert (haired.person >= normaliser(picture, found).person).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"max_mouth": 0.0}, "open mouth"),
        ({"max_nodded": 0.0}, "not frontal"),
        ({"min_brightness": 255}, "dark"),
        ({"min_colour": 255}, "grey"),
        ({"max_spectacles": -10}, "spectacles"),
        ({"max_burnt": 0.0}, "burnt"),
    ],
)
def test_each_filter_gives_its_reason(yunet, change, reason):
    values = {name: getattr(ANY, name) for name in ANY.__struct_fields__} | change
    strict = Normaliser(NormalisedFace(px=PX, filters=NormalisedFilters(**values)))
    picture = portrait(3)
    picture[130:140, 195:205] = 255 if reason == "burnt" else picture[130:140, 195:205]
    with pytest.raises(PictureError) as refused:
        strict(picture, yunet(picture)[0])
    assert refused.value.reason == reason


def test_light_from_one_side_is_taken_out(face, inside):
    symmetric = (face + face[:, ::-1]) / 2
    lit = symmetric * np.linspace(0.7, 1.3, PX, dtype=np.float32)[None, :, None]
    even = even_light(lit, inside)
    core = inside > 0.9

    def sides(picture):
        luma = picture @ LUMA
        return np.abs(luma - luma[:, ::-1])[core].mean()

    assert sides(even) < 0.35 * sides(lit)
    again = even_light(even, inside)
    assert np.abs(again - even)[core].mean() < 0.25 * np.abs(even - lit)[core].mean()


def test_the_tint_of_the_light_is_taken_out_once(face, inside):
    green = face * np.array((0.8, 1.0, 0.9), np.float32)
    even = even_tint(green, inside)
    np.testing.assert_allclose(even_tint(even, inside), even, rtol=1e-4)
    weight = inside[..., None]
    before, after = ((p * weight).sum(axis=(0, 1)) / weight.sum() for p in (green, even))
    assert after @ LUMA == pytest.approx(before @ LUMA, rel=1e-3)
    assert np.log(after[0] / after[1]) > np.log(before[0] / before[1])


def test_frames_around_the_eyes_count_as_spectacles():
    layout = Layout.read()
    px = 160
    at = (np.stack(np.meshgrid(np.arange(px), np.arange(px)), axis=-1) + 0.5) / px
    bare = np.full((px, px, 3), 170, np.float32)
    for eye in layout.five[:2]:
        bare -= 90 * np.exp(-(((at - eye) / (0.03, 0.012)) ** 2).sum(-1))[..., None]
        brow = eye - (0, 0.06)
        bare -= 80 * np.exp(-(((at - brow) / (0.06, 0.012)) ** 2).sum(-1))[..., None]
    framed = bare.copy()
    for eye in layout.five[:2]:
        ring = np.abs(np.sqrt((((at - eye) / (0.085, 0.06)) ** 2).sum(-1)) - 1)
        framed[ring < 0.12] = 30
    bridge = (np.abs(at[..., 1] - 0.455) < 0.008) & (np.abs(at[..., 0] - 0.5) < 0.03)
    framed[bridge] = 30
    weights = read_weights()
    assert spectacles(framed, weights) > spectacles(bare, weights) + 0.2
