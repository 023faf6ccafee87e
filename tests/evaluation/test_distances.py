import numpy as np
import pytest

from voice2face.errors import CorpusError
from voice2face.evaluation.metrics.distances import diversity, frechet_distance, kernel_distance


def normal(n, dim, seed, shift=0.0, scale=1.0):
    return shift + scale * np.random.default_rng(seed).normal(size=(n, dim))


def test_frechet_distance_of_normals_is_the_one_in_closed_form():
    rng = np.random.default_rng(0)
    scale_a, scale_b = rng.uniform(0.5, 2, (2, 5))
    shift = rng.normal(size=5)
    a = rng.normal(size=(200_000, 5)) * scale_a
    b = rng.normal(size=(200_000, 5)) * scale_b + shift
    wanted = (shift**2).sum() + ((scale_a - scale_b) ** 2).sum()
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=0.02)


def test_frechet_distance_is_that_of_matrix_roots():
    a, b = normal(50, 6, 1), normal(40, 6, 2) @ np.random.default_rng(3).normal(size=(6, 6))
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    roots = np.sqrt(np.linalg.eigvals(cov_a @ cov_b).real)
    shift = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum()
    wanted = shift + np.trace(cov_a) + np.trace(cov_b) - 2 * roots.sum()
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-9)
    assert frechet_distance(b, a) == pytest.approx(wanted, rel=1e-9)


def test_frechet_distance_holds_with_fewer_faces_than_dimensions():
    a = normal(10, 300, 4)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    turn = np.linalg.qr(normal(300, 300, 5))[0]
    b = normal(12, 300, 6, shift=1)
    assert frechet_distance(a @ turn, b @ turn) == pytest.approx(frechet_distance(a, b), rel=1e-9)


def plain_mmd(a, b):
    """The formula of Bińkowski et al. written out."""
    unit = np.sqrt((b**2).mean())
    a, b = a / unit, b / unit

    def mean_kernel(x, y, off):
        kernel = (x @ y.T / x.shape[1] + 1) ** 3
        n = len(x)
        return (kernel.sum() - np.trace(kernel)) / (n * n - n) if off else kernel.mean()

    return mean_kernel(a, a, True) + mean_kernel(b, b, True) - 2 * mean_kernel(a, b, False)


def test_kernel_distance_is_the_plain_formula_over_several_blocks():
    a, b = normal(1500, 4, 7, 0.2), normal(300, 4, 8)
    assert kernel_distance(a, b, n_halves=2).value == pytest.approx(plain_mmd(a, b), rel=1e-9)
    assert kernel_distance(9 * a, 9 * b, n_halves=2).value == pytest.approx(plain_mmd(a, b))


def test_kernel_distance_has_no_bias_and_its_interval_holds_the_truth():
    def found(shift):
        pairs = ((normal(40, 8, 2 * s, shift), normal(40, 8, 2 * s + 1)) for s in range(40))
        return [kernel_distance(a, b, n_halves=100) for a, b in pairs]

    same = np.array([e.value for e in found(0)])
    assert abs(same.mean()) < 3 * same.std() / np.sqrt(40)
    truth = plain_mmd(normal(3000, 8, 1000, 0.5), normal(3000, 8, 1001))
    assert np.mean([e.low <= truth <= e.high for e in found(0.5)]) > 0.8


def test_kernel_distance_of_vectors_of_length_one_sees_more_than_their_means():
    a, b = (normal(300, 8, seed) for seed in (20, 21))
    a[:, :4] *= 3  # both about zero, along other directions
    a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
    found = kernel_distance(a, b)
    assert found.low > 0.2
    unscaled = (1 + 1 / 8) ** 3 - (1 - 1 / 8) ** 3  # all that the kernel could differ by
    assert found.value > unscaled / 4


def test_kernel_distance_leaves_out_pairs_of_one_person():
    people = np.arange(50).repeat(4)
    a, b = (normal(50, 8, s)[people] + normal(200, 8, s + 50) * 0.05 for s in (30, 31))
    naive = kernel_distance(a, b)
    by_person = kernel_distance(a, b, people_a=people, people_b=people + 50)
    assert naive.value > by_person.value  # pictures of one person are alike, in one set alone
    once = kernel_distance(a[::4], b[::4])
    assert by_person.value == pytest.approx(once.value, abs=0.05)
    assert by_person.high - by_person.low > 1.5 * (naive.high - naive.low)


def test_results_are_the_same_each_time_and_ask_for_people():
    a, b = normal(20, 4, 40), normal(20, 4, 41)
    assert kernel_distance(a, b, seed=1) == kernel_distance(a, b, seed=1)
    assert kernel_distance(a, b, seed=1) != kernel_distance(a, b, seed=2)
    with pytest.raises(CorpusError, match="made faces: 3 people; at least 4 wanted"):
        kernel_distance(a, b, people_a=np.arange(20) % 3)
    with pytest.raises(CorpusError, match="20 embeddings, 19 names"):
        diversity(a, b, people_a=np.arange(19))


def test_who_is_in_both_sets_is_drawn_for_both():
    # Each person's faces lie where the voice was: with the same halves of both, the means agree.
    faces = normal(60, 4, 42, shift=2)
    people = np.arange(60)
    paired = kernel_distance(faces, faces, people_a=people, people_b=people)
    apart = kernel_distance(faces, faces)
    assert paired.high - paired.low < 0.5 * (apart.high - apart.low)


def test_diversity_is_the_ratio_of_distances_between_people():
    made, real = normal(400, 16, 50, shift=3, scale=0.25), normal(300, 16, 51)
    found = diversity(made, real)
    assert found.value == pytest.approx(0.25, rel=0.03)
    assert found.low < 0.25 < found.high and found.high - found.low < 0.03

    def spread(x):
        squared = ((x[:, None] - x) ** 2).sum(axis=2)
        return squared.sum() / (len(x) * (len(x) - 1))

    assert found.value == pytest.approx(np.sqrt(spread(made) / spread(real)), rel=1e-9)


def test_diversity_counts_people_not_pictures():
    people = np.array([0] * 97 + [1, 2, 3])
    centres = 10 * normal(4, 8, 52)
    made, once = centres[people], centres
    found = diversity(made, centres, people_a=people)
    assert found.value == pytest.approx(1)
    assert diversity(once[[0, 0, 0, 0]], centres).value == 0


def test_diversity_is_not_misled_by_embeddings_around_zero():
    # Faces that are nearly one, embedded around the mean face: by cosine they differ as real ones.
    assert diversity(normal(50, 8, 53, scale=0.01), normal(50, 8, 54)).value < 0.02


@pytest.mark.parametrize("measure", [frechet_distance, kernel_distance, diversity])
def test_embeddings_that_do_not_fit_are_refused(measure):
    good = normal(10, 4, 60)
    for bad in (normal(10, 5, 61), good[:1], good[0], np.full((10, 4), np.nan)):
        with pytest.raises(CorpusError, match="embeddings"):
            measure(good, bad)


def test_real_faces_that_are_one_have_no_diversity():
    with pytest.raises(CorpusError, match="all alike"):
        diversity(normal(10, 4, 62), np.ones((10, 4)))
