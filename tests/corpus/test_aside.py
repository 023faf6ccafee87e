"""Recordings that no stage hears."""

import numpy as np

from voice2face.corpus.held_out import is_aside

CLIPS = [f"p{i // 4:03}/{i}.wav" for i in range(4000)]


def test_about_that_share_and_the_same_each_time() -> None:
    for share in (0.1, 0.25, 0.5):
        chosen = is_aside(CLIPS, share)
        assert abs(chosen.mean() - share) < 0.03
        np.testing.assert_array_equal(chosen, is_aside(CLIPS, share))


def test_by_the_name_alone_and_the_larger_share_holds_the_smaller() -> None:
    few, many = is_aside(CLIPS, 0.1), is_aside(CLIPS, 0.3)
    assert many[few].all()
    np.testing.assert_array_equal(few[::-1], is_aside(CLIPS[::-1], 0.1))
    assert not is_aside(CLIPS, 0.0).any()
    assert is_aside([], 0.5).shape == (0,)


def test_odd_names() -> None:
    assert is_aside(["\udcff", "é", ""], 0.5).shape == (3,)
