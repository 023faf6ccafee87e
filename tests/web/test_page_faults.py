"""What must not go wrong on the page: nothing is lost, mixed up, hidden or said untruly."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voice2face.audio.coding import wav_bytes
from voice2face.synthetic.sounds import sound

from .conftest import watched
from .made_up import example_wav
from .page_steps import (
    downloaded,
    error_of,
    face_of,
    held_request,
    record,
    upload,
    wait_for_face,
)

PASSWORD = "open, sesame – 32"


def limited(page: Any, **limits: float) -> None:
    """The page, loaded again, told other limits than the server has."""

    def change(route: Any) -> None:
        answer = route.fetch()
        said = answer.json()
        route.fulfill(response=answer, json=said | {"limits": said["limits"] | limits})

    page.route("**/api/about", change)
    page.reload()
    page.wait_for_selector("#examples .take")


def test_a_face_stays_when_the_next_recording_fails(page, voices, tmp_path):
    face = face_of(page, voices / "one.wav")
    raw = downloaded(page, "#raw")
    (tmp_path / "empty.wav").touch()
    song = tmp_path / "song.wav"
    song.write_bytes(wav_bytes(sound("song", 5.0, np.random.default_rng(5))))
    for wrong in (voices / "silent.wav", song, voices / "notes.txt", tmp_path / "empty.wav"):
        upload(page, wrong)
        page.wait_for_function(
            "name => document.querySelector('#job-name').textContent === name"
            " && document.querySelector('#error p')",
            arg=wrong.name,
        )
        said = error_of(page)
        assert said.endswith(".") and ("music" in said) == (wrong == song)
        assert page.get_attribute("#face", "src") == face and page.is_visible("#face")
        assert page.input_value("#name") == "one.wav"
        assert downloaded(page, "#raw") == raw
        assert page.locator("#more img").count() == 9
    assert page.get_attribute("#error", "role") == "alert"
    page.click("#dismiss")
    assert page.is_hidden("#job") and page.is_visible("#face")


def test_a_live_recording_is_not_lost_when_the_server_is_away(page, voices):
    face = face_of(page, voices / "one.wav")
    page.route("**/api/faces*", lambda route: route.abort())
    record(page, 2)
    assert error_of(page).startswith("The server does not answer.")
    assert page.inner_text("#job-name") == "Recording 1"
    name, saved = downloaded(page, "#save")
    assert name == "recording.webm" and saved[:4] == b"\x1aE\xdf\xa3"
    assert page.get_attribute("#face", "src") == face
    page.unroute("**/api/faces*")
    page.click("#again")
    wait_for_face(page, "Recording 1")
    assert page.locator("#earlier .thumb").count() == 2  # and the first is still there
    record(page, 2)
    wait_for_face(page, "Recording 2")


def test_while_one_is_sent_the_other_is_whole(page, voices):
    face = face_of(page, voices / "one.wav")
    facts = page.inner_text("#facts")
    held = held_request(page)
    upload(page, voices / "two.wav")
    page.wait_for_function("() => document.querySelector('#job-name').textContent === 'two.wav'")
    assert page.get_attribute("#made", "aria-busy") == "true"
    # the face, its name, its words and its sound are those of the first, and nothing lies over it
    assert page.get_attribute("#face", "src") == face
    assert (page.input_value("#name"), page.inner_text("#facts")) == ("one.wav", facts)
    page.locator("#face").scroll_into_view_if_needed()
    over = """() => { const box = document.querySelector('#face').getBoundingClientRect();
        const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        return [at.id, getComputedStyle(document.querySelector('#window')).opacity]; }"""
    assert page.evaluate(over) == ["face", "1"]
    assert page.is_hidden("#rings")
    page.click("#play")
    page.wait_for_function("() => document.querySelector('#play').textContent === 'Pause'")
    page.click("#cancel")
    assert page.inner_text("#status") == "Cancelled."
    assert page.get_attribute("#made", "aria-busy") == "false"
    assert page.get_attribute("#face", "src") == face
    assert len(held) == 1


def test_the_error_of_one_is_gone_with_the_next(page, voices):
    upload(page, voices / "silent.wav")
    assert "speech" in error_of(page)
    assert page.is_hidden("#caption") and page.is_visible("#empty")
    face_of(page, voices / "two.wav")
    assert page.locator("#error p").count() == 0


def test_play_says_what_is_so(page, voices):
    face_of(page, voices / "one.wav")
    said = "text => document.querySelector('#play').textContent === text"
    page.click("#play")
    page.wait_for_function(said, arg="Pause")
    face_of(page, voices / "two.wav")  # while the first still sounds
    assert page.inner_text("#play") == "Play"
    page.click("#play")
    page.wait_for_function(said, arg="Pause")
    page.click("#examples .listen >> nth=0")  # one at a time
    page.wait_for_selector("[aria-label='Pause Woman 1']")
    assert page.inner_text("#play") == "Play"
    page.click("#play")
    page.wait_for_selector("[aria-label='Listen to Woman 1']")
    page.wait_for_function(said, arg="Pause")
    page.fill("#seek", "4")  # of 4.2 s
    page.wait_for_function(said, arg="Play")  # at its end


def test_a_recording_ends_at_its_limit_in_a_hidden_tab(page):
    limited(page, seconds=3)
    page.evaluate("window.requestAnimationFrame = () => 0")  # as in a tab that is not shown
    page.click("#record")
    page.wait_for_selector("#live:not([hidden])")
    wait_for_face(page, "Recording 1")
    seconds = page.evaluate("Number(document.querySelector('#seek').max)")
    assert 1 < seconds < 3.5
    assert page.inner_text("#record") == "Record"


def test_a_slow_line_shows_how_far_it_is_and_can_be_cancelled(
    page, page_server, tmp_path, monkeypatch
):
    (tmp_path / "slow.wav").write_bytes(example_wav("man"))  # 160 kB
    line = page.context.new_cdp_session(page)
    network = {"offline": False, "latency": 20, "downloadThroughput": -1}
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", network | {"uploadThroughput": 40_000})
    upload(page, tmp_path / "slow.wav")
    page.wait_for_function(
        "() => { const { value } = document.querySelector('#progress');"
        " return value > 0.1 && value < 1; }"
    )
    assert page.inner_text("#status") == "Sending…"
    assert "% sent" in page.get_attribute("#progress", "aria-valuetext")
    page.click("#cancel")
    assert page.is_hidden("#cancel") and page.is_hidden("#face")
    line.send("Network.emulateNetworkConditions", network | {"uploadThroughput": -1})
    answer = page_server.site.maker.answer

    def slowly(*given: Any) -> bytes:
        time.sleep(2)
        return answer(*given)

    monkeypatch.setattr(page_server.site.maker, "answer", slowly)
    upload(page, tmp_path / "slow.wav")
    page.wait_for_function(
        "() => document.querySelector('#status').textContent.startsWith('Sent.')"
    )
    wait_for_face(page, "slow.wav")


def test_each_recording_has_a_name_of_its_own(page, voices):
    face_of(page, voices / "one.wav")
    upload(page, voices / "one.wav")
    wait_for_face(page, "one.wav (2)")
    names = page.eval_on_selector_all("#earlier .thumb", "all => all.map(b => b.textContent)")
    assert names == ["one.wav", "one.wav (2)"]


def test_another_model_that_fails_leaves_the_first(page, voices):
    face = face_of(page, voices / "one.wav")
    page.route("**/api/faces*", lambda route: route.fulfill(status=500, body="{}"))
    page.select_option("#model", "another")
    error_of(page)
    page.click("#dismiss")
    assert page.get_attribute("#face", "src") == face
    assert page.input_value("#model") == "gan"
    assert "gan" in page.inner_text("#trained-title")


def test_other_faces_belong_to_their_recording(page, voices):
    face = face_of(page, voices / "one.wav")
    nine = page.get_attribute("#more img >> nth=0", "src")
    page.click("#reroll")
    page.wait_for_function("was => document.querySelector('#more img').src !== was", arg=nine)
    assert page.get_attribute("#face", "src") == face
    held = held_request(page)
    page.click("#reroll")
    page.wait_for_function("() => document.querySelector('#reroll').disabled")
    face_of(page, voices / "two.wav")
    of_two = page.get_attribute("#more img >> nth=0", "src")
    held[0].continue_()
    page.wait_for_function("() => !document.querySelector('#reroll').disabled")
    assert page.get_attribute("#more img >> nth=0", "src") == of_two


def test_the_password_is_asked_for_in_a_form(browser, two_models):
    from voice2face.web.models import Models

    from .served import served

    with served(Models(two_models[:1]), PASSWORD, root_path="/faces") as locked:
        context = browser.new_context()
        try:
            page = context.new_page()
            page.goto(f"{locked.url}/faces/")
            assert "There is no user name" in page.inner_text("form")
            page.fill("#password", "wrong")
            page.keyboard.press("Enter")
            page.wait_for_selector("#wrong")
            assert page.inner_text("#wrong") == "That is not the password."
            page.fill("#password", PASSWORD)
            page.click("button[type=submit]")
            page.wait_for_selector("#examples .take")
            page.click("#card")
            page.wait_for_selector("h1:text-is('gan')")
            context.clear_cookies()  # as when the server was started anew
            page.go_back()
            page.wait_for_function("() => document.body.textContent.includes('password')")
        finally:
            context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_button_of_the_theme_says_what_it_does(browser, page_server, theme):
    other = {"light": "dark", "dark": "light"}[theme]
    with watched(browser, f"{page_server.url}/", color_scheme=theme) as page:
        assert page.inner_text("#theme") == f"{other.title()} theme"
        page.click("#theme")
        assert page.evaluate("document.documentElement.dataset.theme") == other
        assert page.inner_text("#theme") == f"{theme.title()} theme"


def test_a_large_recording_is_sent_in_part(page, tmp_path):
    (tmp_path / "long.wav").write_bytes(example_wav("woman"))  # 160 kB, 5 s
    (tmp_path / "large.bin").write_bytes(Path(__file__).read_bytes() * 20)
    limited(page, bytes=100_000)
    face_of(page, tmp_path / "long.wav")
    assert "its first part was sent" in page.inner_text("#warnings")
    assert "From" in page.inner_text("#facts") and "in 3.1 s, by" in page.inner_text("#facts")
    upload(page, tmp_path / "large.bin")
    assert "Only its first 100 kB could be sent" in error_of(page)
