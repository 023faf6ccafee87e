"""How surely and how differently faces are taken for known people, in a small study."""

from dataclasses import replace

import pytest

from voice2face.experiments.questions.realism import CLASS_SCORE, _add_class_scores
from voice2face.experiments.summary import Summary

from .oracle_system import Oracle
from .rows import find_row


def test_one_face_for_all_scores_one_and_people_s_own_faces_more(study):
    oracle = Oracle(study.faces("train"))
    rivals = {"mean face": study.baselines["mean face"], "oracle": oracle}
    summary = Summary(replace(study, baselines=rivals))
    _add_class_scores(summary, study.faces("train"))
    rows = {row.system: row for row in summary.rows}
    assert {"real faces", "mean face", "oracle", "baseline", "bn"} <= rows.keys()
    assert rows["mean face"].value == pytest.approx(1)
    assert rows["real faces"].value > 1.5 and rows["oracle"].value >= 1
    assert len({row.n_trials for row in rows.values()}) == 1
    row = find_row(summary.rows, "bn", CLASS_SCORE)
    assert "rewards" in row.note and row.embedder == study.recogniser.stem


def test_without_a_recogniser_there_is_none(study):
    summary = Summary(replace(study, recogniser=None))
    _add_class_scores(summary, study.faces("train"))
    assert summary.rows == []
