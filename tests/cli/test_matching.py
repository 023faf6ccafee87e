"""Matching voices with real faces, without a face being made."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from voice2face.corpus.prepare import prepare
from voice2face.faces.settings import FaceCrop
from voice2face.synthetic import CohortSettings, write_cohort

pytest.importorskip("torch")
pytest.importorskip("cv2")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Path:
    """Sixteen people, every other of whom is said to speak Urdu."""
    folder = tmp_path_factory.mktemp("matching") / "people"
    settings = CohortSettings(
        n_identities=16, seed=5, clips_per_identity=1, faces_per_identity=1, face_px=96, coupling=1
    )
    write_cohort(folder, settings)
    with (folder / "cohort.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["language"] = "Urdu" if int(row["identity"][-1]) % 2 else "English"
    urdu = [row for row in rows if row["language"] == "Urdu"]
    for name, kept in (("all.csv", rows), ("urdu.csv", urdu)):
        with (folder / name).open("w", newline="", encoding="utf-8") as stream:
            table = csv.DictWriter(stream, list(rows[0]))
            table.writeheader()
            table.writerows(kept)
    return folder


@pytest.fixture(scope="module")
def matcher(cohort, tmp_path_factory):
    from voice2face.training.matching.train import train_matching
    from voice2face.training.matching.trained import MatchingRecipe

    out = tmp_path_factory.mktemp("matcher")
    table = cohort / "all.csv"
    prepare([table], out / "corpus", face_crop=FaceCrop(px=64), split="hash:100/0/0")
    return train_matching(out / "corpus", out / "run", MatchingRecipe())


def asked(voice2face, table, *words):
    ended = voice2face("evaluate", table, "--target", "face", *words, "--json")
    assert ended.status == 0, ended.err
    return json.loads(ended.out)


def test_a_matcher_is_measured_without_a_face_and_beside_faces(voice2face, cohort, matcher):
    alone = asked(voice2face, cohort / "all.csv", "--matcher", matcher)
    own = {row["measure"]: row for row in alone["rows"] if row["system"] == "matcher run"}
    assert own["1:2 matching"]["value"] > 0.7  # of people that it has seen: it learns
    assert {"1:10 matching", "verification EER", "verification AUC"} <= own.keys()
    assert own["1:2 matching"]["embedder"] == "face_reid_0095"
    assert any("was trained on 16 of the 16 people" in line for line in alone["warnings"])
    both = asked(voice2face, cohort / "all.csv", "--model", "gan", "--matcher", matcher)
    again = {(r["system"], r["measure"], r["against"]): r["value"] for r in both["rows"]}
    key = "matcher run", "1:2 matching"
    assert again[*key, ""] == pytest.approx(own["1:2 matching"]["value"])
    model = next(name for name, *_ in again if name.startswith("model "))
    difference = again[model, "1:2 matching", ""] - again[*key, ""]
    assert again[model, "1:2 matching", "matcher run"] == pytest.approx(difference)


def test_languages_that_were_not_heard_in_training_are_asked_apart(
    voice2face, cohort, matcher, tmp_path
):
    model = tmp_path / "english"
    shutil.copytree(matcher, model)
    config = (model / "config.yaml").read_text()
    assert "english, urdu" in config
    (model / "config.yaml").write_text(config.replace("english, urdu", "english"))
    rows = asked(voice2face, cohort / "all.csv", "--matcher", model)["rows"]
    measures = [row["measure"] for row in rows]
    for which in ("heard", "unheard"):
        assert f"verification EER, {which} languages" in measures
    rows = asked(voice2face, cohort / "urdu.csv", "--matcher", model)["rows"]
    assert not [row for row in rows if row["measure"] == "verification EER, heard languages"]


def test_what_cannot_be_matched_is_refused(voice2face, cohort, corpus, matcher, tmp_path):
    words = "train", "matching", corpus, tmp_path / "few"
    voice2face(*words).one_error("people with a voice and a face", "10 or more")
    voice2face(*words, "--loss", "cosine").one_error("loss")
    voice2face("evaluate", cohort / "all.csv", "--matcher", "gan").one_error("no matcher")
    told = "evaluate", cohort / "all.csv", "--matcher", matcher, "--against", "face"
    voice2face(*told).one_error("neither --faces nor --model")
