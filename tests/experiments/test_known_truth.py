"""The oracle orders faces as the likelihood does; its accuracy is the bound."""

import numpy as np
import pytest

from voice2face.evaluation.results import Row
from voice2face.experiments.oracle import coupling_of, oracle, shared_numbers
from voice2face.experiments.questions import known_truth
from voice2face.experiments.questions.known_truth import AT_CHANCE, BOUND, ORACLE, REACHED, SHUFFLED
from voice2face.experiments.summary import Summary
from voice2face.synthetic.ceiling import log_likelihood_ratio
from voice2face.synthetic.latent import sample_heard, sample_seen


@pytest.mark.parametrize("coupling", [0.0, 0.3, 0.85, 0.99, 1.0])
def test_the_oracle_orders_faces_as_the_likelihood_does(coupling: float) -> None:
    rng = np.random.default_rng(0)
    heard = sample_heard(rng, 40)
    seen = sample_seen(rng, heard, coupling)
    voices, faces = oracle(heard, seen, coupling)
    np.testing.assert_allclose(np.linalg.norm(faces, axis=1), np.linalg.norm(faces[0]))
    scores = voices @ faces.T
    wanted = log_likelihood_ratio(heard[:, None], seen, coupling)
    if coupling == 1:
        np.testing.assert_array_equal(scores.argmax(axis=1), np.arange(40))
        return
    # But for what depends on the voice alone, they are the same number.
    off = wanted - scores
    np.testing.assert_allclose(off, np.broadcast_to(off[:, :1], off.shape), atol=1e-6)


def test_numbers_come_back_from_a_table() -> None:
    columns = {
        "heard_sex": np.array(["male", "female"], object),
        "heard_age": np.array(["49.0", "80"], object),
        "heard_size": np.array(["0.5", "-1"], object),
        "heard_weight": np.array(["0", "2"], object),
    }
    found = shared_numbers(columns, "heard")
    assert found is not None
    np.testing.assert_allclose(found[0], [1, 0, 0.5, 0], atol=1e-9)
    assert found[1, 0] == -1 and 3 < found[1, 1] < 4  # the oldest
    assert shared_numbers({"gender": columns["heard_sex"]}, "heard") is None


def _rows(oracle: float, shuffled: float) -> list[Row]:
    rows = []
    for i in range(20):
        about = ("1:2 matching", f"coupling {i}", "")
        rows.append(Row(BOUND, *about, 0.8, chance=0.5))
        rows.append(Row(ORACLE, *about, oracle, oracle - 0.03, oracle + 0.03, chance=0.5))
        rows.append(Row(SHUFFLED, *about, shuffled, shuffled - 0.03, shuffled + 0.03, chance=0.5))
    return rows


def test_measures_that_miss_the_truth_are_told(study) -> None:
    def verdicts(*values: float) -> dict[str, str]:
        summary = Summary(study, rows=_rows(*values))
        known_truth.add_claims(summary)
        return {c.text: c.verdict for c in summary.claims}

    assert verdicts(0.79, 0.51) == {REACHED: "holds", AT_CHANCE: "holds"}
    assert verdicts(0.75, 0.51) == {REACHED: "does not hold", AT_CHANCE: "holds"}
    assert verdicts(0.84, 0.56) == {REACHED: "does not hold", AT_CHANCE: "does not hold"}


def test_the_measures_find_what_is_there(study, monkeypatch) -> None:
    monkeypatch.setattr(known_truth, "COUPLINGS", (0.0, 0.25, 0.5, 0.85, 1.0))
    monkeypatch.setattr(known_truth, "N_BOUND", 20_000)
    assert coupling_of(study.corpus) == 0.85
    result = known_truth.EXPERIMENT.answer(study)
    verdicts = {claim.text: claim.verdict for claim in result.claims}
    assert verdicts[REACHED] == verdicts[AT_CHANCE] == "holds"
    best = {
        (r.measure, r.stratum): r.value for r in result.rows if r.system == ORACLE and not r.against
    }
    assert best["1:2 matching", "coupling 1"] == 1
    assert best["1:2 matching", "this corpus"] > 0.8
    here = {r.system for r in result.rows if r.stratum == "this corpus"}
    assert {"baseline", "bn", "mean face", BOUND, ORACLE} <= here
    for name in result.trials_sha256:
        assert len(result.trials_sha256[name]) == 64
    assert list(study.out.glob("known_truth.*.trials.json"))
