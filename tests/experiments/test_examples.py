"""Two models on the same recordings."""

from dataclasses import replace

import numpy as np
from PIL import Image

from voice2face.experiments.questions import examples
from voice2face.experiments.questions.examples import AGREE, pairs_of


def test_two_trainings_come_before_two_models(study) -> None:
    assert list(pairs_of(study, study.unseen())) == ["baseline, trained twice", "baseline and bn"]
    once = replace(study, models={"baseline": study.models["baseline"][:1]})
    assert examples.EXPERIMENT.answer(once).left_out


def test_of_a_model_that_was_trained_once_the_claim_cannot_be_told(study, tmp_path) -> None:
    """Two variants are compared all the same; but of two trainings they say nothing."""
    models = {name: seeds[:1] for name, seeds in study.models.items()}
    result = examples.EXPERIMENT.answer(replace(study, models=models, out=tmp_path))
    (claim,) = result.claims
    assert claim.verdict == "cannot be told" and "was trained once" in claim.evidence
    assert any(row.system == "baseline and bn" and row.measure == AGREE for row in result.rows)


def test_one_model_twice_finds_every_recording(study) -> None:
    """A model is as like itself as can be: the measure then says one."""
    first = study.models["bn"][0]
    context = replace(study, models={"bn": [first, first]})
    result = examples.EXPERIMENT.answer(context)
    own = [row for row in result.rows if row.measure == AGREE]
    assert own and all(row.value > 0.99 for row in own)
    (claim,) = result.claims
    assert claim.verdict == "too little training to tell" and "1.000" in claim.evidence
    (grid,) = result.grids
    assert [c.split()[0] for c in grid.columns] == ["(a)", "(b)", "(c)"]
    faces = np.asarray(Image.open(study.out / grid.file))
    np.testing.assert_array_equal(faces[:, : grid.px], faces[:, grid.px : 2 * grid.px])
