"""Whatever a recording comes as, it loads as the same mono int16 at 16 kHz."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest

from voice2face.audio import load_clip
from voice2face.errors import AudioError

from .audio_samples import RATE_HZ, encode, silent_video, speech, write_float_wav, write_wav

WAVEFORM = speech(1.5)
LOSSY = {"aac", "libopus", "libmp3lame"}
FORMATS = [
    ("wav", "pcm_s16le", 16_000),
    ("wav", "pcm_s16le", 48_000),
    ("wav", "pcm_u8", 16_000),
    ("wav", "pcm_s24le", 16_000),
    ("wav", "pcm_s32le", 44_100),
    ("wav", "pcm_f32le", 16_000),
    ("wav", "pcm_f64le", 48_000),
    ("flac", "flac", 16_000),
    ("mp4", "aac", 44_100),
    ("ogg", "libopus", 48_000),
    ("mp3", "libmp3lame", 44_100),
    ("matroska", "flac", 16_000),
]


def level(samples: np.ndarray) -> float:
    return float(np.asarray(samples, np.float64).std())


def of_level(loaded: np.ndarray, waveform: np.ndarray = WAVEFORM) -> float:
    """Loudness of what was loaded against the original."""
    return level(loaded) / level(waveform)


def test_a_16_khz_wav_loads_bit_by_bit():
    loaded = load_clip(io.BytesIO(write_wav(WAVEFORM)))
    assert loaded.dtype == np.int16
    np.testing.assert_array_equal(loaded, WAVEFORM)


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("write", [write_wav, write_float_wav])
def test_path_file_object_and_array_load_alike(tmp_path, write, n_channels, rate):
    samples = np.stack([WAVEFORM, WAVEFORM[::-1]][:n_channels], axis=1).squeeze()
    if write is write_float_wav:
        samples = (samples / 32768).astype(np.float32)
    content = write(samples, rate)
    path = tmp_path / "clip.wav"
    path.write_bytes(content)
    by_path = load_clip(path)
    np.testing.assert_array_equal(by_path, load_clip(str(path)))
    np.testing.assert_array_equal(by_path, load_clip(io.BytesIO(content)))
    np.testing.assert_array_equal(by_path, load_clip(samples, rate))
    assert abs(len(by_path) - len(WAVEFORM) * RATE_HZ / rate) <= 1


@pytest.mark.parametrize(
    ("layout", "container", "codec", "rate"),
    [
        (layout, *form)
        for layout in ("mono", "stereo", "5.1")
        for form in FORMATS
        if (layout, form[0]) != ("5.1", "mp3")  # which has two channels at most
    ],
)
def test_level_and_length_depend_on_no_format(layout, container, codec, rate):
    loaded = load_clip(io.BytesIO(encode(WAVEFORM, container, codec, rate, layout)))
    tolerance = 0.08 if codec in LOSSY else 0.01  # LAME, for one, turns everything down by 5 %
    assert of_level(loaded) == pytest.approx(1, abs=tolerance)
    assert len(loaded) == pytest.approx(len(WAVEFORM), abs=1600)  # lossy codecs pad both ends


@pytest.mark.parametrize("n_channels", [3, 7, 8, 9, 33])
def test_any_number_of_channels(n_channels):
    samples = np.repeat(WAVEFORM[:, None], n_channels, axis=1)
    for loaded in (load_clip(io.BytesIO(write_wav(samples))), load_clip(samples, RATE_HZ)):
        assert np.abs(loaded.astype(int) - WAVEFORM).max() <= 1


def test_channels_of_an_array_weigh_the_same():
    samples = np.zeros((len(WAVEFORM), 3), np.int16)
    for channel in range(3):
        one = samples.copy()
        one[:, channel] = WAVEFORM
        assert np.abs(load_clip(one, RATE_HZ) - WAVEFORM / 3).max() <= 1


def test_planar_sound_of_eight_channels():
    loaded = load_clip(io.BytesIO(encode(WAVEFORM, "mp4", "aac", 44_100, "7.1")))
    assert of_level(loaded) == pytest.approx(1, abs=0.08)


@pytest.mark.parametrize("dtype", ["<i2", ">i2", "f2", "<f4", ">f4", "f8", "g"])
def test_arrays_of_any_precision_and_byte_order(dtype):
    samples = WAVEFORM if dtype.endswith("i2") else WAVEFORM / 32768
    loaded = load_clip(samples.astype(dtype), RATE_HZ)
    tolerance = 8 if dtype == "f2" else 1
    assert np.abs(loaded.astype(int) - WAVEFORM).max() <= tolerance


def test_arrays_need_not_be_contiguous():
    both = np.stack([WAVEFORM, WAVEFORM[::-1]], axis=1)
    np.testing.assert_array_equal(load_clip(both[:, 0], RATE_HZ), WAVEFORM)
    np.testing.assert_array_equal(load_clip(WAVEFORM[:, None], RATE_HZ), WAVEFORM)


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("rate", [RATE_HZ, 44_100])
def test_floats_above_full_scale_are_scaled_as_a_whole(rate, n_channels):
    loud = WAVEFORM / np.abs(WAVEFORM).max() * 8.0  # 18 dB above full scale at its loudest
    loud = np.repeat(loud[:, None], n_channels, axis=1)
    loud[:4000] *= 0.01  # its beginning is far below
    for source in (loud, io.BytesIO(write_float_wav(loud, rate))):
        loaded = load_clip(source, rate if source is loud else None).astype(float)
        wanted = load_clip(loud / 16, rate).astype(float)
        peak = np.abs(loaded).max()
        assert 32_700 < peak <= 32_768
        assert np.abs(loaded * np.abs(wanted).max() / peak - wanted).max() <= 1.5


def test_resampling_keeps_a_tone_and_removes_what_would_alias():
    time_s = np.arange(48_000) / 48_000
    kept, removed = (np.sin(2 * np.pi * hz * time_s) * 0.5 for hz in (1000, 11_000))
    loaded = load_clip(kept, 48_000)
    assert np.abs(np.fft.rfft(loaded)).argmax() == 1000
    assert level(loaded) == pytest.approx(0.5 * 32768 / np.sqrt(2), rel=0.01)
    assert level(load_clip(removed, 48_000)[800:-800]) < 2


def test_the_sound_of_a_video():
    video = encode(WAVEFORM, "mp4", "aac", 44_100, pictures=True)
    assert of_level(load_clip(io.BytesIO(video))) == pytest.approx(1, abs=0.08)


def test_a_file_object_is_read_from_its_beginning():
    content = write_wav(WAVEFORM, 22_050)
    file = io.BytesIO(content)
    first = load_clip(file)
    np.testing.assert_array_equal(first, load_clip(file))  # rewound, not exhausted
    np.testing.assert_array_equal(first, load_clip(io.BytesIO(content)))


class Pipe:
    """What cannot seek."""

    def __init__(self, content: bytes) -> None:
        self.read = io.BytesIO(content).read


def test_a_stream_that_cannot_seek():
    np.testing.assert_array_equal(load_clip(Pipe(write_wav(WAVEFORM))), WAVEFORM)


@pytest.mark.parametrize("declared", [0, 0x7FFF_F000, 0x7FFF_FFFF, 0xFFFF_FFFF])
@pytest.mark.parametrize("source", [io.BytesIO, Pipe])
def test_a_wav_header_written_to_a_pipe_declares_no_length(source, declared):
    content = bytearray(write_wav(WAVEFORM))
    content[40:44] = declared.to_bytes(4, "little")
    np.testing.assert_array_equal(load_clip(source(content)), WAVEFORM)


def test_nor_does_an_aiff_header_written_to_a_pipe():
    content = bytearray(encode(WAVEFORM, "aiff", "pcm_s16be"))
    at = content.index(b"COMM") + 10
    content[at : at + 4] = (0x3F80_0000).to_bytes(4, "big")
    np.testing.assert_array_equal(load_clip(io.BytesIO(content)), WAVEFORM)


@pytest.mark.parametrize("name", ["12:30 http:x.wav", "späte Straße.wav", "-i.wav", "%d.wav"])
def test_file_names_are_only_names(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(write_wav(WAVEFORM))
    np.testing.assert_array_equal(load_clip(name), WAVEFORM)


def test_text_of_any_encoding_in_a_header():
    content = write_wav(WAVEFORM)
    remark = b"LIST" + (16).to_bytes(4, "little") + b"INFOINAM\x04\0\0\0\xe9\xe8\xfc\0"
    np.testing.assert_array_equal(
        load_clip(io.BytesIO(content[:36] + remark + content[36:])), WAVEFORM
    )


def test_a_limit_is_kept_without_reading_on():
    clip = np.tile(WAVEFORM, 10)
    assert len(load_clip(clip, RATE_HZ, max_s=15)) == len(clip)
    with pytest.raises(AudioError, match=r"longer than 14\.5 s; 14\.5 s at most wanted; cut it"):
        load_clip(clip, RATE_HZ, max_s=14.5)
    file = io.BytesIO(write_wav(np.tile(WAVEFORM, 40)))
    with pytest.raises(AudioError, match="longer than 1 s"):
        load_clip(file, max_s=1)
    assert file.tell() < file.seek(0, io.SEEK_END) / 2


def test_nothing_reaches_standard_error(capfd):
    broken = bytearray(encode(WAVEFORM, "mp3", "libmp3lame", 44_100))
    broken[2000:2050] = bytes(50)
    load_clip(io.BytesIO(broken))
    with pytest.raises(AudioError):
        load_clip(io.BytesIO(silent_video()))
    with pytest.raises(AudioError):
        load_clip(io.BytesIO(b"not a recording" * 100))
    assert capfd.readouterr() == ("", "")


def dsf(clip: np.ndarray, rate: int) -> bytes:
    """A DSD file: as many ones in a byte as the wave is high, by chance rounded up or down."""
    n_bytes = len(clip) * (rate // 8) // RATE_HZ
    at = np.arange(n_bytes) * (RATE_HZ / (rate / 8))
    wave = np.interp(at, np.arange(len(clip)), clip / 32768)
    n_ones = np.floor(4 + 4 * wave + np.random.default_rng(0).random(n_bytes)).astype(int)
    bits = np.array([(1 << n) - 1 for n in range(9)], np.uint8)[n_ones.clip(0, 8)]
    data = bits.tobytes() + b"\x69" * (-n_bytes % 4096)
    form = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 1, 1, rate, 1, n_bytes * 8, 4096, 0)
    body = form + struct.pack("<4sQ", b"data", 12 + len(data)) + data
    return struct.pack("<4sQQQ", b"DSD ", 28, 28 + len(body), 0) + body


@pytest.mark.parametrize("times", [64, 256])
def test_dsd_of_any_rate(times):
    clip = speech(2)
    loaded = load_clip(io.BytesIO(dsf(clip, times * 44_100)))
    assert len(loaded) == pytest.approx(len(clip), rel=0.02)
    n = len(clip) - 1600
    likeness = max(np.corrcoef(loaded[shift : shift + n], clip[:n])[0, 1] for shift in range(40))
    assert likeness > 0.9
