"""From a recording to features, and what is refused on the way."""

import io
import pickle
import subprocess
import sys

import av
import numpy as np
import pytest
from msgspec.structs import replace

from voice2face.audio import extract, log_mel, normalise, tile, voiced_samples
from voice2face.audio.settings import FRONT_ENDS, FrontEnd, LogMel
from voice2face.audio.speech_check import spectral_change
from voice2face.errors import AudioError, SettingsError

from .audio_samples import NOISES, RATE_HZ, noise, speech, write_wav

CLIP = np.concatenate([speech(2), np.zeros(RATE_HZ, np.int16), speech(1.2, seed=1)])


@pytest.mark.parametrize("preset", FRONT_ENDS)
def test_the_stages_follow_one_another(preset):
    settings = FRONT_ENDS[preset]
    found = extract(io.BytesIO(write_wav(CLIP)), settings)
    np.testing.assert_array_equal(found.voiced, voiced_samples(CLIP, settings.voice_activity))
    np.testing.assert_array_equal(found.log_mel, log_mel(found.voiced, settings.log_mel))
    np.testing.assert_array_equal(found.features, tile(normalise(found.log_mel), 1000))
    assert found.seconds == len(CLIP) / RATE_HZ
    assert found.speech_s == len(found.voiced) / RATE_HZ < found.seconds
    np.testing.assert_array_equal(extract(CLIP, settings, RATE_HZ).features, found.features)


def test_long_recordings_are_used_whole():
    found = extract(speech(12), FRONT_ENDS["clean"], RATE_HZ)
    assert len(found.features) == len(found.log_mel) > 1000


@pytest.mark.parametrize(
    "waveform",
    [np.zeros(5 * RATE_HZ, np.int16), speech(0.5), noise("white", 5, 3)],
    ids=["silence", "short", "quiet noise"],
)
@pytest.mark.parametrize("preset", FRONT_ENDS)
def test_too_little_speech(tmp_path, waveform, preset):
    path = tmp_path / "clip.wav"
    path.write_bytes(write_wav(waveform))
    message = r"clip\.wav: .*; 1 s of speech wanted; "
    with pytest.raises(AudioError, match=message):
        extract(path, FRONT_ENDS[preset])
    with pytest.raises(AudioError, match=message):
        extract(path, FRONT_ENDS[preset], check_speech=False)


def test_no_speech_at_all_is_never_enough():
    settings = replace(FRONT_ENDS["released"], min_speech_s=0)
    with pytest.raises(AudioError, match="silence: no sound came in"):
        extract(np.zeros(RATE_HZ, np.int16), settings, RATE_HZ)


@pytest.mark.parametrize("level", [30, 300, 1000, 8000, 30_000])
@pytest.mark.parametrize("kind", NOISES)
def test_noise_is_no_speech(kind, level):
    for preset, seconds in (("released", 3), ("clean", 8)):
        waveform = noise(kind, seconds, level)
        with pytest.raises(AudioError, match=r"noise or a hum, and no speech|of speech wanted"):
            extract(waveform, FRONT_ENDS[preset], RATE_HZ)


@pytest.mark.parametrize("kind", ["white", "pink", "brown"])
def test_faces_from_noise_can_be_asked_for(kind):
    waveform = noise(kind, 3, 8000)
    with pytest.raises(AudioError, match="noise or a hum, and no speech; a voice wanted"):
        extract(waveform, FRONT_ENDS["clean"], RATE_HZ)
    found = extract(waveform, FRONT_ENDS["clean"], RATE_HZ, check_speech=False)
    assert found.features.shape == (1000, 64)


@pytest.mark.parametrize("snr_db", [40, 20, 10])
@pytest.mark.parametrize("level", [0.2, 1, 8])
def test_speech_is_speech_at_any_level_and_in_some_noise(level, snr_db):
    clean = speech(4, seed=3).astype(float)
    background = noise("pink", 4, clean.std() * 10 ** (-snr_db / 20)).astype(float)
    waveform = np.clip(level * (clean + background), -32768, 32767).astype(np.int16)
    for settings in FRONT_ENDS.values():
        assert extract(waveform, settings, RATE_HZ).speech_s > 1


def test_spectral_change_hears_shape_and_not_level():
    bands = log_mel(speech(4), LogMel())
    change = spectral_change(bands)
    assert spectral_change(bands + np.float32(3)) == pytest.approx(change, rel=1e-4)
    beat = 2 * np.sin(np.arange(len(bands)) / 3).astype(np.float32)[:, None]
    shape = np.linspace(0, 5, 64, dtype=np.float32)
    assert spectral_change(shape + beat) == pytest.approx(0, abs=1e-4)
    assert spectral_change(bands[:20]) == 0  # too short to tell


def test_a_rate_that_the_loader_does_not_make():
    with pytest.raises(SettingsError, match="16000 wanted"):
        extract(CLIP, FrontEnd(log_mel=LogMel(sample_rate=32_000)), RATE_HZ)


def test_a_limit_of_length():
    with pytest.raises(AudioError, match="longer than 3 s"):
        extract(CLIP, FRONT_ENDS["clean"], RATE_HZ, max_s=3)


def test_importing_loads_no_decoder_and_no_detector():
    heavy = ("av", "webrtcvad", "torch", "scipy")
    code = f"import sys, voice2face.audio; sys.exit(str([n for n in {heavy} if n in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == "[]"


QUIET = (speech(6) / 100).astype(np.int16)
SAID = [
    (np.zeros(5 * RATE_HZ, np.int16), "5 s of silence: no sound came in", "the microphone is on"),
    (noise("white", 20, 3), "20 s of silence", "the microphone is on"),
    (QUIET, "6 s of very quiet sound, in which hardly any speech can be heard", "speak closer"),
    (speech(1.2)[:14_000], "a recording of 0.9 s, with 0.", "record longer"),
    (noise("white", 5, 400), "5 s of sound, and", "where it is quiet"),
    (noise("white", 5, 3000), "noise or a hum, and no speech", "close to the microphone"),
]


@pytest.mark.parametrize(("waveform", "found", "remedy"), SAID, ids=[case[1] for case in SAID])
def test_a_refusal_says_what_was_heard_and_what_to_do(waveform, found, remedy):
    with pytest.raises(AudioError) as caught:
        extract(waveform, FRONT_ENDS["clean"], RATE_HZ)
    error = caught.value
    assert found in error.found and remedy in error.remedy
    assert error.numbers["seconds"] == pytest.approx(len(waveform) / RATE_HZ, abs=1e-3)
    assert "speech_s" in error.numbers or "spectral_change" in error.numbers
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.numbers) == (str(error), error.numbers)


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_f32le", "pcm_s24le"])
def test_channels_that_cancel_are_named(codec, tmp_path):
    clip = speech(3)
    both = np.stack((clip, -clip), axis=1).reshape(1, -1)
    path = tmp_path / "x.mka"
    with av.open(str(path), "w", "matroska") as file:
        stream = file.add_stream(codec, rate=RATE_HZ, layout="stereo")
        frame = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
        frame.sample_rate = RATE_HZ
        form = stream.codec_context.format
        for part in av.AudioResampler(form, "stereo", RATE_HZ, 1024).resample(frame):
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    with pytest.raises(AudioError, match="two channels that cancel each other out"):
        extract(path, FRONT_ENDS["clean"])
