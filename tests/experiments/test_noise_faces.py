"""How far faces of noise are from those of speech."""

import numpy as np

from voice2face.experiments.noises import NOISES
from voice2face.experiments.questions import noise_faces
from voice2face.experiments.questions.noise_faces import (
    FAR,
    SPEECH,
    distances_to_mean,
    spread,
    times,
)


def test_speech_is_compared_with_the_other_speakers() -> None:
    """With itself in the mean, a face would seem nearer than it is."""
    a = np.eye(2)
    np.testing.assert_allclose(distances_to_mean(a, a, same=True), 1)
    np.testing.assert_allclose(distances_to_mean(a, a, same=False), 1 - np.sqrt(0.5))
    np.testing.assert_allclose(distances_to_mean(-7 * a, a, same=False), 1 + np.sqrt(0.5))


def test_spread_is_that_between_different_faces() -> None:
    one = np.repeat([[3.0, 4.0]], 5, axis=0)
    np.testing.assert_allclose(spread(one), 0, atol=1e-12)
    np.testing.assert_allclose(spread(np.eye(3)), 1)


def test_multiples_of_nothing_are_not_measured() -> None:
    values = np.array([1.0, 3.0])
    np.testing.assert_allclose(times(values, np.array([1.0, 3.0])), [0.5, 1.5])
    assert np.isnan(times(values, np.zeros(2))).all()


def test_the_figure_has_a_row_a_noise_and_a_column_a_duration(study) -> None:
    result = noise_faces.EXPERIMENT.answer(study)
    (grid,) = result.grids
    assert [row.split()[0].lower() for row in grid.rows] == list(NOISES)
    assert grid.columns == ["(a) 1 s", "(b) 2 s", "(c) 3 s", "(d) 5 s", "(e) 10 s"]
    assert (study.out / grid.file).is_file()
    speech = [r for r in result.rows if r.measure == FAR and r.stratum.startswith(SPEECH)]
    assert speech and all(abs(r.value - 1) < 1e-9 for r in speech)
    against = {r.against for r in result.rows if r.against}
    assert against == {f"{variant}, {SPEECH}" for variant in study.models}
