import sys
from pathlib import Path

import numpy as np
import pytest

from voice2face.errors import MissingExtraError, ModelError
from voice2face.faces import YuNet

from .face_samples import GEOMETRY, painted, picture, portrait

EYES = 0.296  # distance of the eyes in sides of a painted face


@pytest.mark.parametrize("person", range(4))
def test_the_points_lie_where_they_were_painted(yunet: YuNet, person: int) -> None:
    (face,) = yunet(portrait(person))
    wanted = 160 * GEOMETRY + (120, 60)
    assert np.hypot(*(face.points - wanted).T).mean() < 0.25 * EYES * 160
    assert face.points.dtype == np.float32
    left, top, width, height = face.box
    assert 0.4 * 160 < width < 1.2 * 160
    assert (face.points >= (left, top)).all()
    assert (face.points <= (left + width, top + height)).all()
    assert 0.6 <= face.score <= 1


def test_the_largest_face_comes_first(yunet: YuNet) -> None:
    scene = np.concatenate([portrait(0, px=80), portrait(1, px=200), portrait(2, px=120)], axis=1)
    widths = [face.box[2] for face in yunet(scene)]
    assert len(widths) == 3
    assert widths == sorted(widths, reverse=True)
    assert 400 < yunet(scene)[0].points[0, 0] < 800


def test_a_mirrored_picture_gives_mirrored_points(yunet: YuNet) -> None:
    scene = portrait(1)
    (face,), (mirrored,) = yunet(scene), yunet(scene[:, ::-1])
    back = mirrored.points[[1, 0, 2, 4, 3]] * (-1, 1) + (400, 0)
    assert np.hypot(*(face.points - back).T).mean() < 0.12 * EYES * 160


@pytest.mark.parametrize("person", range(4))
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_the_points_of_a_turned_picture_are_those_of_the_upright_one(
    yunet: YuNet, person: int, turn: int
) -> None:
    scene = portrait(person)
    points, (height, width) = yunet(scene)[0].points, scene.shape[:2]
    for _ in range(turn):  # as numpy.rot90 turns a picture
        points = np.stack((points[:, 1], width - points[:, 0]), axis=1)
        height, width = width, height
    (face,) = yunet(np.ascontiguousarray(np.rot90(scene, turn)))
    assert np.hypot(*(face.points - points).T).mean() < 0.1 * EYES * 160
    left, top, box_width, box_height = face.box
    middle = points.mean(axis=0)
    assert left < middle[0] < left + box_width and top < middle[1] < top + box_height


def test_an_upright_face_is_left_as_it_is_where_a_turned_one_scores_hardly_more(
    yunet: YuNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = portrait(0)
    as_it_is = yunet(scene)[0].points
    for more, turned in ((0.005, False), (0.05, True)):
        scores = iter([0.9, 0.9, 0.9 + more, 0.9])
        monkeypatch.setattr(yunet, "_best_score", lambda _, scores=scores: next(scores))
        found = yunet(scene)
        assert turned != bool(found and np.allclose(found[0].points, as_it_is))


def test_what_is_a_face_in_another_turn_alone_must_look_much_like_one(
    yunet: YuNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yunet, "_found", lambda _: [])
    asked = np.zeros((80, 80, 3), np.uint8)
    for score, turn in ((0.75, 0), (0.85, 1)):
        scores = iter([0.0, score, 0.0, 0.0])
        monkeypatch.setattr(yunet, "_best_score", lambda _, scores=scores: next(scores))
        assert yunet._turn(asked, []) == turn


def test_the_same_picture_gives_the_same_faces_whatever_came_between(yunet: YuNet) -> None:
    first = yunet(portrait(0))[0]
    yunet(painted(1, 100))
    again = yunet(portrait(0))[0]
    assert first.box == again.box
    np.testing.assert_array_equal(first.points, again.points)


def test_a_face_cut_out_tightly(yunet: YuNet) -> None:
    tight = painted(0, 200)[76:168, 48:152]  # from the brows to the lips
    found = yunet(tight)
    assert found
    shift = found[0].points - (200 * GEOMETRY - (48, 76))
    assert np.hypot(*shift.T).mean() < 0.3 * EYES * 200


def test_a_margin_is_asked_about_where_nothing_is_found(
    yunet: YuNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = painted(2, 200)
    exact = yunet(scene)[0]
    monkeypatch.setattr(yunet, "_shrunk", lambda picture, side: [])
    (face,) = yunet(scene)
    assert np.hypot(*(face.points - exact.points).T).mean() < 0.12 * EYES * 200
    assert face.box == pytest.approx(exact.box, abs=0.12 * 200)


def test_a_large_picture_and_a_small_face_in_it(yunet: YuNet) -> None:
    large = np.repeat(np.repeat(portrait(0, px=200), 8, axis=0), 8, axis=1)  # 3200×2400
    face = yunet(large)[0]
    wanted = 8 * (200 * GEOMETRY + (120, 60))
    assert np.hypot(*(face.points - wanted).T).mean() < 0.25 * EYES * 1600
    small = portrait(0, px=28, at=(700, 500), size=(1200, 900))
    face = yunet(small)[0]
    assert np.hypot(*(face.points - (28 * GEOMETRY + (700, 500))).T).mean() < 0.4 * EYES * 28


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (16, 50_000), (31, 33), (640, 641)])
@pytest.mark.parametrize("value", [0, 255])
def test_pictures_without_a_face(yunet: YuNet, size: tuple[int, int], value: int) -> None:
    assert yunet(np.full((*size, 3), value, np.uint8)) == []


def test_noise_and_shades_do_not_break_it(yunet: YuNet) -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        height, width = rng.integers(1, 300, 2)
        for face in yunet(rng.integers(0, 256, (height, width, 3), np.uint8)):
            assert np.isfinite(face.points).all()
    assert yunet(np.asarray(picture(size=(300, 200)))) == []


def test_a_file_that_is_no_network(tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    weights = tmp_path / "yunet.onnx"
    weights.write_bytes(b"no network")
    with pytest.raises(ModelError, match="OpenCV cannot read it"):
        YuNet(weights, 0.6)
    with pytest.raises(ModelError, match="OpenCV cannot read it"):
        YuNet(tmp_path / "missing.onnx", 0.6)


def test_without_opencv_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingExtraError, match=r"voice2face\[data\]"):
        YuNet(Path("yunet.onnx"), 0.6)


def test_opencv_does_not_write_its_own_lines(models: Path, capfd: pytest.CaptureFixture) -> None:
    YuNet(models / "yunet.onnx", 0.6)(portrait())
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


@pytest.mark.parametrize("kind", ["pairs/voxceleb/face", "pairs/avspeech/face"])
def test_faces_of_real_pictures(yunet: YuNet, photographs: Path, kind: str) -> None:
    from voice2face.faces import read_picture

    files = sorted((photographs / kind).iterdir())[::25]
    found = [bool(yunet(read_picture(file.read_bytes()))) for file in files]
    assert np.mean(found) >= 0.97
