import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import av
import numpy as np
import pytest
from audio.audio_samples import encode, write_wav
from PIL import Image

import voice2face as library
from voice2face.audio import load_clip
from voice2face.release.provenance import png_bytes, provenance_of, read_provenance

from .conftest import names


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (64, 64))
        return np.asarray(picture)


def lay(clips, folder: Path, *places: str) -> list[Path]:
    """Different recordings at these places."""
    paths = [folder / place for place in places]
    for clip, path in zip(clips, paths, strict=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clip, path)
    return paths


def test_one_recording_becomes_the_picture_that_python_makes(
    voice2face, model, clip, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    ended = voice2face("reconstruct", clip, "--model", model)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == f"{clip} -> anna.png\n"
    made = library.load(model).reconstruct(clip)
    np.testing.assert_array_equal(pixels(tmp_path / "anna.png"), np.asarray(made.picture))
    assert names(tmp_path) == {"in", "anna.png"}


def test_a_picture_is_the_same_file_each_time_and_says_what_made_it(
    voice2face, model, clip, tmp_path
):
    for target in ("a.png", "b.png"):
        voice2face("reconstruct", clip, "--model", model, "-o", tmp_path / target)
    data = (tmp_path / "a.png").read_bytes()
    assert data == (tmp_path / "b.png").read_bytes()
    reader = library.load(model)
    made = reader.reconstruct(clip).picture
    assert data == png_bytes(made, provenance_of(reader))
    assert b"anna" not in data  # nothing of the recording, not its name either
    assert read_provenance(tmp_path / "a.png").model_sha256 == reader.sha256


def test_a_label_is_written_under_the_face_and_only_when_asked_for(
    voice2face, model, clip, tmp_path
):
    words = ("reconstruct", clip, "--model", model, "--sheet")
    voice2face(*words, "-o", tmp_path / "plain")
    ended = voice2face(*words, "--label", "-o", tmp_path / "out")
    assert (ended.status, ended.err) == (0, "")
    plain = pixels(tmp_path / "plain" / "anna.png")
    with Image.open(tmp_path / "out" / "anna.png") as picture:
        labelled = np.asarray(picture)
    assert labelled.shape[0] > 80 and labelled.shape[1] == 64
    np.testing.assert_array_equal(labelled[:64], plain)
    about = read_provenance(tmp_path / "out" / "sheet.png")
    assert about.variation == "1 faces on one sheet"
    sheets = [(tmp_path / place / "sheet.png").read_bytes() for place in ("out", "plain")]
    assert sheets[0] == sheets[1]  # a sheet says on it what it is, with or without


def test_the_picture_may_be_named(voice2face, model, clip, tmp_path):
    target = tmp_path / "new" / "Face.PNG"
    assert voice2face("reconstruct", clip, "--model", model, "-o", target).status == 0
    pixels(target)
    assert names(target.parent) == {"Face.PNG"}


def test_a_folder_is_searched_for_recordings(voice2face, model, clips, tmp_path):
    lay(clips, tmp_path / "in", "a.wav", "deep/b.WAV", ".hidden.wav")
    (tmp_path / "in" / "notes.txt").write_text("notes")
    (tmp_path / "in" / "a.png").write_text("a picture")
    ended = voice2face("reconstruct", tmp_path / "in", "--model", model, "-o", tmp_path / "out")
    assert ended.status == 0
    assert ended.err == "note: 2 files are not recordings, and were left out: a.png, notes.txt\n"
    assert names(tmp_path / "out") == {"a.png", "b.png"}


def test_recordings_in_a_folder_are_found_whatever_they_are_called(
    voice2face, model, clips, tmp_path
):
    places = ("in/a.3gpp", "in/b", "in/deep/c.rec", "elsewhere/d.wave")
    lay(clips, tmp_path, *places)
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "elsewhere")
    words = ("reconstruct", tmp_path / "in", "--model", model, "-o", tmp_path / "out")
    ended = voice2face(*words)
    assert (ended.status, ended.err) == (0, "")
    assert names(tmp_path / "out") == {"a.png", "b.png", "c.png", "d.png"}


def test_a_folder_that_cannot_be_read_is_an_error_and_the_rest_is_done(
    voice2face, model, clips, tmp_path, monkeypatch
):
    lay(clips, tmp_path / "in", "a.wav", "closed/b.wav")
    listing = os.scandir

    def scandir(path="."):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", scandir)
    words = ("reconstruct", tmp_path / "in", "--model", model, "-o", tmp_path / "out")
    voice2face(*words).one_error(f"{tmp_path / 'in' / 'closed'}: not read (Permission denied)")
    assert names(tmp_path / "out") == {"a.png"}
    answer = json.loads(voice2face(*words, "--json").out)
    assert answer["unreadable"] == {str(tmp_path / "in" / "closed"): "Permission denied"}


def test_a_picture_of_the_users_is_not_replaced(voice2face, model, clips, tmp_path):
    lay(clips, tmp_path / "in", "anna.wav", "ben.wav")
    portrait = tmp_path / "in" / "anna.png"
    Image.new("RGB", (8, 8), "red").save(portrait)
    before = portrait.read_bytes()
    sources = [tmp_path / "in" / name for name in ("anna.wav", "ben.wav")]
    words = ("reconstruct", *sources, "--model", model, "-o", tmp_path / "in")
    voice2face(*words).one_error(f"{portrait}: a file that voice2face didn't make", "--force")
    assert portrait.read_bytes() == before
    pixels(tmp_path / "in" / "ben.png")  # the other is made, and may be made again
    assert voice2face(*words, "--force").status == 0
    pixels(portrait)
    assert voice2face(*words).status == 0


def test_a_sheet_of_the_users_is_not_replaced(voice2face, model, clip, tmp_path):
    (tmp_path / "sheet.png").write_text("mine")
    words = ("reconstruct", clip, "--model", model, "-o", tmp_path, "--sheet")
    voice2face(*words).one_error("sheet.png: a file that voice2face didn't make")
    assert names(tmp_path) == {"in", "sheet.png"}  # nothing is begun
    assert voice2face(*words, "--force").status == 0
    assert voice2face(*words).status == 0


def test_a_folder_may_be_called_like_a_picture(voice2face, model, clip, tmp_path):
    (tmp_path / "faces.png").mkdir()
    voice2face("reconstruct", clip, "--model", model, "-o", tmp_path / "faces.png")
    assert names(tmp_path / "faces.png") == {"anna.png"}


COMPOSED, APART = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (["a/me.wav", "b/me.wav"], ["me.png", "me-2.png"]),
        (["a/me.wav", "b/me.wav", "c/me-2.wav"], ["me.png", "me-2.png", "me-2-2.png"]),
        (["c/me-2.wav", "a/me.wav", "b/me.wav"], ["me-2.png", "me.png", "me-3.png"]),
        (["a/me.wav", "b/Me.wav", "c/ME.WAV"], ["me.png", "Me-2.png", "ME-3.png"]),
        (["a/me.wav", "a/me.ogg"], ["me.png", "me-2.png"]),
        ([f"a/{COMPOSED}.wav", f"a/{APART}.wav"], [f"{COMPOSED}.png", f"{APART}-2.png"]),
        (["a/sheet.wav", "b/Sheet.wav"], ["sheet-2.png", "Sheet-3.png"]),
    ],
)
def test_no_two_recordings_become_one_picture(places, expected, voice2face, model, clips, tmp_path):
    sources = lay(clips, tmp_path / "in", *places)
    out = tmp_path / "out"
    ended = voice2face(
        "reconstruct", *sources, *sources[:1], "--model", model, "-o", out, "--sheet", "--json"
    )
    assert ended.status == 0, ended.err
    answer = json.loads(ended.out)
    assert [Path(face["output"]).name for face in answer["faces"]] == expected
    assert names(out) == {*expected, "sheet.png"}
    reader = library.load(model)
    for source, name in zip(sources, expected, strict=True):
        made = reader.reconstruct(source).picture
        np.testing.assert_array_equal(pixels(out / name), np.asarray(made))


def test_recordings_of_one_name_in_a_folder_are_told_apart_by_their_folders(
    voice2face, model, clips, tmp_path
):
    lay(clips, tmp_path / "in", "anna/1.wav", "ben/1.wav", "ben/late/1.wav", "ben/2.wav", "1.wav")
    words = ("reconstruct", tmp_path / "in", "--model", model, "-o", tmp_path / "out")
    assert voice2face(*words).status == 0
    made = {"1.png", "anna-1.png", "ben-1.png", "ben-late-1.png", "2.png"}
    assert names(tmp_path / "out") == made


def test_a_picture_called_like_the_sheet_is_kept(voice2face, model, clip, tmp_path):
    target = tmp_path / "sheet.png"
    ended = voice2face("reconstruct", clip, "--model", model, "-o", target, "--sheet")
    assert ended.status == 0
    pixels(target)
    assert Image.open(tmp_path / "sheet-2.png").width > 500
    assert names(tmp_path) == {"in", "sheet.png", "sheet-2.png"}


def test_the_sheet_says_where_it_is(voice2face, model, clips, tmp_path):
    ended = voice2face("reconstruct", *clips[:2], "--model", model, "-o", tmp_path, "--sheet")
    assert ended.out.splitlines()[-1] == f"contact sheet: {tmp_path / 'sheet.png'}"


def test_json(voice2face, model, clip, tmp_path):
    bad = tmp_path / "gone.wav"
    ended = voice2face("reconstruct", clip, bad, "--model", model, "-o", tmp_path, "--json")
    assert ended.status == 2
    answer = json.loads(ended.out)
    good, failed = answer["faces"]
    assert answer["model"] == "small"
    assert good["input"] == str(clip) and good["output"] == str(tmp_path / "anna.png")
    assert good["seconds"] == pytest.approx(len(load_clip(clip)) / 16_000, abs=1e-3)
    assert 1 <= good["speech_s"] <= good["seconds"]
    assert set(good) == {"input", "output", "seconds", "speech_s"}
    assert set(failed) == {"input", "error"} and "gone.wav: no such file" in failed["error"]


def test_what_was_measured_of_a_bad_recording(voice2face, model, tmp_path):
    (tmp_path / "quiet.wav").write_bytes(write_wav(np.zeros(48_000, np.int16)))
    words = ("reconstruct", tmp_path / "quiet.wav", "--model", model, "-o", tmp_path)
    voice2face(*words).one_error("3 s of silence: no sound came in", "the microphone is on")
    assert voice2face(*words, "--verbose").err.splitlines()[1].startswith("  seconds 3, speech_s 0")
    (failed,) = json.loads(voice2face(*words, "--json").out)["faces"]
    assert failed["numbers"]["seconds"] == 3 and failed["numbers"]["peak_dbfs"] < -100


def test_which_of_several_tracks_was_heard_is_said(voice2face, model, clip, tmp_path):
    video = tmp_path / "film.mkv"
    with av.open(str(video), "w", "matroska") as file:
        streams = [file.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(2)]
        sound = load_clip(clip)
        for stream, track in zip(streams, (np.zeros_like(sound), sound), strict=True):
            frame = av.AudioFrame.from_ndarray(track[None], format="s16", layout="mono")
            frame.sample_rate = 16_000
            resampler = av.AudioResampler("s16", "mono", 16_000, 1024)
            for part in [*resampler.resample(frame), *resampler.resample(None), None]:
                file.mux(stream.encode(part))
    ended = voice2face("reconstruct", video, "--model", model, "-o", tmp_path)
    assert ended.status == 0
    assert ended.err == (
        f"note: {video}: 2 audio tracks; heard is number 2, which is the first with speech\n"
    )


def test_one_bad_recording_among_many(voice2face, model, clips, tmp_path):
    sources = lay(clips, tmp_path / "in", "a.wav", "b.wav", "c.wav")
    sources[1].write_text("no sound")
    out = tmp_path / "out"
    ended = voice2face("reconstruct", *sources, "--model", model, "-o", out, "--sheet")
    ended.one_error("b.wav: not decodable")
    assert names(out) == {"a.png", "c.png", "sheet.png"}
    assert ended.out.count(" -> ") == 2
    sources[2].write_bytes(b"")
    err = voice2face("reconstruct", *sources, "--model", model, "-o", out).err.splitlines()
    assert [line.startswith("error: ") for line in err] == [True] * 3
    assert err[2] == "error: 2 of 3 recordings failed"


def test_a_video_with_sound(voice2face, model, clip, tmp_path):
    video = tmp_path / "film.mkv"
    video.write_bytes(encode(load_clip(clip), "matroska", "aac", 48_000, "stereo", pictures=True))
    assert voice2face("reconstruct", video, "--model", model, "-o", tmp_path).status == 0
    pixels(tmp_path / "film.png")


@pytest.mark.parametrize(
    "name",
    [
        "two\nlines.wav",
        " spaces and 'quotes'.wav",
        "声音 голос صوت.wav",
        os.fsdecode(b"caf\xe9.wav"),
        "-o.wav",
        "\x1b[31mred.wav",
    ],
)
def test_odd_names(name, process, model, clip, tmp_path):
    odd = clip.with_name(name)
    clip.rename(odd)
    words = ("reconstruct", "--model", model, "-o", tmp_path / "out", "--sheet")
    ended = process(*words, "--", odd.name, cwd=odd.parent)
    assert (ended.status, ended.err) == (0, "")
    assert len(ended.out.splitlines()) == 2 and "\x1b" not in ended.out
    assert names(tmp_path / "out") == {odd.stem + ".png", "sheet.png"}
    json.loads(process(*words, "--json", "--", odd.name, cwd=odd.parent).out)
    odd.write_text("no sound")
    process(*words, "--", odd.name, cwd=odd.parent).one_error()


def test_output_that_cannot_show_a_name(process, model, clip, tmp_path):
    odd = clip.rename(clip.with_name("声音.wav"))
    ended = process(
        "reconstruct", odd, "--model", model, "-o", tmp_path,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
    )  # fmt: skip
    assert (ended.status, ended.err) == (0, "")
    assert "\\u58f0" in ended.out


def test_ctrl_c_ends_with_130_and_leaves_nothing_half_written(model, clips, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    lay(clips * 20, folder, *(f"{i:03d}.wav" for i in range(400)))
    command = ["reconstruct", folder, "--model", model, "-o", out]
    for _ in range(5):  # on a busy machine the signal may come when all is done
        child = subprocess.Popen(
            [sys.executable, "-m", "voice2face", *map(str, command)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            # A shell starts what it sends to the background with SIGINT ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        assert "->" in child.stdout.readline()
        child.send_signal(signal.SIGINT)
        started = time.monotonic()
        _, err = child.communicate(timeout=60)
        if child.returncode:
            break
        shutil.rmtree(out)
    assert (child.returncode, err) == (130, "interrupted\n")
    assert time.monotonic() - started < 5
    made = names(out)
    assert 0 < len(made) < 400
    for name in made:
        pixels(out / name)


def test_ctrl_c_between_two_recordings_ends_the_rest(
    voice2face, model, clips, tmp_path, monkeypatch
):
    """Wherever it strikes: what is left to do is dropped, not done in the background."""
    import typer

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(typer, "echo", interrupt)
    sources = lay(clips * 10, tmp_path / "in", *(f"{i:03d}.wav" for i in range(200)))
    ended = voice2face("reconstruct", *sources, "--model", model, "-o", tmp_path / "out")
    assert (ended.status, ended.err) == (130, "interrupted\n")
    assert len(names(tmp_path / "out")) < 150
