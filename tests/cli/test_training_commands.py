"""From a cohort to faces by the command line alone."""

import json
import shutil

import numpy as np
import torch
from models import lively
from PIL import Image

from voice2face.networks.modules import Generator, VoiceEncoder
from voice2face.settings import GeneratorSettings, VoiceEncoderSettings

TINY = (
    "--width", "0.03", "--batch-size", "4", "--quiet", "--set", "training.crop_frames=[40, 60]",
    "--precision", "fp32",
)  # fmt: skip
PX_16 = ("--set", "generator.face_px=16", "--set", "critics.face_px=16")


def test_from_people_to_a_face(voice2face, tmp_path):
    people, corpus = tmp_path / "people", tmp_path / "corpus"
    voice, face = tmp_path / "voice", tmp_path / "face"
    ended = voice2face(
        "cohort", people, "--identities", "6", "--seed", "9", "--clips", "2", "--faces", "2",
        "--px", "16", "--workers", "1", "--json",
    )  # fmt: skip
    assert (ended.status, ended.err) == (0, "")
    answer = json.loads(ended.out)
    assert answer["table"] == str(people / "cohort.csv")
    assert 0.5 < answer["facts"]["best_matching"]["1:2"]["accuracy"] < 1
    ended = voice2face(
        "prepare", people / "cohort.csv", corpus, "--px", "16", "--split", "hash:60/20/20",
        "--workers", "1", "--json",
    )  # fmt: skip
    assert (ended.status, ended.err) == (0, "")
    assert json.loads(ended.out)["info"]["counts"]["all"]["voices"] == 12
    ended = voice2face("train", "voice", corpus, voice, *TINY, "--iterations", "2", "--json")
    assert (ended.status, ended.err) == (0, "")
    assert json.loads(ended.out)["model"] == str(voice / "model")
    command = ["train", "face", corpus, face, "--voice-encoder", voice, *TINY, *PX_16]
    ended = voice2face(*command, "--variant", "bn-tanh", "--iterations", "2")
    assert ended.status == 0
    assert ended.err.startswith("note: monitor matching left out: 1 people of the validation split")
    assert ended.err.count("\n") == 1
    assert ended.out == f"model: {face / 'model'}\n"
    config = json.loads(voice2face("info", face / "model", "--json").out)["config"]
    drawn = config["parts"][1]["network"]
    assert drawn["tanh"] and drawn["batch_norm"]
    assert config["provenance"]["variant"] == "bn-tanh, released"
    assert config["provenance"]["geometry"] == "released"
    _resume(voice2face, [*command, "--variant", "bn-tanh"], face)
    clip = next((people / "voices").rglob("*.wav"))
    ended = voice2face("reconstruct", clip, "--model", face / "model", "-o", tmp_path / "x.png")
    assert ended.status == 0
    assert Image.open(tmp_path / "x.png").size == (16, 16)
    voice2face("reconstruct", clip, "--model", voice / "model", "-o", tmp_path / "y.png").one_error(
        "a voice encoder alone"
    )
    assert not (tmp_path / "y.png").exists()


def _resume(voice2face, command, face):
    """A finished run is not started again, goes on from its end, and may be made longer."""
    voice2face(*command, "--iterations", "2").one_error(str(face), "--resume")
    before = (face / "model" / "generator.onnx").read_bytes()
    assert voice2face(*command, "--iterations", "2", "--resume").status == 0
    assert (face / "model" / "generator.onnx").read_bytes() == before
    assert voice2face(*command, "--iterations", "3", "--resume").status == 0
    assert (face / "model" / "generator.onnx").read_bytes() != before
    ended = voice2face(*command, "--iterations", "3", "--resume", "--seed", "9")
    ended.one_error("another seed")


def test_ctrl_c_says_how_to_go_on_and_a_resumed_run_is_the_same(
    voice2face, corpus, tmp_path, monkeypatch
):
    import signal

    from voice2face.training.speaker.train import SpeakerTrainee

    def command(name):
        return ["train", "voice", corpus, tmp_path / name, *TINY, "--iterations", "4"]

    assert voice2face(*command("whole")).status == 0
    step = SpeakerTrainee.step
    taken = []

    def interrupted(self):
        taken.append(1)
        if len(taken) == 2:
            signal.raise_signal(signal.SIGINT)
        return step(self)

    monkeypatch.setattr(SpeakerTrainee, "step", interrupted)
    ended = voice2face(*command("parts"))
    assert (ended.status, ended.err) == (130, "stopped after step 2; --resume goes on\n")
    assert not (tmp_path / "parts" / "model").exists()
    assert voice2face(*command("parts"), "--resume").status == 0
    assert len(taken) == 4
    weights = [
        tmp_path / name / "model" / "voice_encoder.safetensors" for name in ("whole", "parts")
    ]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_the_authors_weights_are_imported_and_make_a_face(voice2face, clip, tmp_path):
    folder = tmp_path / "pretrained"
    folder.mkdir()
    torch.manual_seed(3)
    networks = {
        "voice_embedding.pth": lively(VoiceEncoder(VoiceEncoderSettings(width=0.125))),
        "generator.pth": Generator(GeneratorSettings(width=0.125)),
    }
    for name, network in networks.items():
        torch.save(dict(network.state_dict()), folder / name)
    ended = voice2face("import-released", folder, tmp_path / "released")
    assert (ended.status, ended.out) == (0, f"model: {tmp_path / 'released'}\n")
    words = ("reconstruct", clip, "--model", tmp_path / "released", "-o", tmp_path / "x.png")
    assert voice2face(*words).status == 0
    assert np.asarray(Image.open(tmp_path / "x.png")).shape == (64, 64, 3)


def test_a_thing_that_is_named_twice_is_no_loss_and_a_missing_one_is(voice2face, people, tmp_path):
    faces = sorted((people / "faces").rglob("*.png"))
    for i, face in enumerate(faces):
        shutil.copy(face, tmp_path / f"{i}.png")
    table = tmp_path / "people.csv"
    rows = [f"p{i},{i}.png" for i in range(len(faces))]
    table.write_text("\n".join(["identity,face", *rows, "p0,0.png"]))
    ended = voice2face("prepare", table, tmp_path / "a", "--aligned", "--workers", "1")
    assert (ended.status, ended.err) == (0, "")
    assert "30 faces" in ended.out
    table.write_text("\n".join(["identity,face", *rows, 'p0,"two\nlines.png"']))
    ended = voice2face("prepare", table, tmp_path / "b", "--aligned", "--workers", "1")
    named, summary = ended.err.splitlines()
    assert ended.status == 0  # `prepare && train` goes on: the loss is below --max-skipped
    assert named.startswith("note: ") and "two?lines.png" in named and "no such file" in named
    assert f"row 32 of {table}" in named and "Traceback" not in ended.err
    assert summary.startswith("note: 1 of 31 left out (missing file 1), listed in ")
    assert (tmp_path / "b" / "corpus.json").exists()
    ended = voice2face("prepare", table, tmp_path / "d", "--aligned", "--max-skipped", "0")
    assert ended.status == 2 and not (tmp_path / "d").exists()
    table.write_text("\n".join(["identity,face", *rows, *(f"p,gone{i}.png" for i in range(12))]))
    options = ("--max-skipped", "0.5", "--aligned", "--workers", "1")
    err = voice2face("prepare", table, tmp_path / "c", *options).err.splitlines()
    assert len(err) == 11 and all(line.startswith("note: ") for line in err)
    assert "12 of 42 left out (missing file 12)" in err[-1] and "skipped.parquet" in err[-1]
