import numpy as np
import pytest
import torch

from voice2face.training.matching.closed import Side, canonical_correlations
from voice2face.training.matching.trained import (
    ContrastiveLoss,
    FusionLoss,
    MatchingRecipe,
    train_heads,
)

N_PEOPLE, N_SHARED = 60, 4


def people(seed, n=N_PEOPLE, shared=N_SHARED):
    """Voices (two each) and faces (three each) that have some numbers in common, and own noise."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99)  # the same for all people
    own = rng.normal(size=(n, shared))
    sides = []
    for dim, each in ((20, 2), (15, 3)):
        map_ = mixing.normal(size=(shared, dim))
        person = np.repeat(np.arange(n), each)
        noise = rng.normal(size=(len(person), dim))
        sides.append(Side((own[person] @ map_ + noise + 3).astype("f4"), person))
    return sides


def share_right(matcher, voices, faces):
    a, b = (
        f(s.embeddings) - f(s.embeddings).mean(axis=0)
        for f, s in ((matcher.voices, voices), (matcher.faces, faces))
    )
    scores = a @ b.T / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)
    same = voices.person[:, None] == faces.person
    return np.mean(
        [(row[s][:, None] > row[~s]).mean() for row, s in zip(scores, same, strict=True)]
    )


def test_closed_form_finds_what_voices_and_faces_share():
    matcher, share = canonical_correlations(*people(0))
    unseen = people(1)
    found = share_right(matcher, *unseen)
    assert found > 0.9
    assert share == pytest.approx(found, abs=0.08)  # what it says of people left out is so
    assert matcher.dims[0] == (20, 15)  # as many dimensions as there are on the smaller side


def test_where_nothing_is_shared_chance_is_said():
    voices, faces = people(0, shared=1)
    order = np.random.default_rng(5).permutation(N_PEOPLE)
    _, share = canonical_correlations(voices, Side(faces.embeddings, order[faces.person]))
    assert share == pytest.approx(0.5, abs=0.12)


def test_each_person_counts_alike():
    voices, faces = people(0)
    again = np.concatenate(
        [np.arange(len(voices.person)), *[np.flatnonzero(voices.person == 3)] * 9]
    )
    more = Side(voices.embeddings[again], voices.person[again])
    x = voices.embeddings[:5]
    a, b = (canonical_correlations(side, faces)[0].voices(x) for side in (voices, more))
    np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.parametrize("loss", ["contrastive", "fop"])
def test_trained_heads_match_unseen_people_and_repeat_by_seed(loss):
    recipe = MatchingRecipe(loss=loss, iterations=60, hidden=32, dim=16, dropout=0.1)
    matcher = train_heads(*people(0), recipe, seed=3)
    assert share_right(matcher, *people(1)) > (0.8 if loss == "contrastive" else 0.6)
    x = people(1)[0].embeddings
    torch.manual_seed(7)
    np.testing.assert_array_equal(
        train_heads(*people(0), recipe, seed=3).voices(x), matcher.voices(x)
    )
    assert not np.array_equal(train_heads(*people(0), recipe, seed=4).voices(x), matcher.voices(x))


def test_the_contrastive_loss_is_least_where_each_voice_is_nearest_to_its_own_face():
    eye = torch.eye(4)
    people_ = torch.arange(4)
    loss = ContrastiveLoss(0.1)
    assert loss(eye, eye, people_) < 0.01 < loss(eye, eye.roll(1, 0), people_)
    uniform = loss(eye, torch.full((4, 4), 0.5), people_)
    assert float(uniform) == pytest.approx(2 * np.log(4), abs=1e-5)  # nothing is told, twice


def test_fops_second_term_is_nought_where_people_are_orthogonal_and_alike():
    recipe = MatchingRecipe(dim=8, orthogonal=1.0)
    torch.manual_seed(0)
    loss = FusionLoss(3, recipe)
    axes = torch.eye(8)[[0, 0, 1, 1, 2, 2]]
    whose = torch.tensor([0, 0, 1, 1, 2, 2])

    def second(vectors):
        loss.orthogonal = 0.0
        first = loss(vectors, vectors, whose)
        loss.orthogonal = 1.0
        return float((loss(vectors, vectors, whose) - first).detach())

    assert second(axes) == pytest.approx(0, abs=1e-5)
    assert second(torch.eye(8)[[0, 0, 0, 0, 0, 0]]) == pytest.approx(1)  # all alike
