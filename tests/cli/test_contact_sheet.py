import numpy as np
import pytest
from PIL import Image

from voice2face.release.contact_sheet import LINE_PX, MARGIN_PX, NOTE, contact_sheet

LONG = "a recording of an interview that goes on and on, part 2 (final).wav"
NAMES = ["anna.wav", LONG, "声音.wav", "two lines.wav", "голос.wav", "\udce9.wav", "👩.wav"]


def faces(n: int, px: int = 64) -> list[tuple[Image.Image, str]]:
    return [(Image.new("RGB", (px, px), (200, 90, 40)), NAMES[i % len(NAMES)]) for i in range(n)]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 36, 40, 150])
@pytest.mark.parametrize("title", ["bundled", "a model whose name is long " * 20])
def test_nothing_is_cut_off_and_the_margins_are_even(n, title):
    sheet = np.asarray(contact_sheet(faces(n), title)).astype(int)
    ink = np.abs(sheet - 255).sum(axis=2) > 60
    down, across = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    left, right = across[0], ink.shape[1] - 1 - across[-1]
    top, bottom = down[0], ink.shape[0] - 1 - down[-1]
    assert left == MARGIN_PX and right == MARGIN_PX
    assert 0.5 * MARGIN_PX < top < 1.6 * MARGIN_PX
    assert 0.5 * MARGIN_PX < bottom < 1.6 * MARGIN_PX


@pytest.mark.parametrize("n", [1, 2, 3, 7, 40])
def test_every_face_is_there_and_the_note_is_whole(n, monkeypatch):
    written = []
    from voice2face.release import contact_sheet as module

    fitted = module._fitted
    monkeypatch.setattr(module, "_fitted", lambda *a: written.append(fitted(*a)) or written[-1])
    sheet = np.asarray(contact_sheet(faces(n), "bundled"))
    px = {1: 512, 2: 256, 40: 128}.get(n, 192)
    orange = (sheet == (200, 90, 40)).all(axis=2).sum()
    assert orange == pytest.approx(n * px * px, rel=0.05)
    assert written[:3] == ["bundled", NOTE, "anna.wav"]
    assert len(written) == 2 + n


def test_what_was_heard_stands_under_the_name():
    face = Image.new("RGB", (64, 64), (200, 90, 40))
    bare, told = (contact_sheet([(face, text)], "m") for text in ("a.wav", "a.wav\na woman"))
    assert told.height == bare.height + LINE_PX
    assert (np.asarray(told)[-MARGIN_PX - LINE_PX : -MARGIN_PX] < 200).any()


def test_two_names_look_different():
    a, b = (np.asarray(contact_sheet([(faces(1)[0][0], name)], "m")) for name in ("a.wav", "b.wav"))
    assert (a != b).any()


@pytest.mark.parametrize("px", [16, 64, 128, 256])
def test_faces_of_any_size(px):
    assert contact_sheet(faces(2, px), "bundled").width == 2 * 256 + 16 + 2 * MARGIN_PX
