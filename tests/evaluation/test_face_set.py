from pathlib import Path

import numpy as np
import pytest
from made_pictures import encoded, picture
from PIL import Image

from voice2face.errors import CorpusError
from voice2face.evaluation.embedders.face_set import FaceSet, geometry_of
from voice2face.faces import GEOMETRIES
from voice2face.faces.detect import Detection
from voice2face.synthetic.faces import draw
from voice2face.synthetic.latent import CohortSettings, sample_person

pytest.importorskip("cv2")
RELEASED, TIGHT = GEOMETRIES["released"], GEOMETRIES["tight"]


def painted(person: int = 0, px: int = 160) -> np.ndarray:
    """A made-up face in the released geometry."""
    return draw(sample_person(CohortSettings(), person).seen, np.random.default_rng(person), px)


def at(points: np.ndarray):
    """A detector that finds one face, at these points."""
    return lambda _: [Detection((0, 0, 1, 1), np.asarray(points, np.float32), 1.0)]


def test_crops_of_the_wanted_geometry_are_taken_as_they_are():
    crops = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    faces = FaceSet.of_crops(crops)
    assert np.array_equal(faces.aligned(RELEASED, 32), crops)
    assert not np.array_equal(faces.aligned(TIGHT, 32), crops)
    assert faces.aligned(RELEASED, 24).shape == (3, 24, 24, 3)


def test_a_crop_in_another_geometry_shows_the_same_face():
    faces = FaceSet.of_crops(painted(px=200)[None], "released")
    tight = faces.aligned(TIGHT, 96)
    back = FaceSet.of_crops(tight, "tight").aligned(RELEASED, 96)[0].astype(float)
    direct = faces.aligned(RELEASED, 96)[0].astype(float)
    middle = slice(32, 70)  # what the tight crop shows of it
    assert np.abs(back - direct)[middle, middle].mean() < 4
    assert np.abs(tight[0].astype(float) - direct)[middle, middle].mean() > 10


@pytest.mark.parametrize("scale", [1, 5])
def test_what_is_kept_of_a_large_picture_gives_the_same_crop(scale):
    face = painted(px=160 * scale)
    scene = np.full((400 * scale, 500 * scale, 3), 90, np.uint8)
    scene[100 * scale : 260 * scale, 200 * scale : 360 * scale] = face
    points = (160 * RELEASED + (200, 100)) * scale
    whole = FaceSet([scene], points[None])
    kept, left_out = FaceSet.of_pictures([scene], at(points))
    assert not left_out
    assert kept.pictures[0].nbytes < min(scene.nbytes, 1_500_000)
    for name, limit in (("arcface", 2), ("tight", 2), ("released", 2)):
        one, other = (f.aligned(GEOMETRIES[name], 112).astype(float) for f in (whole, kept))
        assert np.abs(one - other).mean() < limit


def test_files_that_cannot_be_used_are_named_with_the_reason(tmp_path):
    contents = {
        "good.png": encoded(Image.fromarray(painted())),
        "text.jpg": b"no picture",
        "cut.png": encoded(picture())[:300],
        "tiny.png": encoded(picture(size=(8, 8))),
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder").mkdir()
    named = ["missing.png", *contents, "folder", "nul\0.png", "x" * 300]
    faces, left_out = FaceSet.of_files([tmp_path / n for n in named], at(160 * RELEASED))
    assert len(faces) == 1 and faces.points.shape == (1, 5, 2)
    reasons = {named[one.row]: one.reason for one in left_out}
    assert reasons.pop("good.png", None) is None
    assert reasons["missing.png"] == reasons["folder"] == "no such file"
    assert reasons["text.jpg"] == "not a picture"
    assert reasons["tiny.png"] == "picture too small"
    assert reasons["cut.png"] == "damaged picture"
    assert len(reasons) == len(named) - 1
    assert all(one.detail and "\n" not in one.detail for one in left_out)


def test_no_face_is_a_reason_and_points_in_one_place_are_no_face():
    scene = np.asarray(picture(size=(80, 80)))
    none, left_out = FaceSet.of_pictures([scene], lambda _: [])
    assert (len(none), left_out[0].reason) == (0, "no face")
    _, left_out = FaceSet.of_pictures([scene], at(np.full((5, 2), 40.0)))
    assert left_out[0].reason == "no face"
    assert none.aligned(RELEASED, 32).shape == (0, 32, 32, 3)


def test_blocks_hold_all_faces_in_order():
    crops = np.arange(5, dtype=np.uint8)[:, None, None, None] + np.zeros((1, 16, 16, 3), np.uint8)
    for faces in (FaceSet.of_crops(crops), FaceSet(list(crops), np.array([16 * RELEASED] * 5))):
        parts = list(faces.blocks(2))
        assert [len(part) for part in parts] == [2, 2, 1]
        again = np.concatenate([part.aligned(RELEASED, 16) for part in parts])
        assert np.array_equal(again, crops)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: FaceSet.of_crops(np.zeros((2, 8, 9, 3), np.uint8)),
        lambda: FaceSet.of_crops(np.zeros((2, 8, 8, 3))),
        lambda: FaceSet.of_crops(np.zeros((2, 8, 8, 3), np.uint8), "wide"),
        lambda: FaceSet([], np.zeros((1, 5, 2))),
        lambda: FaceSet([painted()], np.full((1, 5, 2), np.nan)),
        lambda: geometry_of([[0.0, 0.0]] * 5),
        lambda: geometry_of(np.zeros((4, 2))),
    ],
)
def test_what_is_no_face_set_is_refused(bad):
    with pytest.raises(CorpusError):
        bad()


def test_a_real_face_is_found_in_a_file(models: Path, tmp_path):
    from voice2face.evaluation.embedders.face_set import detector

    path = tmp_path / "face.png"
    path.write_bytes(encoded(Image.fromarray(painted(px=200))))
    faces, left_out = FaceSet.of_files([path], detector())
    assert not left_out
    middle = faces.aligned(RELEASED, 64)[0].astype(float)[8:56, 8:56]
    wanted = FaceSet.of_crops(painted(px=200)[None]).aligned(RELEASED, 64)[0][8:56, 8:56]
    assert np.corrcoef(middle.ravel(), wanted.ravel())[0, 1] > 0.8
