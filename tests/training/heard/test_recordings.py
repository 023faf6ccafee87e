"""The recordings that teach: as they are, and changed."""

import numpy as np
import pytest
from audio.audio_samples import RATE_HZ, speech, write_wav

from voice2face.audio.speech import Speech, read_speech
from voice2face.errors import AudioError
from voice2face.synthetic.sounds import SOUNDS
from voice2face.training.heard.teach import CUT_S, changed, embedded, other_sounds


class Loudness:
    """Takes recordings of 1 s and more."""

    dim = 1

    def embed(self, recording: Speech) -> np.ndarray:
        if recording.seconds < 1:
            raise AudioError(recording.name, "too short", "1 s", "record longer")
        return np.array([recording.samples.astype(float).std()], np.float32)


@pytest.fixture
def paths(tmp_path):
    files = [tmp_path / f"{number}.wav" for number in range(8)]
    for number, path in enumerate(files):
        path.write_bytes(write_wav(speech(0.5 if number == 3 else 5, number)))
    return files


def test_what_is_too_short_is_left_out(paths):
    vectors, rows = embedded(Loudness(), map(read_speech, paths))
    assert rows.tolist() == [0, 1, 2, 4, 5, 6, 7]
    assert vectors.shape == (7, 1)
    assert embedded(Loudness(), [])[0].shape == (0, 1)


def test_changes_are_stretches_and_the_same_each_time(paths):
    first, again, other = (list(changed(paths, seed)) for seed in (0, 0, 1))
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a.samples, b.samples)
        assert len(a.samples) <= CUT_S[1] * RATE_HZ + 2500  # a codec's delay
        assert not np.array_equal(a.samples, c.samples) or a.name.endswith("3.wav")


def test_sounds_of_every_kind():
    names = [made.name for made in other_sounds(2, 0)]
    assert names == [kind for kind in SOUNDS for _ in range(2)]
