import numpy as np
import pytest

from voice2face.faces.drawing import Drawing
from voice2face.faces.layout import RINGS, Layout, sampled
from voice2face.faces.mesh import CHIN, N_POINTS, NOSE, pose


@pytest.fixture(scope="module")
def layout() -> Layout:
    return Layout.read()


def centres(px: int) -> np.ndarray:
    at = np.arange(px) + 0.5
    return np.stack(np.meshgrid(at, at), axis=-1)


def test_every_pixel_of_the_mean_shape_comes_from_its_own_place(layout):
    places = layout.grid(48).between(layout.with_rings(layout.shape) * 48)
    assert np.abs(places - centres(48)).max() < 1e-3


def test_the_kept_coarse_grid_is_the_one_that_would_be_found(layout):
    found = layout.grid(64)
    np.testing.assert_allclose(layout.coarse.weights, found.weights, atol=1e-6)
    assert (layout.coarse.corners == found.corners).mean() > 0.999


def test_the_mean_shape_is_its_own_mirror_image(layout):
    assert (layout.mirror[layout.mirror] == np.arange(N_POINTS)).all()
    np.testing.assert_allclose(layout.mirrored(layout.shape), layout.shape, atol=1e-5)


def test_own_shape_is_blind_to_turn_size_and_place(layout):
    rng = np.random.default_rng(0)
    face = layout.shape + 0.004 * rng.standard_normal(layout.shape.shape)
    turn = np.array(((0.8, -0.6), (0.6, 0.8)))
    np.testing.assert_allclose(
        layout.own_shape(face), layout.own_shape(300 * face @ turn.T + (40, -7)), atol=1e-9
    )


def test_rings_lie_around_the_face(layout):
    points = layout.with_rings(layout.shape)
    assert points.shape == (N_POINTS + len(RINGS) * len(layout.outline), 2)
    inner = points[N_POINTS : N_POINTS + len(layout.outline)]
    centre = layout.shape[layout.outline].mean(axis=0)
    ratio = np.linalg.norm(inner - centre, axis=1)
    ratio /= np.linalg.norm(layout.shape[layout.outline] - centre, axis=1)
    np.testing.assert_allclose(ratio, RINGS[0])


def test_inside_is_the_face(layout):
    inside = layout.inside(64)
    nose = (layout.shape[NOSE] * 64).astype(int)
    assert inside[nose[1], nose[0]] == 1
    assert inside[:3].max() == 0 and inside[:, :3].max() == 0


def test_sampling_between_pixels_is_their_mean():
    picture = np.arange(8.0).reshape(2, 4, 1)
    assert sampled(picture, np.array((1.0, 1.0)))[0] == pytest.approx(picture[:, :2].mean())
    np.testing.assert_allclose(sampled(picture, centres(4)[:2]), picture)


def test_a_face_of_the_mean_shape_is_the_picture_itself(layout):
    picture = 255 * np.random.default_rng(0).random((64, 64, 3)).astype(np.float32)
    np.testing.assert_allclose(Drawing(layout, 64)(picture, layout.shape), picture, atol=0.5)


def test_what_lies_at_a_point_is_drawn_where_the_point_is_wanted(layout):
    px = 128
    at = centres(px) / px
    wide = layout.shape.copy()
    wide[:, 0] = 0.5 + 1.1 * (wide[:, 0] - 0.5)  # a tenth wider
    for point in (NOSE, CHIN, 234, 454):
        spot = np.exp(-(((at - layout.shape[point]) / 0.02) ** 2).sum(axis=-1))[..., None]
        drawn = Drawing(layout, px)(spot.astype(np.float32), wide)[..., 0]
        found = (drawn[..., None] * at).sum(axis=(0, 1)) / drawn.sum()
        np.testing.assert_allclose(found, wide[point], atol=0.006)


def test_what_was_laid_on_the_mean_shape_is_drawn_back(layout):
    """The same points carry a picture there and back."""
    px = 96
    at = centres(px) / px
    picture = np.stack([np.sin(9 * at[..., 0]), np.cos(7 * at[..., 1])], axis=-1)
    own = layout.shape + 0.01 * np.sin(8 * layout.shape[:, ::-1])
    laid = sampled(picture, layout.grid(px).between(layout.with_rings(own) * px))
    back = Drawing(layout, px)(laid, own)
    inner = slice(px // 4, -px // 4)
    assert np.abs(back - picture)[inner, inner].max() < 0.06  # of a range of 2


def test_the_mean_shape_looks_ahead_with_its_mouth_closed(layout):
    found = pose(layout.shape)
    assert abs(found.turned) < 1e-3 and abs(found.nodded) < 0.02 and found.mouth < 0.01


def test_pose_tells_a_turned_head_and_an_open_mouth(layout):
    turned = layout.shape.copy()
    turned[NOSE, 0] += 0.05
    assert pose(turned).turned > 0.05
    opened = layout.shape.copy()
    opened[14, 1] += 0.05
    assert pose(opened).mouth > 0.05
    leant = 100 * layout.shape @ np.array(((0.8, 0.6), (-0.6, 0.8)))
    assert pose(leant).turned == pytest.approx(pose(layout.shape).turned, abs=1e-9)
