import hashlib
from dataclasses import replace

import numpy as np
import pytest
from msgspec.structs import replace as changed

from voice2face.errors import ModelError, TrainingError
from voice2face.generators.flow import FILE, Flow, FlowPart
from voice2face.generators.kinds import GENERATORS
from voice2face.parts import PartSource
from voice2face.training.closed_form import VoicesAndFaces
from voice2face.training.flow.codes import FaceCodes
from voice2face.training.flow.fit import FlowFit
from voice2face.training.flow.matching import FlowTraining

from .face_space_samples import shapes_of

PX, DIM = 16, 12


TRAINING = FlowTraining(
    width=32, n_blocks=1, hidden=16, steps=500, batch_size=64, learning_rate=3e-3
)  # fmt: skip
FIT = FlowFit(training=TRAINING, n_pixels=8, n_shape=2)


def people(n: int = 60) -> tuple[VoicesAndFaces, np.ndarray]:
    """Two faces each: bright as the voice tells, and one of two patterns, which it does not."""
    rng = np.random.default_rng(0)
    bright = rng.standard_normal(n)
    across = np.cos(np.arange(PX))[None, :, None] * np.ones((PX, 1, 3))
    sign = rng.choice([-1.0, 1.0], n)
    owner = np.repeat(np.arange(n), 2)
    faces = 128 + 20 * bright[owner, None, None, None] + 40 * sign[owner, None, None, None] * across
    faces = np.clip(faces + rng.normal(0, 2, faces.shape), 0, 255).astype(np.uint8)
    voices = 0.1 * rng.standard_normal((len(owner), DIM)).astype(np.float32)
    voices[:, 0] += bright[owner]
    names = [f"p{number}" for number in range(n)]
    return VoicesAndFaces(voices, owner, faces, owner, names), across


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    data, _ = people()
    folder, new = tmp_path_factory.mktemp("flow"), FIT(data, 0)
    new.write(folder)
    return folder, new.part


def opened(folder, part: FlowPart) -> Flow:
    digest = hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    return part.open(PartSource(folder, {FILE: digest}))


def voice(*bright: float) -> np.ndarray:
    heard = np.zeros((len(bright), DIM), np.float32)
    heard[:, 0] = bright
    return heard


def test_it_is_a_kind_that_a_model_may_hold(folder):
    assert GENERATORS["flow"].endswith(":FlowPart")
    assert folder[1].face_px == PX and "flow matching" in folder[1].about()["generator"]


@pytest.mark.parametrize("px", [4, 100, 160])
def test_faces_of_any_size_can_be_written_and_read_again(px):
    import msgspec

    part = FlowPart(px=px, embedding_dim=DIM)
    assert msgspec.convert(msgspec.to_builtins(part), FlowPart) == part


def test_the_mean_is_what_the_voice_tells(folder):
    flow = opened(*folder)
    dark, bright = flow.faces(voice(-1.5, 1.5))
    assert bright.mean() - dark.mean() == pytest.approx(60 / 127.5, abs=0.15)
    np.testing.assert_array_equal(flow.faces(voice(0.5)), flow.faces(voice(0.5)))
    far = flow.faces(voice(1e6))
    assert far.min() >= -1 and far.max() <= 1


def test_draws_are_one_of_the_kinds_of_people_and_not_their_mean(folder):
    flow, (_, across) = opened(*folder), people()
    pattern = across.transpose(2, 0, 1) - across.mean()

    def strength(faces: np.ndarray) -> np.ndarray:
        return (faces * pattern).sum(axis=(1, 2, 3)) / (pattern**2).sum() * 127.5

    drawn = flow.faces(np.repeat(voice(0.0), 100, axis=0), np.random.default_rng(0))
    assert abs(strength(flow.faces(voice(0.0)))[0]) < 20
    assert np.mean(np.abs(strength(drawn)) > 20) > 0.7
    assert 0.2 < np.mean(strength(drawn) > 0) < 0.8
    heard = np.repeat(voice(-1.5, 1.5), 30, axis=0)
    both = flow.faces(heard, np.random.default_rng(0)).mean(axis=(1, 2, 3))
    assert both[30:].mean() > both[:30].mean() + 0.2


def test_a_draw_is_the_same_alone_and_among_others(folder):
    flow = opened(*folder)
    many = flow.faces(voice(0.3, -0.2, 1.0), np.random.default_rng(5))
    np.testing.assert_array_equal(many[:1], flow.faces(voice(0.3), np.random.default_rng(5)))


def test_settings_of_drawing_are_heeded(folder):
    folder, part = folder
    heard = np.repeat(voice(1.0), 20, axis=0)
    spread = {
        chance: opened(folder, changed(part, chance=chance))
        .faces(heard, np.random.default_rng(0)).std(axis=0).mean()
        for chance in (0.0, 1.0)
    }  # fmt: skip
    assert spread[0.0] < 1e-6 < spread[1.0]
    one, other = (
        opened(folder, changed(part, n_steps=n)).faces(heard[:1], np.random.default_rng(0))
        for n in (1, 8)
    )
    assert np.abs(one - other).max() > 1e-4


def test_faces_of_one_shape_get_their_own_again():
    """Of normalised faces the shape is learned beside the pixels, and drawn."""
    data, _ = people()
    width = 0.06 * data.embeddings[:, 0]
    shapes = shapes_of(width)
    codes = FaceCodes.fit(data.pixels, shapes, (4, 1), 0)
    own = codes.of(data.pixels, shapes)
    assert own.shape == (len(shapes), 5)
    assert abs(np.corrcoef(own[:, 4], width)[0, 1]) > 0.99
    unknown = codes.of(data.pixels[:1], np.full_like(shapes[:1], np.nan))
    assert unknown[0, 4] == 0
    fit = changed(FIT, training=changed(TRAINING, steps=2), n_pixels=4, n_shape=1)
    arrays = fit.arrays(replace(data, read_shapes=lambda: shapes), 0)
    flow = Flow(FlowPart(px=PX, embedding_dim=DIM), arrays)
    assert flow.faces(voice(-1, 1), np.random.default_rng(0)).shape == (2, 3, PX, PX)
    told = flow.told(voice(-1, 1))
    points = (told[:, 4:] @ arrays["shape_basis"]).reshape(2, -1, 2)
    grown = (points[1] - points[0])[:, 0] @ (shapes_of(np.zeros(1))[0, :, 0] - 0.5)
    assert grown > 0  # the left goes left, the right goes right


def test_too_few_people_are_refused_before_the_first_step():
    with pytest.raises(TrainingError, match="9 people"):
        FIT(people(9)[0], 0)


def test_what_is_no_flow_is_refused(folder, tmp_path):
    _, part = folder
    whole = dict(np.load(folder[0] / FILE))
    for harm, found in (
        ({"flow_enter": whole["flow_enter"][:-1]}, "flow_"),
        ({"told": np.full_like(whole["told"], np.nan)}, "told is not finite"),
        ({"pixel_mean": whole["pixel_mean"][1:]}, "pixel_mean is float32"),
    ):
        np.savez(tmp_path / FILE, **(whole | harm))
        with pytest.raises(ModelError, match=found):
            opened(tmp_path, part)
    flow = opened(*folder)
    with pytest.raises(ModelError, match="embeddings of shape"):
        flow.faces(np.zeros((2, DIM + 1), np.float32))
