"""Faces drawn for one voice: measures that can be checked, and generators of known spread."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from voice2face.experiments.fitness import Fitness, Training
from voice2face.experiments.questions import drawn_faces
from voice2face.experiments.questions.drawn_faces import (
    COVERED,
    DIFFER,
    DISTANCE,
    HELD,
    N_DRAWS,
    NEARER,
    ONE_VOICE,
    OTHER_VOICES,
    SHARE,
    between,
    centred,
    covered,
    within,
)
from voice2face.experiments.systems import Made, ModelSystem

from .rows import find_row


def test_a_region_that_is_right_holds_nine_in_ten() -> None:
    """Real faces are drawn as the others are: any is as likely as another to be the furthest."""
    rng = np.random.default_rng(0)
    places = rng.standard_normal((2000, 1, 12))
    drawn = places + 0.5 * rng.standard_normal((2000, N_DRAWS + 1, 12))
    drawn /= np.linalg.norm(drawn, axis=2, keepdims=True)
    names = np.array([f"p{i}" for i in range(2000)], str)
    held = covered(drawn[:, :N_DRAWS], drawn[:, N_DRAWS], names, names)
    assert held.mean() == pytest.approx(0.9, abs=0.02)
    elsewhere = covered(drawn[:, :N_DRAWS], np.roll(drawn[:, N_DRAWS], 1, axis=0), names, names)
    assert elsewhere.mean() < 0.1
    assert np.isnan(covered(drawn[:3, :N_DRAWS], drawn[:0, 0], names[:3], names[:0])).all()


def test_distances_within_a_voice_and_between_voices() -> None:
    same = np.repeat(np.eye(3)[:, None], 4, axis=1)
    np.testing.assert_allclose(within(same), 0, atol=1e-12)
    np.testing.assert_allclose(between(same), 1)
    np.testing.assert_allclose(within(np.tile(np.eye(4), (2, 1, 1))), 1)
    assert np.allclose(np.linalg.norm(centred(np.arange(12.0).reshape(4, 3) ** 2), axis=1), 1)


@dataclass(frozen=True, eq=False)
class Drawing(ModelSystem):
    """Draws real faces of people of the speaker's gender, or one face of nobody."""

    pool: np.ndarray
    male: np.ndarray
    constant: bool = False

    def embed(self, recordings):
        return (recordings.attributes["gender"] == "male").astype(np.float32)[:, None]

    def faces(self, embeddings, rng=None):
        rng = rng or np.random.default_rng(0)
        rows = [rng.choice(np.flatnonzero(self.male == (m > 0.5))) for m in embeddings[:, 0]]
        if self.constant:
            rows = [0] * len(rows)
        return Made(self.pool[rows], None, embeddings)


@pytest.fixture
def asked(study, tmp_path, monkeypatch):
    """What is said of a generator that is as wide as people are, or has no spread at all."""
    faces = study.faces("train")
    male = faces.attributes["gender"] == "male"
    trained = (Training("0", 1.0, None, 5000),) * 3
    monkeypatch.setattr(Drawing, "encoder_sha256", property(lambda self: self.name))
    monkeypatch.setattr(Drawing, "geometry", "released")

    def ask(constant):
        system = Drawing(f"drawing {constant}", None, faces.pixels, male, constant)
        context = replace(
            study, models={"baseline": [system]}, out=tmp_path, baselines={}, _made={}, _heard={},
            embedders={"eigenfaces": study.embedders["eigenfaces"]},
        )  # fmt: skip
        context.fitness = lambda name: Fitness("baseline", trained, 1.0)
        result = drawn_faces.EXPERIMENT.answer(context)
        return result, {claim.text: claim.verdict for claim in result.claims}

    return ask


def test_faces_of_real_people_differ_as_people_do(asked) -> None:
    result, verdicts = asked(constant=False)
    assert find_row(result.rows, "baseline", SHARE).value == pytest.approx(1, abs=0.35)
    assert find_row(result.rows, "baseline", HELD).value > 0.75
    assert verdicts[DIFFER] == "holds" and verdicts[COVERED] != "does not hold"
    (grid,) = result.grids
    assert grid.columns[:2] == ["the face", "drawn 1"] and grid.columns[-1] == "real face"


def test_one_face_for_every_draw_is_told(asked) -> None:
    result, verdicts = asked(constant=True)
    assert find_row(result.rows, "baseline", HELD).value == 0
    assert verdicts[COVERED] == "does not hold" and verdicts[NEARER] != "holds"
    assert verdicts[DIFFER] != "holds"


def test_every_model_draws_and_distances_stand_beside_those_of_people(study) -> None:
    result = drawn_faces.EXPERIMENT.answer(study)
    for model in study.models:
        for embedder in study.embedders:
            rows = [r for r in result.rows if (r.system, r.embedder) == (model, embedder)]
            found = {row.stratum: row.value for row in rows if row.measure == DISTANCE}
            assert found[ONE_VOICE] >= 0 and found[OTHER_VOICES] > 0
    assert {line.name for line in result.series} == {"real faces", *study.models}
