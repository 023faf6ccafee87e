"""Distances between made and real faces as two sets, and within a set.

``a`` and ``b`` are embeddings by one fixed network, a row for each face. Intervals come from halves
of the people, drawn without replacement: the mean over half of the people deviates from the mean
over all as much as that deviates from the true mean (Shao and Wu 1989, delete-d jackknife with
d = n/2). A bootstrap would draw people twice, as pairs of equal faces.
"""

from collections.abc import Iterator

import numpy as np

from voice2face.arrays import Float32s, Float64s, Int64s
from voice2face.errors import CorpusError
from voice2face.evaluation.statistics.intervals import Estimate, interval_of

BLOCK = 1024  # rows compared at once
N_HALVES = 400  # drawn for an interval


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance of the normal distributions with the means and covariances of two sets.

    It falls with the number of faces: compare only figures of equally many, from one network.

    Args:
        a: Shape (n, dim), n at least 2.
        b: Shape (m, dim), m at least 2.

    Returns:
        ``|μ_a - μ_b|² + tr(C_a + C_b - 2 (C_a C_b)^½)``, at least 0, in squared units of the rows.

    Raises:
        CorpusError: Shapes that do not fit, or numbers that are not finite.

    Source:
        Dowson and Landau 1982; as a measure of made pictures Heusel et al. 2017.
    """
    a, b = _checked(a, b)
    shift = float(((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum())
    # The trace of the root is then the sum of the singular values of R_a R_bᵀ, which
    # needs no root of a matrix that has none where there are fewer faces than dimensions.
    root_a, root_b = _root(a), _root(b)
    common = float(np.linalg.svdvals(root_a @ root_b.T).sum())
    return max(shift + float((root_a**2).sum() + (root_b**2).sum()) - 2 * common, 0.0)


def kernel_distance(
    a: np.ndarray,
    b: np.ndarray,
    *,
    people_a: np.ndarray | None = None,
    people_b: np.ndarray | None = None,
    seed: int = 0,
    n_halves: int = N_HALVES,
) -> Estimate:
    """Squared maximum mean discrepancy with the kernel ``(x·y / dim + 1)³``, without bias.

    Its expectation does not depend on the number of faces. For two sets of one distribution it is
    0, so estimates may be negative. Both sets are first divided by the root mean square of ``b``'s
    values, so that the scale of embeddings has no effect. For embeddings of length one the kernel
    is then ``(cosine + 1)³``; undivided it would be nearly linear and see only the means.

    Args:
        a: Made faces, shape (n, dim).
        b: Real faces, shape (m, dim).
        people_a: Person of each row of ``a``. Pairs of one person within a set are left out, and
            the interval is over people. None: each row is another person.
        people_b: Person of each row of ``b``. Who is in both sets is drawn for both or for none.
        seed: Seed of the halves.
        n_halves: Number of halves behind the interval.

    Raises:
        CorpusError: Shapes that do not fit, numbers that are not finite, fewer than four people in
            a set.

    Source:
        Bińkowski et al. 2018, "Demystifying MMD GANs".
    """
    a, b = _checked(a, b)
    unit = max(float(np.sqrt((b**2).mean())), 1e-12)
    a, b = a / unit, b / unit
    owners, drawn = _halves(a, b, people_a, people_b, seed, n_halves)
    in_a, in_b = (d[:, owner] for d, owner in zip(drawn, owners, strict=True))
    within_a, within_b = _within(a, owners[0], in_a), _within(b, owners[1], in_b)
    across = _pair_sums(a, b, in_a, in_b, None) / (in_a.sum(axis=1) * in_b.sum(axis=1))
    return _estimate(within_a + within_b - 2 * across)


def diversity(
    a: np.ndarray,
    b: np.ndarray,
    *,
    people_a: np.ndarray | None = None,
    people_b: np.ndarray | None = None,
    seed: int = 0,
    n_halves: int = N_HALVES,
) -> Estimate:
    """How far faces of different people lie from each other: made ones over real ones.

    The root of the mean squared distance between faces of two people, divided by that of the real
    set; all pairs of people count alike. It is no cosine, which would see differences between faces
    that all lie close to the mean.

    Args:
        a: Made faces, shape (n, dim).
        b: Real faces, shape (m, dim).
        people_a: Person of each row of ``a``; None: each is another person.
        people_b: Person of each row of ``b``.
        seed: Seed of the halves.
        n_halves: Number of halves behind the interval.

    Returns:
        0 if all made faces are alike, 1 if they are as different as real ones.

    Raises:
        CorpusError: Shapes that do not fit, numbers that are not finite, fewer than four people in
            a set, or real faces all alike.
    """
    a, b = _checked(a, b)
    owners, drawn = _halves(a, b, people_a, people_b, seed, n_halves)
    squared = [_spread(x, who, d) for x, who, d in zip((a, b), owners, drawn, strict=True)]
    if not (squared[1] > 0).all():
        found = "all alike, or those of a half of the people"
        raise CorpusError("real faces", found, "faces that differ", "give faces of more people")
    return _estimate(np.sqrt(squared[0] / squared[1]))


def _halves(
    a: Float64s,
    b: Float64s,
    people_a: np.ndarray | None,
    people_b: np.ndarray | None,
    seed: int,
    n_halves: int,
) -> tuple[list[Int64s], list[Float32s]]:
    """People of both sets, and halves of them that are drawn.

    Returns:
        For each set the number of the person of each row, (n,); and who is drawn, 1 or 0, shape
        (1 + n_halves, people), with all people in the first row. Who is in both sets is drawn for
        both or for none.
    """
    sides = _people(a, people_a, "made faces"), _people(b, people_b, "real faces")
    everybody = np.unique(np.concatenate([names for names, _ in sides]))
    lots = np.random.default_rng(seed).random((n_halves, len(everybody)), np.float32)
    drawn = []
    for some, _ in sides:
        mine = lots[:, np.searchsorted(everybody, some)]
        order = np.argsort(mine, axis=1)[:, : len(some) // 2]
        chosen = np.zeros((1 + n_halves, len(some)), np.float32)
        chosen[0] = 1
        np.put_along_axis(chosen[1:], order, np.float32(1), axis=1)
        drawn.append(chosen)
    return [owner for _, owner in sides], drawn


def _people(rows: np.ndarray, people: np.ndarray | None, name: str) -> tuple[np.ndarray, Int64s]:
    """Names of the people of a set, (p,), and the number of the person of each row, (n,)."""
    whose = np.array([f"{name} {i}" for i in range(len(rows))]) if people is None else people
    if len(whose) != len(rows):
        found = f"{len(rows)} embeddings, {len(whose)} names"
        raise CorpusError(name, found, "a name for each", "give arrays of the same length")
    names, owner = np.unique(np.asarray(whose, str), return_inverse=True)
    if len(names) < 4:
        raise CorpusError(name, f"{len(names)} people", "at least 4", "give faces of more people")
    return names, owner.astype(np.int64)


def _estimate(values: Float64s) -> Estimate:
    """The first value, which is that of all people, with the interval of those of halves."""
    return Estimate(float(values[0]), *interval_of(values[1:]))


def _root(x: Float64s) -> Float64s:
    """R with C = RᵀR the covariance of the rows, (at most dim, dim)."""
    return np.asarray(np.linalg.qr((x - x.mean(axis=0)) / np.sqrt(len(x) - 1), "r"))


def _within(x: Float64s, owner: Int64s, drawn: np.ndarray) -> Float64s:
    """Mean kernel between rows of two people, for each draw of rows: (draws,)."""
    of_person = np.zeros((len(drawn), int(owner.max()) + 1))
    np.add.at(of_person.T, owner, drawn.T)
    n_pairs = of_person.sum(axis=1) ** 2 - (of_person**2).sum(axis=1)
    return np.asarray(_pair_sums(x, x, drawn, drawn, owner) / n_pairs)


def _pair_sums(
    a: Float64s, b: Float64s, in_a: np.ndarray, in_b: np.ndarray, owner: Int64s | None
) -> Float64s:
    """Sum of the kernel over drawn pairs, block by block; not over pairs of one ``owner``."""
    total = np.zeros(len(in_a))
    for rows in blocks(len(a)):
        kernel = (a[rows] @ b.T) / a.shape[1] + 1
        kernel *= kernel * kernel
        if owner is not None:
            kernel[owner[rows, None] == owner] = 0
        total += np.einsum("hb,hb->h", in_a[:, rows], in_b @ kernel.T)
    return total


def _spread(x: Float64s, owner: Int64s, drawn: np.ndarray) -> Float64s:
    """Mean squared distance between faces of two people, for each draw of people.

    Of people p and q it is ``Q_p + Q_q - 2 M_p·M_q``, with their mean M and mean square Q.
    """
    x = x - x.mean(axis=0)
    counts = np.bincount(owner)
    means = np.zeros((len(counts), x.shape[1]))
    np.add.at(means, owner, x)
    means /= counts[:, None]
    squares = np.bincount(owner, (x**2).sum(axis=1)) / counts
    n = drawn.sum(axis=1, dtype=np.float64)
    of_pairs = ((drawn @ means) ** 2).sum(axis=1) - drawn @ (means**2).sum(axis=1)
    return np.asarray(2 * (drawn @ squares) / n - 2 * of_pairs / (n * (n - 1)))


def _checked(a: np.ndarray, b: np.ndarray) -> tuple[Float64s, Float64s]:
    for x in (a, b):
        if x.ndim != 2 or len(x) < 2 or x.shape[1] != a.shape[1]:
            found = f"shapes {a.shape} and {b.shape}"
            remedy = "embed both sets with one network"
            raise CorpusError("embeddings", found, "(2 or more, dim) of both", remedy)
        if not np.isfinite(x).all():
            remedy = "look at the faces and at the network"
            raise CorpusError("embeddings", "NaN or infinite", "finite numbers", remedy)
    return np.asarray(a, np.float64), np.asarray(b, np.float64)


def blocks(n: int) -> Iterator[slice]:
    """Slices of ``BLOCK`` of ``n`` rows, one after the other."""
    for start in range(0, n, BLOCK):
        yield slice(start, min(start + BLOCK, n))
