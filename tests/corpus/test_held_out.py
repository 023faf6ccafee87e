"""Recordings that no stage hears."""

import numpy as np

from voice2face.corpus.held_out import held_out

CLIPS = [f"p{i // 4:03}/{i}.wav" for i in range(4000)]
PEOPLE = [f"p{i // 4:03}" for i in range(4000)]


def test_one_at_least_of_everybody_who_has_two_and_never_all() -> None:
    for share, each in ((0.01, 1), (0.1, 1), (0.5, 2), (0.99, 3)):
        chosen = held_out(CLIPS, PEOPLE, share)
        assert (chosen.reshape(-1, 4).sum(axis=1) == each).all()
        np.testing.assert_array_equal(chosen, held_out(CLIPS, PEOPLE, share))
    assert held_out(["a", "b", "c"], ["p", "q", "q"], 0.1).tolist()[0] is False
    assert held_out(["a", "b", "c"], ["p", "q", "q"], 0.1).sum() == 1
    many = held_out([f"{i}" for i in range(30)], ["p"] * 30, 0.1)
    assert many.sum() == 3


def test_by_the_names_alone_and_the_larger_share_holds_the_smaller() -> None:
    few, many = held_out(CLIPS, PEOPLE, 0.1), held_out(CLIPS, PEOPLE, 0.7)
    assert many[few].all() and many.sum() > few.sum()
    np.testing.assert_array_equal(few[::-1], held_out(CLIPS[::-1], PEOPLE[::-1], 0.1))
    assert not held_out(CLIPS, PEOPLE, 0.0).any()
    assert held_out([], [], 0.5).shape == (0,)
    # Not the first of each person, nor the same place of each.
    assert set(np.flatnonzero(few) % 4) == {0, 1, 2, 3}


def test_odd_names() -> None:
    assert held_out(["\udcff", "é", ""], ["a", "a", "a"], 0.5).shape == (3,)
