"""Recordings decoded in processes that are ended when they take too much."""

import io
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from benchmarks import hostile_media
from voice2face.audio.apart import Decoders, reader
from voice2face.audio.coding import wav_bytes
from voice2face.audio.load import load_clip
from voice2face.errors import AudioError

VOICE = wav_bytes(np.arange(16_000, dtype=np.int16))
linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no ceiling of memory")


@pytest.fixture(scope="module")
def decoders():
    with Decoders(1, seconds=3.0) as made:
        made.wait()
        yield made


def pid_of(decoders):
    ((child,),) = [[d._process.pid for d in decoders._all]]
    return child


def peak_mb(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if "HWM" in line).split()[1]) / 1e3


def test_a_recording_is_the_same_as_decoded_here(decoders, tmp_path):
    path = tmp_path / "voice.wav"
    path.write_bytes(VOICE)
    for source in (VOICE, path):
        speech = decoders.read_speech(source)
        assert np.array_equal(speech.samples, load_clip(path))
        assert speech.name == (str(path) if source is path else "recording")


def test_what_is_wrong_is_said_as_here(decoders, tmp_path):
    for path in (tmp_path / "missing.wav", tmp_path, Path("nul\0.wav")):
        with pytest.raises(AudioError) as here:
            load_clip(path)
        with pytest.raises(AudioError) as apart:
            decoders.read_speech(path)
        assert str(apart.value) == str(here.value)
    with pytest.raises(AudioError, match=r"recording: longer than 0\.5 s"):
        decoders.read_speech(VOICE, max_s=0.5)


@linux
def test_an_index_that_lies_gets_no_memory(decoders):
    before = pid_of(decoders)
    for made in (hostile_media.long_index(), hostile_media.long_video_index()):
        assert len(made) < 700
        with pytest.raises(AudioError):
            decoders.read_speech(made)
    assert peak_mb(pid_of(decoders)) < 400
    assert decoders.read_speech(VOICE).seconds == 1
    assert pid_of(decoders) == before, "it was refused, not killed"


def test_packets_that_fail_are_given_up_in_time_and_the_next_is_decoded(decoders):
    began = time.monotonic()
    with pytest.raises(AudioError, match=r"it takes more than 3 s to decode"):
        decoders.read_speech(hostile_media.packets_that_fail())
    assert time.monotonic() - began < 8
    assert decoders.read_speech(VOICE).seconds == 1


def test_a_process_that_is_killed_is_one_recording_and_is_replaced(decoders):
    decoders.read_speech(VOICE)
    os.kill(pid_of(decoders), signal.SIGKILL)
    with pytest.raises(AudioError, match="its decoder was ended"):
        decoders.read_speech(VOICE)
    assert decoders.read_speech(VOICE).seconds == 1


def test_several_threads_share_them():
    with Decoders(2) as made, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: made.read_speech(VOICE).seconds, range(12)))
    assert found == [1.0] * 12


def test_closed_while_it_decodes_it_refuses_at_once():
    made = Decoders(1)
    made.wait()
    began = time.monotonic()
    threading.Timer(0.3, made.close).start()
    with pytest.raises(AudioError, match="its decoder was ended"):
        made.read_speech(hostile_media.packets_that_fail())
    assert time.monotonic() - began < 5
    with pytest.raises(AudioError, match="its decoder was ended"):
        made.read_speech(VOICE)


def test_a_decoder_can_write_no_file(tmp_path):
    import multiprocessing

    process = multiprocessing.get_context("spawn").Process(target=_write, args=(tmp_path / "x",))
    process.start()
    process.join(30)
    assert process.exitcode == 0
    assert (tmp_path / "x").read_bytes() == b""


def _write(path):
    from voice2face.ceilings import write_no_files

    write_no_files()
    with pytest.raises(OSError), path.open("wb", buffering=0) as stream:
        stream.write(b"evil")


def test_a_wav_of_nothing_but_chunks_is_refused_soon():
    began = time.monotonic()
    with pytest.raises(AudioError, match="chunks"):
        load_clip(io.BytesIO(hostile_media.empty_chunks()))
    assert time.monotonic() - began < 2


def test_a_command_reads_apart_and_waits_for_no_process(tmp_path):
    path = tmp_path / "voice.wav"
    path.write_bytes(VOICE)
    with reader(1) as read:
        assert read(path).seconds == 1


def test_the_processor_s_time_is_bounded_apart_from_the_clock():
    with Decoders(1, seconds=60.0, cpu_s=1.0) as made:
        with pytest.raises(AudioError, match=r"it takes more than 1 s of a processor to decode"):
            made.read_speech(hostile_media.packets_that_fail())
        assert made.read_speech(VOICE).seconds == 1
