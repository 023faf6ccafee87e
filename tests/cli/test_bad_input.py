"""Whatever is wrong: one line that names it, status 2, no traceback, nothing left behind."""

import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from audio.audio_samples import encode, encode_for_the_web, noise, silent_video, write_float_wav
from audio.audio_samples import write_wav as wav

from voice2face.audio import load_clip

from .conftest import names


def nan_samples(speech: np.ndarray) -> bytes:
    samples = speech / 32768
    samples[len(samples) // 2] = np.nan
    return write_float_wav(samples)


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


RECORDINGS = {
    "silence": (lambda s: wav(np.zeros(64_000, np.int16)), "4 s of silence: no sound came in"),
    "white noise": (lambda s: wav(noise("white", 4, 3000)), "noise or a hum, and no speech"),
    "0.2 s": (lambda s: wav(s[:3200]), "a recording of 0.2 s"),
    "empty": (lambda s: b"", "an empty file"),
    "text": (lambda s: b"Dear diary\n" * 300, "not decodable"),
    "header alone": (lambda s: wav(s)[:44], "breaks off"),
    "half a wav": (lambda s: half(wav(s)), "breaks off"),
    "half a flac": (lambda s: half(encode(s, "flac", "flac")), "breaks off"),
    "half an mp4": (lambda s: half(encode(s, "mp4", "aac", 44_100)), "not decodable"),
    "a video without sound": (lambda s: silent_video(), "pictures without sound"),
    "NaN": (nan_samples, "NaN"),
}


@pytest.mark.parametrize("what", RECORDINGS)
def test_a_recording_that_cannot_be_used(what, voice2face, model, clip, tmp_path):
    make, found = RECORDINGS[what]
    bad = clip.with_name("bad.wav")
    bad.write_bytes(make(load_clip(clip)))
    out = tmp_path / "out"
    words = ("reconstruct", bad, "--model", model, "-o", out, "--sheet")
    voice2face(*words).one_error("bad.wav", found, "wanted")
    voice2face("features", bad, "-o", out / "x.npz").one_error("bad.wav", found)
    assert not out.exists() or names(out) == set()
    good = voice2face("reconstruct", bad, clip, "--model", model, "-o", out)
    good.one_error("bad.wav", found)
    assert names(out) == {"anna.png"}


def test_an_mp4_for_the_web_that_breaks_off(voice2face, model, clip, tmp_path):
    bad = tmp_path / "bad.mp4"
    encode_for_the_web(bad, load_clip(clip))
    bad.write_bytes(half(bad.read_bytes()))
    ended = voice2face("reconstruct", bad, "--model", model, "-o", tmp_path)
    ended.one_error("bad.mp4", "breaks off")
    assert names(tmp_path) == {"in", "bad.mp4"}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("gone.wav", "no such file"),
        ("gone\nwith a line.wav", "gone?with a line.wav: no such file"),
        ("x" * 5000 + ".wav", "File name too long"),
        ("empty", "a folder without recordings"),
        ("papers", "a folder without recordings"),
        ("file/a.wav", "could not be opened"),
        ("loop.wav", "could not be opened"),
        (os.devnull, "a pipe or a device"),
        ("pipe.wav", "a pipe or a device"),
        ("", "an empty value"),
    ],
)
def test_a_recording_that_is_not_there(source, found, voice2face, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "notes.txt").write_text("notes")
    (tmp_path / "file").touch()
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    voice2face("reconstruct", source, "--model", model, "-o", "out").one_error(found)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("out", "found"),
    [
        ("file", "a file"),
        ("file/deeper", "could not be written"),
        ("face.jpg", "ends with .jpg"),
        ("x" * 300, "could not be written"),
        ("/dev/null", "a file"),
        ("/dev/full/x.png", "could not be written"),
        ("/proc/x.png", "could not be written"),
    ],
)
def test_a_place_where_nothing_can_be_written(
    out, found, voice2face, model, clip, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    voice2face("reconstruct", clip, "--model", model, "-o", out).one_error(out[:50], found)
    assert names(tmp_path) == {"in", "file"} and (tmp_path / "file").read_text() == "mine"


def test_several_faces_do_not_go_into_one_file(voice2face, model, clips, tmp_path):
    words = ("reconstruct", *clips[:2], "--model", model, "-o", tmp_path / "x.png")
    voice2face(*words).one_error("x.png", "one file for 2 faces")
    assert names(tmp_path) == set()


def test_features_want_an_npz(voice2face, clip, tmp_path):
    for out in ("x.npy", "x", "."):
        voice2face("features", clip, "-o", tmp_path / out).one_error(".npz", "wanted")
    voice2face("features", clip, "-o", tmp_path / "x.npz", "--preset", "cleen").one_error("cleen")
    assert names(tmp_path) == {"in"}


LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"


def test_a_full_disk(process, model, clip, tmp_path):
    out = tmp_path / "out"
    (tmp_path / "out").mkdir()
    (out / "anna.png").write_bytes(b"\x89PNG tEXtSoftware\0voice2face old")
    words = ("reconstruct", clip, "--model", model, "-o", out, "--sheet")
    process(*words, prelude=LIMIT).one_error("anna.png", "File too large")
    process("features", clip, "-o", out / "x.npz", prelude=LIMIT).one_error("x.npz")
    words = ("cohort", out / "people", "--identities", "2", "--workers", "1")
    process(*words, prelude=LIMIT).one_error("people", "File too large")
    assert names(out) <= {"anna.png", "people"}
    assert (out / "anna.png").read_bytes().endswith(b"old")
    assert not list(out.rglob(".*")) and not list(out.rglob("*.csv"))


def test_standard_output_that_is_full(process, model):
    with Path("/dev/full").open("w") as full:
        process("info", model, stdout=full).one_error("No space left on device")


PARTS = ["config.yaml", "voice_encoder.onnx", "generator.onnx"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("harm", ["missing", "cut", "empty"])
def test_a_model_with_a_part_that_is_missing_or_damaged(
    part, harm, voice2face, model, clip, tmp_path
):
    copy = tmp_path / "model"
    shutil.copytree(model, copy)
    if harm == "missing":
        (copy / part).unlink()
    else:
        data = (copy / part).read_bytes()
        (copy / part).write_bytes(data[: len(data) // 2] if harm == "cut" else b"")
    out = tmp_path / "out"
    voice2face("reconstruct", clip, clip, "--model", copy, "-o", out, "--json").one_error(part)
    voice2face("info", copy).one_error(part)
    assert not out.exists()


@pytest.mark.parametrize("command", ["info", "reconstruct"])
def test_a_model_of_the_future_or_none_at_all(command, voice2face, model, clip, tmp_path):
    def run(folder):
        words = [folder] if command == "info" else [clip, "--model", folder, "-o", tmp_path]
        return voice2face(command, *words)

    copy = tmp_path / "model"
    shutil.copytree(model, copy)
    config = yaml.safe_load((copy / "config.yaml").read_text())
    (copy / "config.yaml").write_text(yaml.safe_dump(config | {"format_version": 3}))
    run(copy).one_error("config.yaml", "format 3", "update voice2face")
    run(tmp_path).one_error("no config.yaml")
    run(clip).one_error("anna.wav")
    run(tmp_path / "nowhere").one_error("nowhere: no such folder")
    run("x" * 5000).one_error("File name too long")
    run("").one_error("an empty value")
    assert names(tmp_path) == {"in", "model"}


@pytest.fixture
def copy_of_corpus(corpus, tmp_path) -> Path:
    return Path(shutil.copytree(corpus, tmp_path / "corpus"))


def changed(info: Path, **entries: object) -> None:
    info.write_text(json.dumps(json.loads(info.read_text()) | entries))


@pytest.mark.parametrize("stage", ["voice", "face"])
def test_a_corpus_that_cannot_be_used(stage, voice2face, model, copy_of_corpus, tmp_path):
    def run(folder):
        sizes = ("--set", "generator.face_px=16", "--set", "critics.face_px=16")
        words = ["--voice-encoder", model, *sizes] if stage == "face" else []
        return voice2face("train", stage, folder, tmp_path / "out", "--iterations", "1", *words)

    info = copy_of_corpus / "corpus.json"
    before = info.read_text()
    run(tmp_path / "nowhere").one_error("nowhere")
    changed(info, schema_version=99)
    run(copy_of_corpus).one_error(str(copy_of_corpus), "schema version 99", "upgrade")
    info.write_text(before[: len(before) // 2])
    run(copy_of_corpus).one_error("corpus.json")
    info.write_text(before)
    shard = next(copy_of_corpus.glob("voice-train-*.parquet"))
    data = bytearray(shard.read_bytes())
    shard.write_bytes(data[:-9])
    run(copy_of_corpus).one_error(shard.name)
    data[len(data) // 2] ^= 255
    shard.write_bytes(data)
    run(copy_of_corpus).one_error(shard.name)
    shard.unlink()
    run(copy_of_corpus).one_error(shard.name)
    assert not (tmp_path / "out" / "model").exists()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--variant", "bassline"], "bassline"),
        (["--preset", "papper"], "papper"),
        (["--device", "quantum"], "quantum"),
        (["--device", "cuda:77"], "cuda:77"),
        (["--device", "meta"], "meta"),
        (["--precision", "fp16"], "fp16"),
        (["--width", "-1"], "width"),
        (["--pair-by", "shoe size"], "shoe size"),
        (["--set", "generator.taste=3"], "generator.taste"),
        (["--set", "generator.face_px=17"], "face_px"),
        (["--set", "generator=3"], "generator"),
        (["--set", "training"], "training"),
        (["--set", "=3"], "=3"),
        (["--set", "training.batch_size={"], "training.batch_size"),
        (["--set", "training.batch_size=many"], "training.batch_size"),
        (["--set", "training.batch_size=2020-99-99"], "training.batch_size"),
        (["--set", "training.batch_size=9000000000000000000"], "training.batch_size"),
        (["--set", "training.batch_size=" + "[" * 20_000], "training.batch_size"),
        (["--voice-encoder="], "an empty value"),
        (["--voice-encoder", "nowhere"], "nowhere"),
        ([], "faces of 16 pixels"),
    ],
)
def test_an_option_of_a_training_that_cannot_be(
    options, named, voice2face, model, corpus, tmp_path
):
    words = ["train", "face", corpus, tmp_path / "out", "--iterations", "1", "--width", "0.03"]
    if "--pair-by" in options:
        words += ["--set", "generator.face_px=16", "--set", "critics.face_px=16"]
    voice2face(*words, "--voice-encoder", model, *options).one_error(named)
    assert names(tmp_path) == set()


class Payload:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return (os.mkdir, (str(self.marker),))


@pytest.mark.parametrize("harm", ["code", "pickled code", "text", "missing", "no folder"])
def test_weights_that_cannot_be_imported(harm, voice2face, process, tmp_path):
    folder, marker, out = tmp_path / "pretrained", tmp_path / "owned", tmp_path / "out"
    folder.mkdir()
    path = folder / "voice_embedding.pth"
    if harm == "code":
        torch.save({"a": Payload(marker)}, path)
    elif harm == "pickled code":
        path.write_bytes(pickle.dumps(Payload(marker)))
    elif harm == "text":
        path.write_text("weights")
    elif harm == "no folder":
        folder.rmdir()
    run = process if harm == "pickled code" else voice2face  # torch warns about it as well
    run("import-released", folder, out).one_error("voice_embedding.pth")
    assert not marker.exists() and not out.exists()


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ("identity,voice\np,gone.wav\np,gone\x1btoo.wav\n", "gone.wav: no such file"),
        ("identity,voice\n", "no rows"),
        ("", "empty"),
        ("name,size\np,3\n", "columns name, size"),
        ("identity,voice,voice\np,a,b\n", "two columns"),
        ('identity,voice\n"p,a.wav\n', "table.csv"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (None, "no such file"),
    ],
)
def test_a_table_that_cannot_be_used(table, named, voice2face, tmp_path):
    path = tmp_path / "table.csv"
    if table is not None:
        path.write_bytes(table if isinstance(table, bytes) else table.encode())
    before = names(tmp_path)
    words = ("prepare", path, tmp_path / "out", "--workers", "0", "--split", "hash:100/0/0")
    voice2face(*words).one_error("table.csv", named)
    assert names(tmp_path) == before


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--preset", "cleen"], "cleen"),
        (["--px", "3"], "3"),
        (["--split", "half"], "half"),
        (["--identity", "gone"], "gone"),
        (["--max-skipped", "7"], "7"),
    ],
)
def test_an_option_of_prepare_that_cannot_be(options, named, voice2face, people, tmp_path):
    words = ("prepare", people / "cohort.csv", tmp_path / "out", "--workers", "1")
    voice2face(*words, *options).one_error(named)
    assert names(tmp_path) == set()


@pytest.mark.parametrize("command", ["prepare", "cohort", "import-released", "train voice"])
def test_a_file_where_a_folder_must_go(command, voice2face, people, corpus, tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    words = {
        "prepare": [people / "cohort.csv", file, "--workers", "1"],
        "cohort": [file, "--identities", "1", "--workers", "1"],
        "import-released": [_weights(tmp_path), file],
        "train voice": [corpus, file, "--iterations", "1", "--width", "0.03", "--batch-size", "2"],
    }
    ended = voice2face(*command.split(), *words[command], *["--quiet"] * command.startswith("tr"))
    ended.one_error(str(file))
    assert file.read_text() == "mine"
    assert names(tmp_path) <= {"file", "pretrained"}


def _weights(tmp_path: Path) -> Path:
    from voice2face.networks.modules import Generator, VoiceEncoder
    from voice2face.settings import GeneratorSettings, VoiceEncoderSettings

    folder = tmp_path / "pretrained"
    folder.mkdir()
    encoder = VoiceEncoder(VoiceEncoderSettings(width=0.125))
    generator = Generator(GeneratorSettings(width=0.125))
    torch.save(dict(encoder.state_dict()), folder / "voice_embedding.pth")
    torch.save(dict(generator.state_dict()), folder / "generator.pth")
    return folder


def test_cohort_wants_a_new_folder_and_sizes_that_can_be(voice2face, people, tmp_path):
    words = ("--identities", "1", "--workers", "1")
    voice2face("cohort", people, *words).one_error("other settings")
    voice2face("cohort", tmp_path / "x", "--px", "-3", *words).one_error("face_px")
    assert names(tmp_path) == set()


@pytest.mark.parametrize("place", ["before", "after"])
def test_debug_shows_the_traceback(place, process, model, tmp_path):
    words = ["reconstruct", tmp_path / "gone" / "a.npz", "--model", tmp_path / "gone"]
    words = ["--debug", *words] if place == "before" else [*words, "--debug"]
    ended = process(*words)
    assert ended.status != 0 and "Traceback" in ended.err and "ModelError" in ended.err
    assert ended.err.splitlines()[-1].count("no such folder") == 1


def test_too_little_memory(voice2face, model, clip, tmp_path, monkeypatch):
    from voice2face.release.inference import Model

    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(Model, "reconstruct_speech", full)
    words = ("reconstruct", clip, "--model", model, "-o", tmp_path)
    voice2face(*words).one_error("memory")
    assert names(tmp_path) == {"in"}
