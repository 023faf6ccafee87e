import itertools

import numpy as np
import pytest

from voice2face.errors import ModelError
from voice2face.matchers.heads import Head, HeadsPart, Matcher


def head(rng, *dims):
    sizes = list(itertools.pairwise(dims))
    return Head(
        [(rng.normal(size=s).astype("f4"), rng.normal(size=s[1]).astype("f4")) for s in sizes]
    )


@pytest.fixture
def matcher():
    rng = np.random.default_rng(0)
    return Matcher(head(rng, 6, 5, 3), head(rng, 4, 3))


def part(matcher, **changes):
    voice, face = matcher.dims
    about = {"voice_dims": voice, "face_dims": face} | changes
    return HeadsPart(embedder="e", embedder_sha256="0" * 64, **about)


def test_a_head_is_layers_with_rectifiers_between_and_length_one(matcher):
    x = np.random.default_rng(1).normal(size=(7, 6)).astype("f4")
    (w0, b0), (w1, b1) = matcher._voice.layers
    wanted = np.maximum(x @ w0 + b0, 0) @ w1 + b1
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    np.testing.assert_allclose(matcher.voices(x), wanted, atol=1e-5)
    assert np.allclose(np.linalg.norm(matcher.faces(x[:, :4]), axis=1), 1)


def test_what_is_written_is_read_back(matcher, tmp_path):
    matcher.write(tmp_path / "matching.npz")
    again = Matcher.read(part(matcher), tmp_path / "matching.npz")
    x = np.ones((2, 6), "f4")
    np.testing.assert_array_equal(again.voices(x), matcher.voices(x))
    assert again.dims == ((6, 5, 3), (4, 3))


def test_other_shapes_than_the_part_says_and_other_embeddings_are_refused(matcher, tmp_path):
    matcher.write(tmp_path / "matching.npz")
    with pytest.raises(ModelError, match="voice_weights_0"):
        Matcher.read(part(matcher, voice_dims=(7, 5, 3)), tmp_path / "matching.npz")
    with pytest.raises(ModelError, match="voice encoder"):
        matcher.voices(np.ones((2, 4), "f4"))
    with pytest.raises(ModelError, match="face embedder"):
        matcher.faces(np.ones((2, 6), "f4"))
    with pytest.raises(ValueError, match="the same last number"):
        part(matcher, face_dims=(4, 2))
