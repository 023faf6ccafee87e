import csv
import wave
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from voice2face.errors import CorpusError
from voice2face.synthetic import CohortSettings, make_face, sample_person, write, write_cohort
from voice2face.synthetic.ceiling import best_matching_accuracy
from voice2face.synthetic.write import make_clip, read_facts

SMALL = CohortSettings(
    n_identities=3, clips_per_identity=2, faces_per_identity=2, clip_s=(0.5, 1.0), face_px=32
)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_table_names_every_file_once(tmp_path):
    out = tmp_path / "cohort"
    table = write_cohort(out, SMALL)
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    assert len(rows) == 3 * (2 + 2)
    assert all(bool(row["voice"]) != bool(row["face"]) for row in rows)
    named = {row["voice"] or row["face"] for row in rows}
    assert named == set(contents(out)) - {"cohort.csv", "cohort.json"}


def test_files_hold_what_was_made(tmp_path):
    for row in csv.DictReader(write_cohort(tmp_path, SMALL).open(encoding="utf-8")):
        index, number = (
            int(row["identity"].partition("-")[2]),
            int(Path(row["voice"] or row["face"]).stem),
        )
        if row["voice"]:
            with wave.open(str(tmp_path / row["voice"])) as file:
                assert (file.getframerate(), file.getnchannels()) == (16_000, 1)
                samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            assert np.array_equal(samples, make_clip(SMALL, index, number))
        else:
            pixels = np.asarray(Image.open(tmp_path / row["face"]))
            assert np.array_equal(pixels, make_face(SMALL, index, number))


def test_gender_is_what_is_seen(tmp_path):
    settings = msgspec.structs.replace(
        SMALL, n_identities=30, coupling=0.0, clips_per_identity=0, faces_per_identity=1
    )
    rows = list(csv.DictReader(write_cohort(tmp_path, settings).open(encoding="utf-8")))
    people = [sample_person(settings, i) for i in range(30)]
    assert [row["gender"] for row in rows] == [p.seen.sex for p in people]
    assert [row["heard_sex"] for row in rows] == [p.heard.sex for p in people]
    assert {(row["gender"], row["heard_sex"]) for row in rows} >= {
        ("male", "female"),
        ("female", "male"),
    }
    assert all(float(row["age"]) == round(float(row["seen_age"]), 0) for row in rows)


def test_same_bytes_on_every_run_and_in_two_processes(tmp_path):
    write_cohort(tmp_path / "one", SMALL)
    write_cohort(tmp_path / "two", SMALL, workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_larger_cohort_begins_with_the_smaller_one(tmp_path):
    write_cohort(tmp_path / "small", SMALL)
    write_cohort(tmp_path / "large", msgspec.structs.replace(SMALL, n_identities=4))
    small, large = contents(tmp_path / "small"), contents(tmp_path / "large")
    assert all(large[name] == data for name, data in small.items() if "/" in name)
    assert large["cohort.csv"].startswith(small["cohort.csv"])


def test_changing_one_half_leaves_the_other_halfs_bytes(tmp_path, monkeypatch):
    def other_heard(settings, index):
        person = sample_person(settings, index)
        return replace(person, heard=sample_person(settings, index + 100).heard)

    def other_seen(settings, index):
        person = sample_person(settings, index)
        return replace(person, seen=sample_person(settings, index + 100).seen)

    write_cohort(tmp_path / "plain", SMALL)
    monkeypatch.setattr(write, "sample_person", other_heard)
    write_cohort(tmp_path / "heard", SMALL)
    monkeypatch.setattr(write, "sample_person", other_seen)
    write_cohort(tmp_path / "seen", SMALL)
    plain, heard, seen = (contents(tmp_path / n) for n in ("plain", "heard", "seen"))
    for name, data in plain.items():
        if name.startswith("voices"):
            assert seen[name] == data
            assert heard[name] != data
        if name.startswith("faces"):
            assert heard[name] == data
            assert seen[name] != data


def test_the_facts_hold_settings_and_bounds(tmp_path):
    write_cohort(tmp_path, SMALL)
    facts = read_facts(tmp_path)
    assert facts.settings == SMALL
    assert facts.best_matching["1:2"] == best_matching_accuracy(SMALL.coupling)
    assert facts.best_matching["1:2 within sex"].within_sex
    assert facts.best_matching["1:10"].n_way == 10
    assert facts.best_sex == pytest.approx((1 + SMALL.coupling) / 2)


def test_progress_counts_people(tmp_path):
    seen = []
    write_cohort(tmp_path, SMALL, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_folder_with_something_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(CorpusError, match="no cohort"):
        write_cohort(tmp_path, SMALL)
    assert contents(tmp_path) == {"thesis.tex": b"years of work"}


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(CorpusError, match="a file"):
        write_cohort(tmp_path / "out", SMALL)


def test_a_cohort_of_other_settings_is_refused_and_left_alone(tmp_path):
    write_cohort(tmp_path, SMALL)
    before = contents(tmp_path)
    with pytest.raises(CorpusError, match="other settings"):
        write_cohort(tmp_path, msgspec.structs.replace(SMALL, seed=1))
    assert contents(tmp_path) == before


def test_a_cohort_that_was_cut_off_has_no_table_and_can_be_completed(tmp_path, monkeypatch):
    def cut_off(settings, index, number):
        if index == 1:
            raise KeyboardInterrupt
        return make_face(settings, index, number)

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(write, "make_face", cut_off)
        with pytest.raises(KeyboardInterrupt):
            write_cohort(out, SMALL)
    assert not (out / "cohort.csv").exists()
    write_cohort(out, SMALL)
    write_cohort(tmp_path / "fresh", SMALL)
    assert contents(out) == contents(tmp_path / "fresh")


def test_facts_that_are_missing_or_damaged_are_named(tmp_path):
    with pytest.raises(CorpusError, match=r"no cohort\.json"):
        read_facts(tmp_path)
    (tmp_path / "cohort.json").write_text('{"schema": 7}')
    with pytest.raises(CorpusError, match="schema"):
        read_facts(tmp_path)
