"""Made-up sounds that are no voice."""

import numpy as np
import pytest

from voice2face.synthetic.sounds import PEAK, SOUNDS, sound


@pytest.mark.parametrize("kind", SOUNDS)
def test_sounds_of_every_kind(kind):
    made = [sound(kind, 1.5, np.random.default_rng(draw)) for draw in (1, 1, 2)]
    for one in made:
        assert one.dtype == np.int16
        assert one.shape == (24_000,)
        assert np.abs(one).max() == pytest.approx(PEAK * 32_767, abs=1)
        assert (one[: len(one) // 2] != 0).any()
    np.testing.assert_array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])
