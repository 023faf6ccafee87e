from dataclasses import fields, replace

import numpy as np
import pytest
import webrtcvad

from voice2face.synthetic import CohortSettings, sample_person, synthesise
from voice2face.synthetic.latent import Heard
from voice2face.synthetic.speech import random_speech
from voice2face.synthetic.voices import larynx_of
from voice2face.synthetic.write import make_clip

AVERAGE = Heard(
    sex="male",
    age=0.0,
    size=0.0,
    weight=0.0,
    pitch=0.0,
    breathiness=0.0,
    roughness=0.0,
    rate=0.0,
)


def voiced_share(samples: np.ndarray) -> float:
    detector = webrtcvad.Vad(2)
    frames = [samples[at : at + 320] for at in range(0, len(samples) - 319, 320)]
    return float(np.mean([detector.is_speech(f.tobytes(), 16_000) for f in frames]))


def average_pitch(heard: Heard) -> float:
    """Hz of the strongest repetition between 70 and 350 Hz, the median over windows."""
    samples = synthesise(heard, np.random.default_rng(0), 3.0).astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(samples, 800)[::800]
    loud = windows[np.std(windows, axis=1) > np.median(np.std(windows, axis=1))]
    power = np.abs(np.fft.rfft(loud, 2048, axis=1)) ** 2
    repetition = np.fft.irfft(power, axis=1)[:, 46:229]
    return float(np.median(16_000 / (46 + repetition.argmax(axis=1))))


def test_the_same_call_gives_the_same_samples():
    settings = CohortSettings()
    assert np.array_equal(make_clip(settings, 3, 1), make_clip(settings, 3, 1))


def test_clips_of_a_person_differ():
    one, other = (make_clip(CohortSettings(), 3, k)[:40_000] for k in range(2))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.3


@pytest.mark.parametrize("seconds", [0.05, 0.5, 1.234, 4.0])
def test_length_is_as_asked(seconds):
    samples = synthesise(AVERAGE, np.random.default_rng(0), seconds)
    assert samples.dtype == np.int16
    assert len(samples) == round(seconds * 16_000)


def test_lengths_stay_within_the_settings():
    settings = CohortSettings(clip_s=(1.0, 2.0))
    lengths = [len(make_clip(settings, i, 0)) / 16_000 for i in range(20)]
    assert 1.0 <= min(lengths) < max(lengths) <= 2.0


def test_levels_are_those_of_recordings():
    for index in range(10):
        samples = make_clip(CohortSettings(), index, 0).astype(float)
        level_db = 20 * np.log10(np.std(samples) / 32768)
        assert -31 < level_db < -19
        assert np.mean(np.abs(samples) >= 32767) < 1e-3


def test_a_voice_detector_takes_it_for_speech():
    shares = [voiced_share(make_clip(CohortSettings(), index, 0)) for index in range(40)]
    assert min(shares) > 0.7
    assert np.median(shares) > 0.85


def test_the_detector_does_not_take_everything_for_speech():
    assert voiced_share(np.zeros(32_000, np.int16)) == 0


@pytest.mark.parametrize("field", [f.name for f in fields(Heard)])
def test_every_heard_number_is_heard(field):
    other = "female" if field == "sex" else 1.5
    changed = replace(AVERAGE, **{field: other})
    one, two = (synthesise(h, np.random.default_rng(4), 1.0) for h in (AVERAGE, changed))
    assert not np.array_equal(one, two)


def test_women_and_high_voices_are_high():
    man, woman = average_pitch(AVERAGE), average_pitch(replace(AVERAGE, sex="female"))
    assert 100 < man < 165
    assert 175 < woman < 270
    assert average_pitch(replace(AVERAGE, pitch=2.0)) > 1.1 * man


def test_larger_people_have_lower_resonances_and_older_ones_speak_slower():
    assert np.all(
        larynx_of(replace(AVERAGE, size=2.0)).formant_scale < larynx_of(AVERAGE).formant_scale
    )
    assert larynx_of(replace(AVERAGE, age=2.0)).syllable_s > larynx_of(AVERAGE).syllable_s


def test_speech_depends_on_the_speaker_by_tempo_alone():
    slow, fast = (random_speech(np.random.default_rng(1), 6.0, s) for s in (0.3, 0.15))
    turns = [np.count_nonzero(np.diff(np.sign(np.diff(s.voicing)))) for s in (slow, fast)]
    assert turns[1] > 1.4 * turns[0]


def test_people_are_told_apart_by_their_larynx():
    people = [sample_person(CohortSettings(), i) for i in range(20)]
    assert len({larynx_of(p.heard).pitch_hz for p in people}) == 20
