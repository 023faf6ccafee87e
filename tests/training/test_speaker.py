import json
import signal

import numpy as np
import pytest
import torch

from voice2face.audio import normalise, tile
from voice2face.cli.runs import runs
from voice2face.corpus import Corpus
from voice2face.corpus.prepare import prepare
from voice2face.errors import ModelError, TrainingError
from voice2face.faces.settings import FaceCrop
from voice2face.networks.modules import VoiceEncoder
from voice2face.release.inference import Model
from voice2face.release.network_parts import read_voice_encoder
from voice2face.runs.compare import read_runs
from voice2face.runs.readings import READINGS, read_rows
from voice2face.settings import Run, SpeakerRecipe, VoiceEncoderSettings, change
from voice2face.training import checkpoint
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.in_memory import VoiceBank
from voice2face.training.distributed import Team
from voice2face.training.speaker.encoding import embed_all, encode
from voice2face.training.speaker.train import SpeakerTrainee, train_speaker
from voice2face.training.speaker.versions import ChangedVoices

SMALL = change(
    SpeakerRecipe(),
    {
        "voice_encoder.width": 0.06,
        "training.iterations": 30,
        "training.batch_size": 8,
        "training.learning_rate": 5e-3,
        "training.crop_frames": [100, 150],
        "training.precision": "fp32",
    },
)

AUGMENTED = change(SMALL, {"training.augment": ["noise", "reverberation", "speed", "codec"]})

OPTIONS = {"run": Run(checkpoint_every=10, sample_every=100, log_every=5), "quiet": True}


def test_the_speaker_stage_learns_its_speakers_and_reports_on_others(corpus, tmp_path):
    report = train_speaker(corpus, tmp_path / "voice", SMALL, seed=1, **OPTIONS)
    _, state = checkpoint.load_last(tmp_path / "voice" / "checkpoints")
    assert json.loads((tmp_path / "voice" / "verification.json").read_text()) == report
    assert 0 <= report["eer"]["low"] <= report["eer"]["value"] <= report["eer"]["high"] <= 1
    held_out = {*Corpus.open(corpus).voices("validation").identity}
    held_out |= {*Corpus.open(corpus).voices("test").identity}
    assert report["n_identities"] == len(held_out)
    assert report["n_same"] == len(held_out)  # two recordings of each: one pair
    encoder, config = read_voice_encoder(tmp_path / "voice")  # the run's folder serves as well
    assert_same(encoder.state_dict(), state["trainee"]["voice_encoder"])
    assert config.voice_encoder.front_end_preset == "clean"
    with pytest.raises(ModelError, match="a voice encoder alone"):
        Model(tmp_path / "voice" / "model").faces(np.zeros((1, 64)))


def test_cross_entropy_falls_well_below_that_of_guessing(corpus, tmp_path):
    voices = CorpusFrames(Corpus.open(corpus)).voices("train")
    speakers, labels = np.unique(voices.identity, return_inverse=True)
    bank = VoiceBank.of(voices.frames, labels.astype(np.int64))
    longer = change(SMALL, {"training.iterations": 80})
    trainee = SpeakerTrainee(bank, len(speakers), longer, 0, "cpu")
    losses = [trainee.step()["cross_entropy"].item() for _ in range(80)]
    assert np.mean(losses[-10:]) < 0.7 * np.log(len(speakers))


@pytest.mark.parametrize("recipe", [SMALL, AUGMENTED], ids=["plain", "augmented"])
def test_a_resumed_speaker_stage_equals_an_uninterrupted_one(corpus, tmp_path, monkeypatch, recipe):
    train_speaker(corpus, tmp_path / "whole", recipe, **OPTIONS)
    original, done = SpeakerTrainee.step, []

    def interrupted(self):
        done.append(1)
        if len(done) == 17:
            signal.raise_signal(signal.SIGINT)
        return original(self)

    monkeypatch.setattr(SpeakerTrainee, "step", interrupted)
    with pytest.raises(KeyboardInterrupt, match="step 17"):
        train_speaker(corpus, tmp_path / "parts", recipe, **OPTIONS)
    monkeypatch.undo()
    train_speaker(corpus, tmp_path / "parts", recipe, resume=True, **OPTIONS)
    states = [checkpoint.load_last(tmp_path / n / "checkpoints")[1] for n in ("whole", "parts")]
    for part in ("voice_encoder", "classifier"):
        assert_same(states[0]["trainee"][part], states[1]["trainee"][part])


@pytest.mark.parametrize(("n_recordings", "n_frames"), [(3, 101), (32, 128), (8, 1), (24, 70)])
@pytest.mark.parametrize("training", [True, False])
def test_the_fast_layout_computes_what_the_encoder_does(training, n_recordings, n_frames):
    torch.manual_seed(0)
    plain, fast = (VoiceEncoder(VoiceEncoderSettings(width=0.1)).train(training) for _ in "ab")
    fast.load_state_dict(plain.state_dict())
    features = torch.randn(n_recordings, 64, n_frames)
    expected, found = plain(features), encode(fast, features)
    assert torch.allclose(expected, found, atol=1e-5)
    expected.square().sum().backward()
    found.square().sum().backward()
    for (name, one), other in zip(plain.named_parameters(), fast.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, atol=1e-4, rtol=1e-3), name
    for one, other in zip(plain.buffers(), fast.buffers(), strict=True):
        assert torch.allclose(one.float(), other.float(), atol=1e-5)


def test_snapshots_are_kept_as_readings_and_shown_beside_other_runs(corpus, tmp_path, capsys):
    run = Run(checkpoint_every=100, sample_every=10, log_every=5)
    train_speaker(corpus, tmp_path / "voice", SMALL, run=run, quiet=True)
    (found,), problems = read_runs(tmp_path)
    curve = found.readings["verification"]
    assert problems == [] and curve.steps == [10, 20, 30]
    assert all(0 <= value <= 1 for value in curve.values)
    assert found.best("verification") == max(curve.values)
    runs(tmp_path, plot=None, as_json=False)
    assert f"{curve.last():.3g}, best {max(curve.values):.3g}" in capsys.readouterr().out


def test_an_encoder_that_tells_nobody_apart_rings_the_alarm(corpus, tmp_path, capsys):
    held_out = CorpusFrames(Corpus.open(corpus)).voices("validation")
    bank = VoiceBank.of(held_out.frames, np.arange(len(held_out)))
    trainee = SpeakerTrainee(bank, len(held_out), SMALL, 0, "cpu", held_out=held_out)
    torch.nn.init.zeros_(trainee.encoder.layers.embed.weight)  # one embedding for all
    for step in (10, 1000, 2000):
        trainee.show(step, tmp_path)
    (line,) = capsys.readouterr().err.splitlines()
    assert "step 1000: ALARM: verification" in line
    rows, _ = read_rows(tmp_path / READINGS)
    assert [row["readings"]["verification"]["alarmed"] for row in rows] == [False, True, True]


def test_recordings_are_embedded_as_the_front_end_would_give_them():
    rng = np.random.default_rng(0)
    clips = [rng.normal(5, 2, (n, 64)).astype(np.float16) for n in (120, 1300, 400, 1000)]
    encoder = VoiceEncoder(VoiceEncoderSettings(width=0.05))
    vectors = embed_all(encoder, clips)
    for clip, vector in zip(clips, vectors, strict=True):
        features = torch.from_numpy(tile(normalise(clip.astype(np.float32)), 1000)).T[None]
        with torch.no_grad():
            assert np.allclose(encoder(features)[0].numpy(), vector, atol=1e-5)


def test_processes_take_their_parts_of_one_batch(corpus):
    voices = CorpusFrames(Corpus.open(corpus)).voices("train")
    bank = VoiceBank.of(voices.frames, np.arange(len(voices)))
    cpu = torch.device("cpu")
    whole = change(SMALL, {"training.batch_size": 16})
    features, labels = SpeakerTrainee(bank, 9, whole, 3, "cpu").draw()
    parts = [SpeakerTrainee(bank, 9, SMALL, 3, "cpu", team=Team(r, 2, cpu)).draw() for r in (0, 1)]
    assert torch.equal(torch.cat([part[0] for part in parts]), features)
    assert torch.equal(torch.cat([part[1] for part in parts]), labels)


def test_augmentation_changes_what_is_learned_from_but_not_what_is_drawn(corpus):
    voices = CorpusFrames(Corpus.open(corpus)).voices("train")
    bank = VoiceBank.of(voices.frames, np.arange(len(voices)))
    none, some = (change(AUGMENTED, {"training.augment_share": share}) for share in (0.0, 1.0))
    frames, clips = CorpusFrames(Corpus.open(corpus)), voices.clip.tolist()
    changed = ChangedVoices.of(frames, clips, AUGMENTED.training, 0)
    drawn = [SpeakerTrainee(bank, 9, r, 3, "cpu", changed=changed).draw() for r in (none, some)]
    assert torch.equal(drawn[0][1], drawn[1][1])
    assert drawn[0][0].shape == drawn[1][0].shape
    changed = (drawn[0][0] - drawn[1][0]).abs().mean(dim=(1, 2))
    assert (changed > 0.05).all() and torch.isfinite(drawn[1][0]).all()


def test_the_report_has_a_row_for_each_duration(corpus, tmp_path):
    report = train_speaker(corpus, tmp_path / "voice", SMALL, **OPTIONS)
    durations = [row["duration_s"] for row in report["rows"] if row["within"] is None]
    assert durations == [None, 1, 2, 3, 5, 10]
    assert all(row["within"] == "gender" for row in report["rows"][1::2])


def test_one_speaker_is_too_few(people, tmp_path):
    rows = (people / "cohort.csv").read_text().splitlines()
    table = people / "one.csv"
    table.write_text(
        "\n".join([rows[0], *[r for r in rows if r.partition(",")[0].endswith("-000000")]]) + "\n"
    )
    options = {"face_crop": FaceCrop(px=16), "split": "hash:100/0/0", "aligned": True}
    corpus = prepare([table], tmp_path / "one", **options).path
    with pytest.raises(TrainingError, match="1 speakers to train on; two or more wanted"):
        train_speaker(corpus, tmp_path / "voice", SMALL, **OPTIONS)


def assert_same(a, b):
    assert a.keys() == b.keys()
    assert all(torch.equal(a[key], b[key]) for key in a)
