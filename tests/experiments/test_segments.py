"""Segments of a speaker that do not overlap, and what real faces reach."""

from itertools import pairwise

import numpy as np

from voice2face.experiments.comparing import REAL, VOICE
from voice2face.experiments.questions import segments
from voice2face.experiments.questions.segments import N_SEGMENTS, segments_of
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.self_similarity import RECOGNISED


def _people(*seconds: float) -> Recordings:
    names = np.array([f"p{i}" for i in range(len(seconds))], str)
    mels = [np.arange(round(100 * s), dtype=np.float32)[:, None] for s in seconds]
    return Recordings(names, names, mels, {"gender": np.full(len(seconds), "male")})


def test_segments_are_spread_and_do_not_overlap() -> None:
    parts, seconds = segments_of(_people(12, 30, 14.3))
    assert seconds == 3
    assert parts.clip.tolist()[:5] == ["p0 1", "p0 2", "p0 3", "p0 4", "p1 1"]
    assert len(parts.attributes["gender"]) == len(parts) == 3 * N_SEGMENTS
    for person, total in (("p0", 1200), ("p1", 3000), ("p2", 1430)):
        own = [parts.sounds[i][:, 0] for i in np.flatnonzero(parts.identity == person)]
        assert [len(frames) for frames in own] == [300] * N_SEGMENTS
        for one, after in pairwise(own):
            assert one[-1] < after[0]
        assert own[0][0] == 0
        assert own[-1][-1] == total - 1


def test_segments_are_as_long_as_most_people_allow() -> None:
    parts, seconds = segments_of(_people(12, 8.5, 8.5, 3))
    assert seconds == 2
    assert set(parts.identity) == {"p0", "p1", "p2"}
    assert len(segments_of(_people(2, 2))[0]) == 0
    assert len(segments_of(_people())[0]) == 0


def test_the_figure_and_its_numbers(study) -> None:
    result = segments.EXPERIMENT.answer(study)
    (grid,) = result.grids
    assert [c.split()[0] for c in grid.columns] == ["(a)"] * 4 + ["(b)"] * 4
    found = {
        (r.system, r.embedder): r for r in result.rows if r.measure == RECOGNISED and not r.against
    }
    for embedder in study.embedders:
        assert found[REAL, embedder].value > 0.75  # the cohort's faces tell who is who
        assert found["mean face", embedder].value == 0.5
        assert (VOICE, embedder) in found
    assert {"real", "3 s"} & set(result.trials_sha256)
