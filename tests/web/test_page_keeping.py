"""What one can do with a face on the page: keep it, look closer, name it, take another voice."""

import io
from base64 import b64encode
from typing import Any

from PIL import Image

from voice2face.release.provenance import read_provenance

from .page_steps import answers, downloaded, face_of, wait_for_face

LABEL_ROWS = 42  # of 512: a twelfth


def test_the_face_is_kept_at_512_pixels_with_a_label(page, voices, tmp_path):
    face_of(page, voices / "one.wav")
    raw, kept = tmp_path / "raw.png", tmp_path / "kept.png"
    raw.write_bytes(downloaded(page, "#raw")[1])
    name, content = downloaded(page, "#download")
    kept.write_bytes(content)
    assert name == "one.png"
    assert read_provenance(kept) == read_provenance(raw)  # and says still where it is from
    with Image.open(kept) as picture, Image.open(raw) as small:
        assert picture.size == (512, 512 + LABEL_ROWS)
        whole = picture.convert("RGB")
        strip = whole.crop((0, 512, 512, 512 + LABEL_ROWS)).convert("L")
        assert strip.getextrema()[0] < 90 and strip.histogram()[255] > 0.6 * 512 * LABEL_ROWS
        back = whole.crop((0, 0, 512, 512)).resize(small.size, Image.Resampling.BOX)
        pairs = zip(back.tobytes(), small.convert("RGB").tobytes(), strict=True)
        differences = [abs(a - b) for a, b in pairs]
    assert sum(differences) / len(differences) < 12  # the same face


def test_a_drawn_face_is_enlarged_and_kept(page, voices, tmp_path):
    face_of(page, voices / "one.wav")
    drawn = page.eval_on_selector_all("#more img", "all => all.map(img => img.src)")
    page.click("#more button >> nth=2")
    assert page.inner_text("#large-title") == "3 of 9"
    assert page.get_attribute("#large-face", "src") == drawn[2]
    page.click("#large-next")
    page.keyboard.press("ArrowRight")
    page.click("#large-before")
    assert page.get_attribute("#large-face", "src") == drawn[3]
    name, content = downloaded(page, "#large-download")
    (tmp_path / name).write_bytes(content)
    assert name == "one-4.png"
    assert read_provenance(tmp_path / name).variation == "4 of seed 0"
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.width == 512
    page.keyboard.press("Escape")
    assert page.is_hidden("#large")
    assert page.evaluate("document.activeElement.closest('#more') !== null")


def test_the_face_is_as_large_as_its_pixels_carry(page, voices):
    face_of(page, voices / "one.wav")
    assert page.evaluate("document.querySelector('#window').offsetWidth") == 256  # of 64
    large = Image.new("RGB", (256, 256), "grey")
    stream = io.BytesIO()
    large.save(stream, "PNG")
    answers(page, face=b64encode(stream.getvalue()).decode())
    face_of(page, voices / "two.wav")
    width, room = page.evaluate(
        "['#window', '#frame'].map((each) => document.querySelector(each).clientWidth)"
    )
    assert 350 < width < room
    assert "256\u00a0×\u00a0256\u00a0pixels" in page.inner_text("#facts")
    assert "soft" not in page.get_attribute("#window", "class")


def test_record_again_stands_beside_the_face(page, voices):
    face = face_of(page, voices / "one.wav")
    page.click("#record-again")
    page.wait_for_selector("#live:not([hidden])")
    assert page.is_visible("#face")
    assert page.get_attribute("#face", "src") == face
    page.click("#record-again")  # ends it, as the other button does
    page.wait_for_selector("#live", state="hidden")


def test_there_is_something_to_read_aloud(page):
    assert len(page.inner_text("#aloud").split()) > 15


def test_examples_are_people_who_can_be_heard(page):
    assert page.locator("#examples li").count() == 6
    page.click("#examples .listen >> nth=3")
    page.wait_for_selector("[aria-label='Pause Man 1']")
    page.click("#examples .take >> nth=3")
    wait_for_face(page, "Man 1")
    page.wait_for_selector("[aria-label='Listen to Man 1']")
    assert page.get_attribute("#credit a >> nth=1", "href").startswith("https://creativecommons")
    assert "LibriSpeech" in page.inner_text("#credit")
    page.select_option("#model", "another")  # the same voice, heard by another model
    page.wait_for_selector("#earlier .thumb >> nth=1")
    page.click("#examples .take >> nth=3")
    page.wait_for_timeout(300)
    assert page.locator("#earlier .thumb").count() == 2  # shown again, not made again


def test_recordings_are_named_and_removed(page, voices):
    one = face_of(page, voices / "one.wav")
    page.fill("#name", "  Aunt   Ada ")
    page.keyboard.press("Enter")
    assert page.input_value("#name") == "Aunt Ada"
    assert downloaded(page, "#raw")[0] == "Aunt Ada.png"
    face_of(page, voices / "two.wav")
    page.fill("#name", "Aunt Ada")  # taken
    page.keyboard.press("Enter")
    assert page.input_value("#name") == "Aunt Ada (2)"
    page.click("[aria-label='Remove Aunt Ada (2)']")
    wait_for_face(page, "Aunt Ada")
    assert page.get_attribute("#face", "src") == one
    assert page.is_hidden("#earlier-section")
    page.click("#remove")
    for gone in ("#face", "#caption", "#more-section", "#heard-section"):
        assert page.is_hidden(gone)
    assert page.is_visible("#empty")
    face_of(page, voices / "one.wav")


def test_links_lead_to_the_card_and_to_the_method(page):
    titles = page.eval_on_selector_all("#links a", "all => all.map(a => a.href)")
    assert "https://arxiv.org/abs/1905.10604" in titles
    page.click("#card")
    page.wait_for_selector("h1:text-is('gan')")
    assert page.locator("table").count() >= 1
    page.click(".name a")
    page.wait_for_selector("#examples .take")


HEARD = {
    "gender": {"female": 0.97, "male": 0.03},
    "age": {"years": 38.0, "interval_80": [30.2, 47.6]},
    "summary": "",
}


def test_what_was_heard_is_said_with_how_sure_it_is(page, voices):
    def said(heard: Any, by: str | None) -> str:
        answers(page, heard=heard, heard_by=by)
        face_of(page, voices / "one.wav")
        said = page.inner_text("#says")
        page.click("#remove")
        return said

    sentence = (
        "Heard: a woman’s voice (97 % sure), of somebody who looks 30 to 48 years old "
        "(right for four people in five)."
    )
    assert said(HEARD, "model") == sentence
    beside = "The model that draws did not hear this: another network did."
    assert said(HEARD, "beside") == f"{sentence} {beside}"
    unsure = {**HEARD, "gender": {"female": 0.4, "male": 0.6}}
    assert "rather a man’s voice (only 60 % sure)" in said(unsure, "model")
    assert "nothing could be put into words" in said(None, None)


def test_warnings_stand_by_the_face(page, voices):
    answers(page, warnings=["More than one person seems to speak: 2 voices (about 6 s and 3 s)."])
    face_of(page, voices / "one.wav")
    assert page.inner_text("#warnings") == (
        "More than one person seems to speak: 2 voices (about 6 s and 3 s)."
    )


def test_the_lead_does_not_say_what_the_card_denies(page):
    assert "nothing else" in page.inner_text("#trained")  # but gender
    for said in (page.inner_text(".lead"), page.inner_text("#notice")):
        assert "age" not in said.split() and "size" not in said
    assert "made up" in page.inner_text(".lead")
