"""Frames of recordings: those of the file, computed once, kept within bounds."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from small_steps import in_memory

from benchmarks.made_corpus import Made, write_corpus
from voice2face.audio import extract
from voice2face.audio.settings import FRONT_ENDS
from voice2face.audio.speech import Speech
from voice2face.corpus import Corpus
from voice2face.corpus.stream import parts_of
from voice2face.errors import AudioError, CorpusError, OutputError, SettingsError
from voice2face.training.data import frame_files
from voice2face.training.data.frames import CorpusFrames
from voice2face.voice_encoders.log_mel_frames import LogMelFrames


class Windows:
    """An encoder of three numbers every half second, which finds some recordings too short."""

    frame_dim, frames_hash = 3, "windows 1".ljust(64, "0")

    def __init__(self, least_s: float = 0.0) -> None:
        self.least_s, self.heard = least_s, []

    def frames(self, speech: Speech) -> np.ndarray:
        self.heard.append(speech.name)
        if speech.seconds < self.least_s:
            raise AudioError(speech.name, "too little speech", "more", "record longer")
        windows = speech.samples[: len(speech.samples) // 8000 * 8000].reshape(-1, 8000)
        means = np.abs(windows.astype(np.float32)).mean(axis=1, keepdims=True)
        return means * np.array([1, 2, 3], np.float32) / 1000

    def prepared(self, frames: np.ndarray) -> np.ndarray:
        return frames


def files_of(corpus: Corpus) -> dict[str, Path]:
    voices = corpus.voices()
    root = Path(corpus.info.sources[0].path)
    return {str(c): root / str(p) for c, p in zip(voices.clip, voices.path, strict=True)}


@pytest.mark.parametrize("preset", sorted(FRONT_ENDS))
def test_any_front_end_gives_from_the_corpus_what_it_gives_from_the_file(corpus, tmp_path, preset):
    opened, encoder = Corpus.open(corpus), LogMelFrames(FRONT_ENDS[preset])
    voices, files = opened.voices(), files_of(opened)
    for clip, speech in zip(voices.clip, voices.speech, strict=True):
        expected = extract(files[str(clip)], FRONT_ENDS[preset])
        np.testing.assert_array_equal(encoder.frames(speech), expected.log_mel)
    heard = CorpusFrames(opened, encoder, tmp_path).voices(None)
    assert heard.clip.tolist() == voices.clip.tolist()
    for clip, frames in zip(heard.clip, heard.frames, strict=True):
        expected = extract(files[str(clip)], FRONT_ENDS[preset]).log_mel
        np.testing.assert_array_equal(frames, expected.astype(np.float16))


def test_frames_are_computed_once_and_read_in_any_part(corpus, tmp_path):
    opened, encoder = Corpus.open(corpus), Windows()
    first = CorpusFrames(opened, encoder, tmp_path)
    heard = first.voices("train")
    assert len(encoder.heard) == len(heard) == opened.info.counts["train"].voices
    again = CorpusFrames(opened, encoder, tmp_path)
    for part in parts_of(opened, "voice", "train", "identity"):
        lengths, rows = again.lengths(part), again.read(part)
        assert lengths.tolist() == [len(row) for row in rows]
        for row, place in zip(rows, range(part.start, part.start + len(part)), strict=True):
            np.testing.assert_array_equal(row, heard.frames[place])
    assert len(encoder.heard) == len(heard)
    assert len(set(encoder.heard)) == len(heard)


def test_any_encoder_trains_and_what_it_cannot_hear_is_left_out(corpus, tmp_path, capsys):
    opened = Corpus.open(corpus)
    seconds = opened.voices("train").seconds
    limit = float(np.sort(seconds)[2])
    frames = CorpusFrames(opened, Windows(limit), tmp_path)
    data = in_memory(frames, "identity")
    assert len(data.voices) == (seconds >= limit).sum() == len(seconds) - 2
    assert data.voices.frames.shape[1] == 3
    assert "2 recordings hold too little speech: left out" in capsys.readouterr().err
    assert len(frames.voices("train")) == len(seconds) - 2
    first = Windows().frames(
        opened.voices("train").speech[int(np.flatnonzero(seconds >= limit)[0])]
    )
    np.testing.assert_array_equal(data.voices.whole(0, 1)[0].T[: len(first)], first.astype("f2"))


def test_who_computes_at_the_same_time_shares_the_work(tmp_path):
    names = tuple(f"p{i}" for i in range(60))
    made = Made(names, names, (100, 150), 16, shard_voices=5)
    opened = Corpus.open(write_corpus(tmp_path / "c", made))
    encoder = LogMelFrames(opened.info.front_end)
    done: list[int] = []
    started = threading.Barrier(3)

    class Slow(CorpusFrames):
        def _compute(self, shard):
            done.append(shard.rows)
            super()._compute(shard)

    def run():
        frames = Slow(opened, encoder, tmp_path / "frames")
        started.wait()
        assert len(frames.voices("train")) == 60

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [5] * 12


@pytest.mark.parametrize("damage", ["remove", "cut", "other"])
def test_what_was_removed_or_is_damaged_is_computed_again(corpus, tmp_path, damage):
    opened, encoder = Corpus.open(corpus), Windows()
    frames = CorpusFrames(opened, encoder, tmp_path)
    before = frames.voices("train")
    (file,) = [f for f in frames.folder.glob("*.frames") if "train" in f.name]
    content = file.read_bytes()
    if damage == "remove":
        file.unlink()
    else:
        file.write_bytes(content[: len(content) // 2] if damage == "cut" else b"frames")
    (part, *_) = parts_of(opened, "voice", "train", "identity")
    np.testing.assert_array_equal(frames.read(part)[0], before.frames[0])
    assert file.read_bytes() == content
    assert not list(tmp_path.rglob(".*"))


def test_the_frames_that_were_not_read_for_longest_make_room(corpus, tmp_path, monkeypatch):
    opened = Corpus.open(corpus)
    encoders = [Windows() for _ in range(3)]
    for number, encoder in enumerate(encoders):
        encoder.frames_hash = f"{number}" * 64
    folders = [CorpusFrames(opened, encoder, tmp_path) for encoder in encoders]
    for age, frames in ((100, folders[1]), (200, folders[0])):
        frames.voices("train")
        used = frames.folder / frame_files.USED
        os.utime(used, (used.stat().st_mtime - age,) * 2)
    size = sum(f.stat().st_size for f in folders[0].folder.glob("*.frames"))
    monkeypatch.setenv(frame_files.LIMIT_VARIABLE, str(2.5 * size / 1e9))
    folders[2].voices("train")
    assert [frames.folder.exists() for frames in folders] == [False, True, True]
    assert len(folders[0].voices("train")) == len(folders[2].voices("train"))
    monkeypatch.setenv(frame_files.LIMIT_VARIABLE, "much")
    with pytest.raises(SettingsError, match="VOICE2FACE_CACHE_GB: much; a number of gigabytes"):
        frame_files.limit_bytes()


def test_where_frames_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("VOICE2FACE_CACHE", str(tmp_path / "here"))
    assert frame_files.frames_folder() == tmp_path / "here"
    monkeypatch.delenv("VOICE2FACE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert frame_files.frames_folder() == tmp_path / "voice2face" / "frames"


def test_a_full_disk_is_said_with_the_way_out(corpus, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    frames = CorpusFrames(Corpus.open(corpus), Windows(), tmp_path / "file")
    with pytest.raises(OutputError, match="set VOICE2FACE_CACHE to a folder with room"):
        frames.voices("train")


def test_a_spectrogram_serves_its_own_front_end_alone(tmp_path):
    names = ("p", "q")
    opened = Corpus.open(write_corpus(tmp_path / "c", Made(names, names, (100, 150), 16)))
    own = CorpusFrames(opened, None, tmp_path / "frames").voices("train")
    stored = [recording.log_mel() for recording in opened.voices().speech.stored]
    for found, expected in zip(own.frames, stored, strict=True):
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(CorpusError, match="spectrogram that its source was, without sound"):
        CorpusFrames(opened, Windows(), tmp_path / "frames").voices("train")
