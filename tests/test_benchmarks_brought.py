"""The table of what people bring: a sample of it, tried as it is."""

import itertools

import pytest

pytest.importorskip("cv2")
pytest.importorskip("pyarrow")

from benchmarks.brought import LEAST, Case, _tried
from benchmarks.brought_pictures import pictures
from benchmarks.brought_recordings import recordings
from benchmarks.brought_tables import tables


@pytest.mark.parametrize(
    ("make", "kind", "step"),
    [(recordings, "recordings", 30), (pictures, "pictures", 20), (tables, "tables", 4)],
)
def test_a_sample_is_right_and_there_are_enough(make, kind, step, tmp_path):
    cases = [Case(*case) for case in make(tmp_path)]
    assert len(cases) >= LEAST[kind]
    assert len({case.situation for case in cases}) == len(cases)
    for row in _tried(itertools.islice(cases, 0, None, step)):
        assert row["right"], row


def test_what_nobody_foresaw_is_wrong():
    def attempt():
        raise RuntimeError("crash")

    (row,) = _tried([Case("a", "b", attempt)])
    assert not row["right"] and "RuntimeError: crash" in row["came"]
