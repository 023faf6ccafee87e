import json
import signal

import numpy as np
import pytest
import torch

from voice2face.corpus import Corpus, prepare
from voice2face.errors import ModelError, TrainingError
from voice2face.inference import Model
from voice2face.release import read_voice_encoder
from voice2face.settings import FaceCrop, Run, SpeakerRecipe, change
from voice2face.training import checkpoint
from voice2face.training.data import VoiceBank
from voice2face.training.speaker import SpeakerTrainee, train_speaker

SMALL = change(
    SpeakerRecipe(),
    {
        "voice_encoder.width": 0.06,
        "training.iterations": 30,
        "training.batch_size": 8,
        "training.learning_rate": 5e-3,
        "training.crop_frames": [100, 150],
    },
)

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
    assert config.front_end_preset == "clean"
    with pytest.raises(ModelError, match="a voice encoder alone"):
        Model(tmp_path / "voice" / "model").faces(np.zeros((1, 64)))


def test_cross_entropy_falls_well_below_that_of_guessing(corpus, tmp_path):
    voices = Corpus.open(corpus).voices("train")
    speakers, labels = np.unique(voices.identity, return_inverse=True)
    bank = VoiceBank.of(voices.log_mel, labels.astype(np.int64))
    longer = change(SMALL, {"training.iterations": 80})
    trainee = SpeakerTrainee(bank, len(speakers), longer, 0, "cpu")
    losses = [trainee.step()["cross_entropy"].item() for _ in range(80)]
    assert np.mean(losses[-10:]) < 0.7 * np.log(len(speakers))


def test_a_resumed_speaker_stage_equals_an_uninterrupted_one(corpus, tmp_path, monkeypatch):
    train_speaker(corpus, tmp_path / "whole", SMALL, **OPTIONS)
    original, done = SpeakerTrainee.step, []

    def interrupted(self):
        done.append(1)
        if len(done) == 17:
            signal.raise_signal(signal.SIGINT)
        return original(self)

    monkeypatch.setattr(SpeakerTrainee, "step", interrupted)
    with pytest.raises(KeyboardInterrupt, match="step 17"):
        train_speaker(corpus, tmp_path / "parts", SMALL, **OPTIONS)
    monkeypatch.undo()
    train_speaker(corpus, tmp_path / "parts", SMALL, resume=True, **OPTIONS)
    states = [checkpoint.load_last(tmp_path / n / "checkpoints")[1] for n in ("whole", "parts")]
    for part in ("voice_encoder", "classifier"):
        assert_same(states[0]["trainee"][part], states[1]["trainee"][part])


def test_one_speaker_is_too_few(people, tmp_path):
    rows = (people / "cohort.csv").read_text().splitlines()
    table = people / "one.csv"
    table.write_text("\n".join([rows[0], *[r for r in rows if r.startswith("id00000")]]) + "\n")
    options = {"face_crop": FaceCrop(px=16), "split": "hash:100/0/0", "aligned": True}
    corpus = prepare([table], tmp_path / "one", **options).path
    with pytest.raises(TrainingError, match="1 speakers to train on; two or more wanted"):
        train_speaker(corpus, tmp_path / "voice", SMALL, **OPTIONS)


def assert_same(a, b):
    assert a.keys() == b.keys()
    assert all(torch.equal(a[key], b[key]) for key in a)
