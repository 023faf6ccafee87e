"""Which frames are kept, against a second, plain reading of docs/method.md."""

import numpy as np
import pytest
import webrtcvad

from voice2face.audio import voiced_samples
from voice2face.audio.settings import FRONT_ENDS, VoiceActivity
from voice2face.errors import AudioError, SettingsError

from .audio_samples import RATE_HZ, noise, speech

PRESETS = {name: front_end.voice_activity for name, front_end in FRONT_ENDS.items()}
FRAME = 320
CLIP = np.concatenate(
    [
        noise("white", 0.5, 2),
        speech(1.1),
        noise("white", 0.7, 2),
        speech(0.9, seed=1),
        noise("pink", 0.53, 20),
        *(noise("white", 0.13, level, seed) for seed, level in enumerate((300, 5, 900, 60, 2) * 4)),
    ]
)


def plainly(waveform: np.ndarray, settings: VoiceActivity) -> np.ndarray:
    detector = webrtcvad.Vad(2)
    length = int(settings.ring_s * 1000) // 20
    ring, kept, active = [], [np.zeros(0, np.int16)], False
    start = 0
    while len(waveform) - start > FRAME:
        frame = waveform[start : start + FRAME]
        start += FRAME
        if active:
            kept.append(frame)
        whole = settings.ask_whole_ring
        answer = None if whole else detector.is_speech(frame.tobytes(), RATE_HZ)
        ring = [*ring, (frame, answer)][-length:]
        answers = [
            detector.is_speech(old.tobytes(), RATE_HZ) if whole else remembered
            for old, remembered in ring
        ]
        if not active and sum(answers) > settings.trigger_share * length:
            kept += [old for old, _ in ring]
            active, ring = True, []
        elif active and answers.count(False) > settings.trigger_share * length:
            active, ring = False, []
    return np.concatenate(kept)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("n_samples", [0, 1, 320, 321, 640, 641, 16_000, 16_001, len(CLIP)])
def test_like_the_description(preset, n_samples):
    waveform = CLIP[8000:][:n_samples] if n_samples < len(CLIP) else CLIP
    voiced = voiced_samples(waveform, PRESETS[preset])
    assert voiced.dtype == np.int16
    np.testing.assert_array_equal(voiced, plainly(waveform, PRESETS[preset]))


@pytest.mark.parametrize("whole_ring", [True, False])
@pytest.mark.parametrize("share", [0.4, 0.9])
@pytest.mark.parametrize("ring_s", [0.02, 0.06, 0.1, 0.3])
def test_rings_of_other_lengths(ring_s, share, whole_ring):
    settings = VoiceActivity(ring_s=ring_s, trigger_share=share, ask_whole_ring=whole_ring)
    np.testing.assert_array_equal(voiced_samples(CLIP, settings), plainly(CLIP, settings))


def test_the_clip_tells_the_two_ways_of_asking_apart():
    released, clean = (voiced_samples(CLIP, PRESETS[name]) for name in ("released", "clean"))
    assert 0.2 < len(released) / len(CLIP) < 0.9
    assert not np.array_equal(released, clean)


def test_the_last_full_frame_of_an_exact_multiple_is_dropped():
    loud = noise("white", 1, 8000)  # which the detector takes for speech
    voiced = voiced_samples(loud[: 15 * FRAME], PRESETS["released"])
    longer = voiced_samples(loud[: 15 * FRAME + 1], PRESETS["released"])
    assert len(longer) - len(voiced) == FRAME


def test_each_recording_starts_with_a_fresh_detector():
    first = voiced_samples(CLIP, PRESETS["released"])
    voiced_samples(noise("white", 1, 8000), PRESETS["released"])
    np.testing.assert_array_equal(voiced_samples(CLIP, PRESETS["released"]), first)


def test_a_longer_ring_holds_speech_back_until_it_is_sure():
    rare = VoiceActivity(ring_s=0.3)
    assert len(voiced_samples(speech(0.2), rare)) == 0
    assert len(voiced_samples(speech(2), rare)) > RATE_HZ


@pytest.mark.parametrize("waveform", [np.zeros(640), np.zeros((640, 2), np.int16)])
def test_only_mono_int16(waveform):
    with pytest.raises(AudioError, match="mono int16 wanted"):
        voiced_samples(waveform)


@pytest.mark.parametrize(
    ("settings", "rate"), [(VoiceActivity(frame_s=0.025), 16_000), (VoiceActivity(), 22_050)]
)
def test_lengths_and_rates_that_the_detector_does_not_know(settings, rate):
    with pytest.raises(SettingsError, match="10, 20 or 30 ms"):
        voiced_samples(CLIP, settings, rate)
