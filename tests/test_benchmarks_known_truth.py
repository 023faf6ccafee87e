"""The benchmark of known truth, step by step, on few people."""

import json

import pytest

from benchmarks import known_truth_page as pages
from benchmarks import known_truth_steps as steps


@pytest.fixture
def few(monkeypatch):
    sizes = {"N_LEARNED": 50, "N_ASKED": 20, "N_PEOPLE": 70, "N_EACH": 1, "PX": 16}
    for name, number in sizes.items():
        monkeypatch.setattr(steps, name, number)


def test_each_step_knows_less_than_the_one_before(few, tmp_path, monkeypatch):
    found = steps.answer(tmp_path, 11, 1.0, steps.SIMPLE)
    matched = {name: one["all"]["value"] for name, one in found["systems"].items()}
    assert matched["numbers known"] == 1.0
    assert 0.6 < matched["face read"] < 1
    assert 0.5 < matched["statistics: linear"] < 1
    assert found["about"]["r of what statistics hears"]["sex"] > 0.5
    assert pages.STEPS.keys() <= found["systems"].keys()
    results = {"cohorts": {"11/1": found}, "people_learned_from": 50, "people_asked_about": 20}
    (tmp_path / "known_truth_steps.json").write_text(json.dumps(results))
    monkeypatch.setattr(pages, "RESULTS", tmp_path)
    monkeypatch.setattr(pages, "PAGE", tmp_path / "page.md")
    pages.write_page()
    page = (tmp_path / "page.md").read_text()
    assert "| 1 | 1 | 100.0 | 100.0 [100, 100] |" in page
    assert "The report's networks" not in page and "GE2E" not in page
