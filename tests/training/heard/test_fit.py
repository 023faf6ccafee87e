"""Read-offs are what was put in, and as sure as people left out allow."""

import numpy as np
import pytest

from voice2face.errors import CorpusError
from voice2face.training.heard.fit import COVERED, Taught, fit_age, fit_male, fit_voice

DIM = 12


def people(n: int, seed: int, each: int = 2) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Embeddings of which number 0 is a gender and number 1 an age, and whose each is."""
    rng = np.random.default_rng(seed)
    x = np.repeat(rng.standard_normal((n, DIM)), each, axis=0)
    x += 0.1 * rng.standard_normal(x.shape)
    return x.astype(np.float32), np.repeat([f"p{i}" for i in range(n)], each), rng


def odds_of_men(seed: int, n: int = 400) -> Taught:
    """Men are as likely as number 0 says: log odds of 3 times it."""
    x, whose, rng = people(n, seed, each=1)
    male = rng.random(n) < 1 / (1 + np.exp(-3 * x[:, 0]))
    return Taught(x, male.astype(float), whose)


def test_the_odds_of_a_man_are_calibrated():
    read = fit_male(odds_of_men(0), odds_of_men(1))
    fresh = odds_of_men(2, 2000)
    said = 1 / (1 + np.exp(-read(fresh.x)))
    for low in np.arange(0, 1, 0.25):
        rows = (said >= low) & (said < low + 0.25)
        assert fresh.y[rows].mean() == pytest.approx(said[rows].mean(), abs=0.1)
    assert np.corrcoef(read(fresh.x), fresh.x[:, 0])[0, 1] > 0.97


def test_four_of_five_people_are_within_the_interval():
    def aged(seed: int, n: int) -> Taught:
        x, whose, rng = people(n, seed)
        noise = np.repeat(rng.normal(0, 0.25, n), 2)
        return Taught(x, (40 + 6 * x[:, 1]) * np.exp(noise), whose)

    read, fresh = fit_age(aged(0, 400)), aged(1, 1000)
    years = read(fresh.x)
    within = (fresh.y >= years * read.least) & (fresh.y <= years * read.most)
    assert within.mean() == pytest.approx(COVERED, abs=0.05)
    assert np.corrcoef(years, 40 + 6 * fresh.x[:, 1])[0, 1] > 0.95


def test_speech_is_told_from_other_sounds():
    x, whose, rng = people(200, 0)
    others = rng.standard_normal((150, DIM)).astype(np.float32)
    x[:, 3] += 8
    read = fit_voice(Taught(x, np.ones(len(x)), whose), others)
    assert (read(x) < read.least).mean() < 0.02
    assert (read(others) < read.least).mean() > 0.9


def test_what_cannot_teach_is_refused():
    x, whose, _ = people(3, 0)
    with pytest.raises(CorpusError, match="men and women"):
        fit_male(Taught(x, np.ones(len(x)), whose), odds_of_men(1))
    with pytest.raises(CorpusError, match="two people"):
        Taught(x[:2], np.ones(2), whose[:2])
