"""Another corpus: who of it is asked about, and what is refused."""

import csv

import numpy as np
import pytest

from voice2face.corpus import Corpus
from voice2face.corpus.prepare import prepare
from voice2face.errors import CorpusError
from voice2face.experiments import other_corpus as module
from voice2face.experiments.other_corpus import open_other, others_of
from voice2face.experiments.pipeline.request import Request
from voice2face.experiments.pipeline.steps import steps_of
from voice2face.faces.settings import FaceCrop
from voice2face.synthetic import CohortSettings, write_cohort
from voice2face.training.data.frames import CorpusFrames

PX = 32


@pytest.fixture(scope="module")
def first(study_corpus) -> Corpus:
    return Corpus.open(study_corpus)


@pytest.fixture(scope="module")
def strangers(tmp_path_factory):
    """Folder of a cohort of six people of another seed."""
    folder = tmp_path_factory.mktemp("strangers") / "people"
    settings = CohortSettings(
        n_identities=6, seed=4, clips_per_identity=1, faces_per_identity=1, clip_s=(2, 2),
        face_px=PX,
    )  # fmt: skip
    write_cohort(folder, settings)
    return folder


def _prepared(folder, out, **options) -> Corpus:
    options = {"face_crop": FaceCrop(px=PX)} | options
    prepare([folder], out, **options)
    return Corpus.open(out)


def test_people_of_all_splits_who_are_not_in_the_first_are_asked_about(first, other_corpus):
    assert open_other(first, other_corpus.path).info == other_corpus.info
    others = others_of(first, other_corpus, seed=0)
    new = {f"id3-{i:06d}" for i in range(24, 30)}
    assert set(others.speech.identity) == set(others.faces.identity) == new
    assert (others.n_people, others.n_known) == (6, 24)
    assert len(others.faces) == 12 and others.faces.pixels.shape[1:] == (PX, PX, 3)
    whole = CorpusFrames(other_corpus).voices(None)
    for row, clip in enumerate(others.speech.clip):
        (there,) = np.flatnonzero(whole.clip == clip)
        assert np.array_equal(others.speech.sounds[row], whole.frames[there])
        assert others.speech.attributes["gender"][row] == whole.attributes["gender"][there]


def test_no_more_people_than_wanted_are_drawn(first, other_corpus, monkeypatch):
    monkeypatch.setattr(module, "MOST_PEOPLE", 4)
    drawn = [set(others_of(first, other_corpus, seed).speech.identity) for seed in range(4)]
    assert {len(people) for people in drawn} == {4}
    assert len({frozenset(people) for people in drawn}) > 1


def test_made_up_people_of_another_seed_are_others(first, strangers, tmp_path):
    other = _prepared(strangers, tmp_path / "other")
    others = others_of(first, other, seed=0)
    assert others.n_people == 6 and others.n_known == 0
    assert not set(others.speech.identity) & set(first.voices().identity)


def test_who_has_the_same_recording_under_another_name_is_left_out(
    first, study_people, strangers, tmp_path
):
    """A table of the strangers, and of two people of the study under new names."""
    lines = []
    for folder, names in (
        (strangers, [f"id4-{i:06d}" for i in range(6)]),
        (study_people, ["id3-000001", "id3-000002"]),
    ):
        for row in csv.DictReader((folder / "cohort.csv").open()):
            if row["identity"] in names:
                kind = "voice" if row["voice"] else "face"
                cells = {"identity": f"{folder.parent.name} {row['identity']}"}
                lines.append(cells | {kind: str(folder / row[kind])})
    with (tmp_path / "table.csv").open("w") as stream:
        writer = csv.DictWriter(stream, ["identity", "voice", "face"], restval="")
        writer.writeheader()
        writer.writerows(lines)
    other = _prepared(tmp_path / "table.csv", tmp_path / "other", aligned=True)
    assert other.info.counts["all"].identities == 8
    others = others_of(first, other, seed=0)
    assert (others.n_people, others.n_known) == (6, 2)
    assert all(name.startswith(strangers.parent.name) for name in others.speech.identity)


def test_what_cannot_be_asked_about_is_refused_in_one_line(first, strangers, tmp_path):
    def refused(path, *words):
        with pytest.raises(CorpusError) as caught:
            open_other(first, path)
        message = str(caught.value)
        assert "\n" not in message and all(word in message for word in words), message

    refused(first.path, "the same corpus")
    refused(tmp_path / "nowhere", "nowhere")
    crop = FaceCrop(px=16)
    small = _prepared(strangers, tmp_path / "small", face_crop=crop)
    refused(small.path, "faces of 16 pixels", "faces of 32 pixels", "--px 32")
    tight = _prepared(strangers, tmp_path / "tight", face_crop=FaceCrop(px=PX, geometry="tight"))
    refused(tight.path, "cropped as tight", "--geometry released")
    heard = _prepared(strangers, tmp_path / "heard", preset="released")
    refused(heard.path, "another audio front end (released)", "--preset clean")


def test_a_corpus_of_the_same_people_is_refused(first, study_people, tmp_path):
    same = _prepared(study_people, tmp_path / "same", split="hash:50/0/50")
    with pytest.raises(CorpusError, match="0 people with a voice and a face who are not in"):
        open_other(first, same.path)


def test_in_a_plan_it_belongs_to_one_experiment_alone(study_corpus, other_corpus, tmp_path):
    """What was answered without it is not asked again."""
    without, given = (
        {s.name: s for s in steps_of(Request(study_corpus, tmp_path / "out", other=other))}
        for other in (None, other_corpus.path)
    )
    assert {name for name in given if given[name] != without[name]} == {"generalisation"}
    assert given["generalisation"].settings["other"] == other_corpus.info.data_hash
    with pytest.raises(CorpusError, match="the same corpus"):
        steps_of(Request(study_corpus, tmp_path / "out", other=study_corpus))
