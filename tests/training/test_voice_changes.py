"""Changed recordings for the speaker stage."""

import wave

import numpy as np
import pytest
import torch

from voice2face.audio.speech import Speech
from voice2face.corpus import Corpus
from voice2face.errors import AudioError, SettingsError
from voice2face.settings import SpeakerTraining, change
from voice2face.synthetic import CohortSettings, sample_person, synthesise
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.in_memory import VoiceBank
from voice2face.training.speaker import voice_changes
from voice2face.training.speaker.versions import ChangedVoices
from voice2face.training.speaker.voice_changes import (
    VoiceChanges,
    codecs_here,
    responses_in,
    sounds_in,
)

ALL = ("noise", "reverberation", "speed", "codec")


@pytest.fixture(scope="module")
def voices():
    """Three voices, two seconds each."""
    people = [sample_person(CohortSettings(n_identities=3, seed=5), n) for n in range(3)]
    waves = [synthesise(p.heard, np.random.default_rng(n), 2) for n, p in enumerate(people)]
    return [(0.3 * wave.astype(np.float64)).astype(np.int16) for wave in waves]


def write_wav(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.asarray(samples, "<i2").tobytes())


def snr_db(clean, heard):
    """Of what a gain alone does not explain."""
    clean, heard = clean.astype(float), heard.astype(float)
    gain = (clean @ heard) / (clean @ clean)
    return 10 * np.log10((clean @ clean) * gain**2 / ((heard - gain * clean) ** 2).sum())


def test_what_happens_follows_from_seed_version_and_recording(voices):
    speech = Speech(voices[0])
    changes = VoiceChanges(ALL, voices, seed=3)
    heard = [changes.changed(speech, version).samples for version in range(6)]
    again = VoiceChanges(ALL, voices, seed=3)
    for version, samples in enumerate(heard):
        np.testing.assert_array_equal(
            again.changed(Speech(voices[0], name="x"), version).samples, samples
        )
        assert samples.dtype == np.int16 and not np.array_equal(samples, voices[0])
    assert len({samples.tobytes() for samples in heard}) == 6
    other = VoiceChanges(ALL, voices, seed=4)
    assert any(not np.array_equal(other.changed(speech, v).samples, heard[v]) for v in range(6))
    assert changes.digest == again.digest != other.digest
    assert changes.digest != VoiceChanges(ALL, voices[:2], seed=3).digest


def test_noise_is_as_strong_as_it_says_of_every_kind(voices):
    hum = np.tile(np.array([20_000, -20_000], np.int16), 8000)
    changes = VoiceChanges(("noise",), voices[1:], noises=[hum], seed=0)
    found = [changes.changed(Speech(voices[0]), v).samples for v in range(40)]
    ratios = [snr_db(voices[0], heard) for heard in found]
    low, high = voice_changes.SNR_DB
    assert low - 1 < min(ratios) < 8 and 17 < max(ratios) < high + 1
    highest = [abs(np.fft.rfft(heard.astype(float))[-1]) for heard in found]
    assert 2 <= sum(value > 1e6 for value in highest) <= 20  # a tone at half the rate: the hum
    assert all(len(heard) == len(voices[0]) for heard in found)


def test_given_rooms_are_used_and_made_ones_too(voices):
    echo = np.zeros(4000)
    echo[0], echo[3000] = 1.0, 0.9
    changes = VoiceChanges(("reverberation",), voices, rooms=[echo], seed=0)
    found = [changes.changed(Speech(voices[0]), v).samples.astype(float) for v in range(12)]
    expected = voices[0].astype(float)
    expected[3000:] += 0.9 * voices[0][:-3000]
    alike = [np.corrcoef(heard, expected)[0, 1] > 0.999 for heard in found]
    assert 2 <= sum(alike) <= 10


def test_speed_changes_length_and_pitch(voices):
    changes = VoiceChanges(("speed",), voices, seed=0)
    lengths = [
        len(changes.changed(Speech(voices[0]), v).samples) / len(voices[0]) for v in range(9)
    ]
    assert 1 / 1.11 < min(lengths) < 0.97 and 1.03 < max(lengths) < 1 / 0.89


def test_codecs_are_those_that_are_there(voices, monkeypatch):
    def missing(sound):
        raise AudioError("amr", "no encoder", "one", "install it")

    monkeypatch.setattr(voice_changes, "amr", missing)
    names = {codec.__name__ for codec in codecs_here()}
    assert {"telephone"} <= names and "missing" not in names
    changes = VoiceChanges(("codec",), voices, codecs=codecs_here(), seed=0)
    for version in range(4):
        heard = changes.changed(Speech(voices[0]), version).samples
        assert abs(len(heard) - len(voices[0])) < 3000


def test_folders_of_noise_and_rooms(tmp_path):
    write_wav(tmp_path / "b.wav", [1, 2, 3] * 100)
    write_wav(tmp_path / "a.wav", [0, 0, 8000, 4000] + [0] * 100)
    (tmp_path / "readme.txt").write_text("noise")
    first, second = sounds_in(str(tmp_path), "training.noises")
    assert (first[2], second[2]) == (8000, 3)
    room, _ = responses_in(str(tmp_path))
    assert room[:2].tolist() == [1.0, 0.5]
    assert sounds_in("", "training.noises") == []
    with pytest.raises(SettingsError, match=r"training\.rooms .*nowhere: no recording that can be"):
        responses_in(str(tmp_path / "nowhere"))


def test_crops_of_versions_take_the_place_of_those_of_recordings(corpus, tmp_path):
    frames = CorpusFrames(Corpus.open(corpus), folder=tmp_path)
    heard = frames.voices("train")
    bank = VoiceBank.of(heard.frames, np.arange(len(heard)))
    settings = change(SpeakerTraining(), {"augment": ["speed"], "augment_versions": 2})
    changed = ChangedVoices.of(frames, heard.clip.tolist(), settings, seed=1)
    assert len(changed) == 2
    chosen, where = torch.tensor([0, 1, 2, 3]), torch.tensor([0.0, 0.5, 0.999, 0.1])
    crops = bank.cut(chosen, where, 50)
    after = changed.put(crops.clone(), chosen, torch.tensor([-1, 0, 1, -1]), where)
    assert torch.equal(after[[0, 3]], crops[[0, 3]])
    assert (after[1:3] - crops[1:3]).abs().mean(dim=(1, 2)).min() > 0.05
    assert torch.isfinite(after).all()
    long = changed.put(bank.cut(chosen, where, 900), chosen, torch.tensor([0, 0, 1, 1]), where)
    assert long.shape == (4, 64, 900)  # longer than the recordings, which are repeated
    n_files = len(list(tmp_path.rglob("*.frames")))
    ChangedVoices.of(frames, heard.clip.tolist(), settings, seed=1)
    assert len(list(tmp_path.rglob("*.frames"))) == n_files  # they were there


def test_a_version_without_speech_leaves_the_recording_as_it_is(corpus, tmp_path, monkeypatch):
    monkeypatch.setitem(voice_changes._WAYS, "noise", lambda changes, sound, rng: sound[:10])
    frames = CorpusFrames(Corpus.open(corpus), folder=tmp_path)
    heard = frames.voices("train")
    bank = VoiceBank.of(heard.frames, np.arange(len(heard)))
    settings = change(SpeakerTraining(), {"augment": ["noise"], "augment_versions": 1})
    changed = ChangedVoices.of(frames, heard.clip.tolist(), settings, seed=1)
    chosen, where = torch.tensor([0, 1]), torch.tensor([0.0, 0.5])
    crops = bank.cut(chosen, where, 50)
    assert torch.equal(changed.put(crops.clone(), chosen, torch.tensor([0, 0]), where), crops)
