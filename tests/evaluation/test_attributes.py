import csv

import numpy as np
import pytest
from needed import SHARED, needed

from voice2face.errors import ModelError
from voice2face.evaluation.embedders.attributes import AgeGender
from voice2face.evaluation.embedders.face_set import FaceSet, detector

pytest.importorskip("cv2")


def test_another_network_is_refused(models, tmp_path):
    with pytest.raises(ModelError, match="prob_male_female"):
        AgeGender(models / "selfie.onnx")
    with pytest.raises(ModelError, match="no such file"):
        AgeGender(tmp_path / "age_gender.onnx")
    (tmp_path / "age_gender.onnx").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="an ONNX network"):
        AgeGender(tmp_path / "age_gender.onnx")


def test_no_faces_give_no_answers(models):
    ages, male = AgeGender().judge(FaceSet.of_crops(np.zeros((0, 64, 64, 3), np.uint8)))
    assert ages.shape == male.shape == (0,)


def test_gender_and_age_of_real_faces(models):
    folder = needed(SHARED / "data" / "open", "pictures")
    with (folder / "faces.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))[::150]
    faces, left_out = FaceSet.of_files([folder / row["picture"] for row in rows], detector())
    kept = [row for i, row in enumerate(rows) if i not in {one.row for one in left_out}]
    assert len(kept) > 70
    ages, male = AgeGender().judge(faces)
    truth = np.array([row["gender"] == "male" for row in kept])
    assert ((male > 0.5) == truth).mean() > 0.8
    old = np.array([row["age"][0] in "56789m" for row in kept])
    young = np.array([row["age"].startswith("20") for row in kept])
    assert ages[young].mean() + 8 < ages[old].mean()
    assert ((ages > 5) & (ages < 90)).all()
