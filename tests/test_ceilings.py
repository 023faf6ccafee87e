"""Ceilings of memory: those of several threads at once share the highest."""

import contextlib

import pytest

from voice2face.ceilings import address_space_bytes, memory_ceiling

resource = pytest.importorskip("resource")
HIGH, LOW = 1 << 42, 1 << 41


def limit() -> int:
    return resource.getrlimit(resource.RLIMIT_AS)[0]


@pytest.mark.skipif(address_space_bytes() is None, reason="the system does not tell")
@pytest.mark.parametrize("high_leaves_first", [True, False])
def test_the_highest_ceiling_holds_until_its_block_ends(high_leaves_first):
    before = limit()
    if before != resource.RLIM_INFINITY:
        pytest.skip("there is a lower ceiling already")
    with contextlib.ExitStack() as high, contextlib.ExitStack() as low:
        high.enter_context(memory_ceiling(HIGH))
        low.enter_context(memory_ceiling(LOW))
        assert HIGH < limit() < 1.5 * HIGH
        (high if high_leaves_first else low).close()
        assert (limit() < HIGH) == high_leaves_first
    assert limit() == before
