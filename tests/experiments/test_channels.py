"""Recordings of a corpus, read again through a channel."""

import numpy as np

from voice2face.audio.channels import telephone
from voice2face.experiments.questions.generalisation_sets import recordings_of, through


def test_recordings_are_read_again_through_a_channel(study) -> None:
    speech = study.unseen().only([0, 1, 2])
    files = recordings_of(study.corpus, study.asked)
    assert set(speech.clip) <= set(files)
    same, rows = through(study.corpus, speech, files, lambda sound: sound)
    assert rows.tolist() == [0, 1, 2]
    for again, stored in zip(same.sounds, speech.sounds, strict=True):
        np.testing.assert_allclose(again, stored, atol=0.02)  # stored in half precision
    files.pop(str(speech.clip[1]))
    assert through(study.corpus, speech, files, telephone)[1].tolist() == [0, 2]
