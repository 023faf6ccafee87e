"""What is shown of a recording: where the speech lies, how it looks, what is wrong with it."""

import io

import numpy as np
import pytest
from PIL import Image

from voice2face.audio import extract
from voice2face.audio.settings import FRONT_ENDS
from voice2face.web.hearing import (
    log_mel_png,
    speech_spans,
    speech_to_noise_db,
    warnings,
    waveform,
)

from .made_up import example_wav

VOICE = np.frombuffer(example_wav("man")[44:], np.int16)


def heard(samples):
    return extract(samples, FRONT_ENDS["clean"], rate=16_000, check_speech=False)


def spans_of(samples):
    return speech_spans(samples, heard(samples).voiced, 0.02)


def test_speech_is_found_where_it_is():
    second = np.zeros(16_000, np.int16)
    spans = spans_of(np.concatenate([second, VOICE, second, second, VOICE]))
    assert 1 <= spans[0][0] < 1.3
    assert spans[-1][1] > 12.5
    assert not any(begin < 7.5 and end > 6.5 for begin, end in spans), "the pause"


def test_spans_hold_exactly_the_samples_that_were_kept():
    features = heard(VOICE)
    spans = speech_spans(VOICE, features.voiced, 0.02)
    kept = [VOICE[round(a * 16_000) : round(b * 16_000)] for a, b in spans]
    assert np.array_equal(np.concatenate(kept), features.voiced)
    assert speech_spans(VOICE, VOICE[:0], 0.02) == []


def test_a_waveform_is_as_wide_as_a_page_at_most():
    found = waveform(np.array([0, 32767, -32768], np.int16))
    assert found == {"low": [0.0, 1.0, -1.0], "high": [0.0, 1.0, -1.0]}
    samples = np.zeros(100_000, np.int16)
    samples[50_000] = 16_384
    found = waveform(samples)
    assert len(found["low"]) == 1200
    assert max(found["high"]) == 0.5 and np.argmax(found["high"]) == 600


def test_a_log_mel_has_time_to_the_right_and_high_bands_on_top():
    bands = np.zeros((3000, 64), np.float32)
    bands[2900:, :4] = 5  # late and low
    picture = Image.open(io.BytesIO(log_mel_png(bands)))
    assert picture.size == (1200, 64)
    pixels = np.asarray(picture.convert("L"), int)
    assert pixels[-1, -1] > 200 > 20 > pixels[0, -1] == pixels[-1, 0]
    assert Image.open(io.BytesIO(log_mel_png(np.zeros((20, 64), np.float32)))).size == (20, 64)


@pytest.mark.parametrize("name", ["man", "woman"])
def test_noise_is_measured(name):
    voice = np.frombuffer(example_wav(name)[44:], np.int16).astype(float)
    rms = np.sqrt((voice**2).mean())
    for wanted_db in (0, 5, 10):
        noise = np.random.default_rng(0).normal(0, rms * 10 ** (-wanted_db / 20), len(voice))
        noisy = np.clip(voice + noise, -32768, 32767).astype(np.int16)
        found_db = speech_to_noise_db(noisy, spans_of(noisy))
        assert found_db == pytest.approx(wanted_db, abs=2.5)
        said = " ".join(warnings(noisy, heard(noisy).speech_s, spans_of(noisy)))
        assert ("noise behind the voice" in said) == (wanted_db < 7.5)


def test_warnings_say_what_is_wrong():
    def said(samples):
        return " ".join(warnings(samples, heard(samples).speech_s, spans_of(samples)))

    assert said(VOICE) == ""
    assert "s of speech" in said(VOICE[:32_000])
    assert "overdriven" in said(np.clip(VOICE.astype(int) * 40, -32768, 32767).astype(np.int16))
    assert "very quiet" in said((VOICE / 60).astype(np.int16))
