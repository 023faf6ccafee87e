import numpy as np
import pytest

from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.pixels import COMPARED_PX, memorisation, saturated, shrunk


def smooth_faces(n, seed, px=32):
    coarse = np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 3), np.uint8)
    return coarse.repeat(px // 8, axis=1).repeat(px // 8, axis=2)


def test_copies_are_found_in_noise_and_as_mirror_images():
    training = smooth_faces(3000, 0)
    chosen = np.array([5, 1500, 2999, 0])
    noise = np.random.default_rng(1).normal(scale=10, size=(4, 32, 32, 3))
    made = np.clip(training[chosen] + noise, 0, 255).astype(np.uint8)
    made[2:] = made[2:, :, ::-1]
    found = memorisation(made, training)
    assert found.index.tolist() == chosen.tolist()
    assert found.mirrored.tolist() == [False, False, True, True]
    unseen = memorisation(smooth_faces(50, 2), training)
    assert found.distance.max() < 0.2 * unseen.distance.min()
    assert found.lead.max() < 0.3 < 0.8 < unseen.lead.min()
    exact = memorisation(training[chosen], training)
    assert (exact.distance == 0).all() and exact.index.tolist() == chosen.tolist()


def test_the_distance_is_in_grey_levels():
    training = np.full((1, 20, 20, 3), 100, np.uint8)
    found = memorisation(training + np.uint8(7), training)
    assert found.distance == pytest.approx([7]) and found.second[0] == np.inf
    two = np.concatenate([training + np.uint8(20), training])
    found = memorisation(training + np.uint8(7), two)
    assert (found.index[0], found.distance[0], found.second[0]) == (1, 7, 13)
    assert found.lead[0] == pytest.approx(7 / 13)


@pytest.mark.parametrize("px", [8, 16, 20, 64, 100])
def test_shrunk_pixels_are_means_of_the_picture(px):
    pictures = np.random.default_rng(3).integers(0, 256, (2, px, px, 3), np.uint8)
    small = shrunk(pictures)
    side = min(px, COMPARED_PX)
    assert small.shape == (2, side, side, 3)
    edges = [px * i // side for i in range(side + 1)]
    patch = pictures[1, edges[-2] :, edges[2] : edges[3], 1]
    assert small[1, -1, 2, 1] == pytest.approx(patch.mean(), rel=1e-5)


def test_training_faces_must_be_there_and_of_one_size():
    made = smooth_faces(2, 4)
    for training in (made[:0], smooth_faces(2, 5, px=64)):
        with pytest.raises(CorpusError, match="training faces: shape"):
            memorisation(made, training)


def test_saturated_counts_both_ends_of_each_face():
    raw = np.zeros((3, 3, 2, 2), np.float32)
    raw[1, 0] = 1.0
    raw[2, 1, 0, 0] = -1.7
    raw[2, 2, 0, 0] = 0.995
    np.testing.assert_allclose(saturated(raw), [0, 4 / 12, 1 / 12])
    np.testing.assert_allclose(saturated(raw, limit=0.99), [0, 4 / 12, 2 / 12])
    raw[0, 0, 0, 0] = np.nan
    with pytest.raises(CorpusError, match="NaN"):
        saturated(raw)
