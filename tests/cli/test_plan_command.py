import json
import re


def test_plan_says_time_disk_and_memory(voice2face, people):
    ended = voice2face("plan", people, "--workers", "3", "--sample", "4")
    assert (ended.status, ended.err) == (0, "")
    assert re.search(r"recording: 20 files, [\d.]+ ms each on one core \(4 read\)", ended.out)
    assert re.search(r"aligned: 30 files, ", ended.out)
    assert re.search(r"time: \d+ s on 3 cores \[\d+ s to \d+ s\]", ended.out)
    assert re.search(r"disk: [\d.]+ MB, [\d.]+ MB while it grows", ended.out)
    assert re.search(r"memory: .* for each of 3 processes that read", ended.out)


def test_plan_as_json(voice2face, people):
    answer = json.loads(voice2face("plan", people, "--sample", "2", "--json").out)
    assert answer["workers"] == 2
    assert {sample["reader"]: sample["n_sampled"] for sample in answer["samples"]} == {
        "recording": 2,
        "aligned": 2,
    }
    assert answer["seconds_low"] <= answer["seconds"] <= answer["seconds_high"]


def test_what_plan_is_not_given(voice2face, tmp_path):
    voice2face("plan", tmp_path / "gone").one_error("gone", "no such file or folder")
    voice2face("plan", tmp_path).one_error("a folder of no known layout", "--layout")
