"""The page in a real browser: a voice becomes a face, by every way in, for everybody."""

import base64
import contextlib
import re
from typing import Any

import pytest

from .conftest import watched
from .page_steps import downloaded, error_of, reconstructed, tab_to, upload, wait_for_face

MOST_SEVERE = {"serious", "critical"}


def test_an_upload_becomes_the_picture_of_reconstruct(page, voices, tmp_path):
    upload(page, voices / "one.wav")
    wait_for_face(page, "one.wav")
    wanted = reconstructed(voices / "one.wav", tmp_path / "a.png")
    assert downloaded(page, "#raw") == ("one.png", wanted)
    # the large face is these bytes, nine differ from it, and the speech is stated
    shown = page.get_attribute("#face", "src").removeprefix("data:image/png;base64,")
    assert base64.b64decode(shown) == (tmp_path / "a.png").read_bytes()
    more = page.eval_on_selector_all("#more img", "all => all.map(img => img.src)")
    assert len(set(more)) == 9
    assert re.search(r"From \d.* s of speech in \d.* s, by gan in \d", page.inner_text("#facts"))
    # the waveform marks what was kept, and the log-mel is there
    assert page.locator("#wave .track rect").count() >= 1
    assert "kept as speech" in page.get_attribute("#wave", "aria-label")
    assert page.evaluate("document.querySelector('#mel').naturalWidth") > 50


def test_the_microphone_becomes_a_face(page, tmp_path):
    page.evaluate(  # keep what is sent, to give the same to the command line
        """() => { const send = XMLHttpRequest.prototype.send;
        XMLHttpRequest.prototype.send = function (body) {
          window.sent = body;
          send.call(this, body); } }"""
    )
    page.click("#record")
    page.wait_for_function("() => document.querySelector('#clock').textContent === '0:03'")
    assert page.inner_text("#record") == "Stop"
    levels = page.eval_on_selector_all(
        "#meter span", "all => all.map(bar => +bar.style.getPropertyValue('--height'))"
    )
    assert max(levels) > 0.3  # a voice is heard
    page.click("#record")
    wait_for_face(page, "Recording 1")
    assert page.inner_text("#record") == "Record"
    sent = page.evaluate(
        """async () => { const bytes = new Uint8Array(await window.sent.arrayBuffer());
        return btoa(Array.from(bytes, (each) => String.fromCharCode(each)).join("")); }"""
    )
    (tmp_path / "sent.webm").write_bytes(base64.b64decode(sent))
    wanted = reconstructed(tmp_path / "sent.webm", tmp_path / "sent.png")
    assert downloaded(page, "#raw") == ("Recording 1.png", wanted)
    # it plays, from memory, and from where one asks
    page.click("#play")
    page.wait_for_function("() => Number(document.querySelector('#seek').value) > 0.2")
    page.click("#play")
    page.fill("#seek", "2")
    page.click("#play")
    page.wait_for_function("() => Number(document.querySelector('#seek').value) > 2")


def test_a_recording_can_be_discarded(page):
    page.click("#record")
    page.wait_for_selector("#live:not([hidden])")
    page.focus("#discard")
    page.keyboard.press("Escape")
    page.wait_for_selector("#live", state="hidden")
    page.wait_for_timeout(200)
    assert page.is_hidden("#face")
    assert page.evaluate("document.activeElement.id") == "record"


def test_a_file_takes_the_place_of_what_is_being_recorded(page, voices):
    page.click("#record")
    page.wait_for_selector("#live:not([hidden])")
    upload(page, voices / "two.wav")
    wait_for_face(page, "two.wav")
    assert page.is_hidden("#live")
    assert page.locator("#earlier .thumb").count() == 1


def test_little_speech_is_said(page, voices, tmp_path):
    import wave

    with (
        wave.open(str(voices / "one.wav")) as whole,
        wave.open(str(tmp_path / "s.wav"), "w") as cut,
    ):
        cut.setparams(whole.getparams())
        cut.writeframes(whole.readframes(2 * whole.getframerate()))
    upload(page, tmp_path / "s.wav")
    wait_for_face(page, "s.wav")
    assert "s of speech" in page.inner_text("#warnings")


def test_a_server_that_is_away_and_back(page, voices):
    page.route("**/api/faces*", lambda route: route.abort())
    upload(page, voices / "one.wav")
    assert error_of(page).startswith("The server does not answer.")
    page.unroute("**/api/faces*")
    page.click("#again")
    wait_for_face(page, "one.wav")
    assert page.inner_text("#error") == ""


def test_a_full_queue_says_when_to_come_back(page, voices):
    body = (
        '{"error": "Many faces are being made just now.", "wanted": "", "next": "try again in 5 s"}'
    )
    page.route("**/api/faces*", lambda route: route.fulfill(status=503, body=body))
    upload(page, voices / "one.wav")
    assert "Try again in 5 s." in error_of(page)
    assert page.is_visible("#again")


def test_a_later_recording_wins(page, voices):
    held: list[Any] = []
    page.route("**/api/faces*", lambda route: route.continue_() if held else held.append(route))
    upload(page, voices / "one.wav")
    page.wait_for_function("() => document.querySelector('#made').ariaBusy === 'true'")
    upload(page, voices / "two.wav")
    wait_for_face(page, "two.wav")
    with contextlib.suppress(Exception):  # the page gave the first request up
        held[0].continue_()
    page.wait_for_timeout(800)
    assert page.input_value("#name") == "two.wav"
    assert page.inner_text("#error") == ""


def test_examples_stand_side_by_side(page):
    titles = page.eval_on_selector_all("#examples .take", "all => all.map(b => b.textContent)")
    for title in titles[:2]:
        page.click(f"#examples button:text-is('{title}')")
        wait_for_face(page, title)
    faces = page.eval_on_selector_all("#earlier img", "all => all.map(img => img.src)")
    assert len(set(faces)) == 2
    page.click("#earlier .thumb >> nth=0")
    wait_for_face(page, titles[0])
    assert page.get_attribute("#face", "src") == faces[0]
    assert page.get_attribute("#earlier .thumb >> nth=0", "aria-current") == "true"


def test_another_model_can_be_chosen(page, voices, two_models, tmp_path):
    upload(page, voices / "one.wav")
    wait_for_face(page, "one.wav")
    page.select_option("#model", "another")
    page.wait_for_selector("#earlier .thumb >> nth=1")
    wanted = reconstructed(voices / "one.wav", tmp_path / "a.png", two_models[1])
    assert downloaded(page, "#raw")[1] == wanted
    assert "another" in page.inner_text("#trained-title")


def test_a_file_can_be_dropped(page, voices):
    data = base64.b64encode((voices / "one.wav").read_bytes()).decode()
    drop = """async ([data, count]) => {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        const dataTransfer = new DataTransfer();
        for (let at = 0; at < count; at++) dataTransfer.items.add(new File([bytes], `${at}.wav`));
        for (const kind of ['dragenter', 'dragover', 'drop'])
          document.querySelector('h1').dispatchEvent(
            new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true })); }"""
    page.evaluate(drop, [data, 2])
    assert "2 files; one voice is taken at a time" in error_of(page)
    page.evaluate(drop, [data, 1])
    wait_for_face(page, "0.wav")
    assert page.is_hidden("#drop")


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("delete window.MediaRecorder", "This browser cannot record"),
        ("Object.defineProperty(window, 'isSecureContext', {value: false})", "https pages"),
    ],
)
def test_a_browser_that_cannot_record_says_so(browser, page_server, missing, sentence):
    context = browser.new_context()
    try:
        page = context.new_page()
        page.add_init_script(missing)
        page.goto(f"{page_server.url}/")
        page.wait_for_selector("#record:disabled")
        assert sentence in page.inner_text("#record-hint")
    finally:
        context.close()


def test_a_microphone_that_is_refused_is_a_sentence(page):
    page.evaluate(
        """() => { navigator.mediaDevices.getUserMedia = () =>
        Promise.reject(new DOMException('', 'NotAllowedError')); }"""
    )
    page.click("#record")
    assert error_of(page).startswith("The microphone is not allowed for this page.")


def chosen_by_key(page, go_to):
    """The browser's dialog of files; a key pressed long ago opens none, so again if it is busy."""
    from playwright.sync_api import TimeoutError as TooLate

    for _ in range(3):
        go_to("#choose")
        try:
            with page.expect_file_chooser(timeout=10_000) as waiting:
                page.keyboard.press("Enter")
            return waiting.value
        except TooLate:
            continue
    return pytest.fail("Enter opens no dialog of files")


def test_all_by_keyboard(page, voices):
    def go_to(selector: str) -> None:
        tab_to(page, selector)

    go_to("#theme")
    page.keyboard.press("Space")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    go_to("#record")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#clock').textContent === '0:02'")
    page.keyboard.press("Enter")
    wait_for_face(page, "Recording 1")
    chosen_by_key(page, go_to).set_files(str(voices / "two.wav"))
    wait_for_face(page, "two.wav")
    go_to("#examples .take")
    page.keyboard.press("Space")
    page.wait_for_selector("#earlier .thumb >> nth=2")
    go_to("#model")
    for selector in ("#name", "#play", "#download", "#raw", "#reroll", "#earlier .remove", "#seek"):
        go_to(selector)
    page.keyboard.press("ArrowRight")
    assert float(page.input_value("#seek")) > 0


def test_the_theme_is_the_systems_until_one_is_chosen(browser, page_server):
    paper = "getComputedStyle(document.body).backgroundColor"
    with watched(browser, f"{page_server.url}/", color_scheme="dark") as page:
        dark = page.evaluate(paper)
        page.emulate_media(color_scheme="light")
        page.wait_for_function(f"was => {paper} !== was", arg=dark)
        page.click("#theme")
        page.reload()
        assert page.evaluate(paper) == dark
        assert page.inner_text("#theme") == "Light theme"
        page.click("#theme")
        assert page.inner_text("#theme") == "Dark theme"


# What reaches out of the window, or whose words reach out of it; but not tables, which scroll, nor
# the face's own frame, whose glow is meant to.
OUTSIDE = """() => {
    const most = document.documentElement.clientWidth;
    const isOut = (each) => {
      const box = each.getBoundingClientRect();
      const isCut = !each.children.length && each.clientWidth > 0
        && each.scrollWidth > each.clientWidth + 1;
      return box.right > most + 0.5 || box.left < -0.5 || isCut; };
    const seen = [...document.querySelectorAll('body *')].filter((each) =>
      each.checkVisibility() && !each.closest('.frame, .visually-hidden, #name, thead, tbody'));
    return [document.documentElement.scrollWidth - innerWidth,
            ...seen.filter(isOut).map((each) => each.outerHTML.slice(0, 80))]; }"""


@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (768, "dark"), (1440, "dark")])
def test_nothing_overflows_and_axe_finds_nothing(
    browser, page_server, voices, tmp_path, width, theme
):
    from axe_playwright_python.sync_playwright import Axe

    def check(state: str) -> None:
        assert page.evaluate(OUTSIDE) == [0], state
        found = Axe().run(page).response["violations"]
        severe = [each for each in found if each["impact"] in MOST_SEVERE]
        assert not severe, (state, [(each["id"], each["nodes"][0]["html"]) for each in severe])

    long_name = tmp_path / f"{'a-very-long-name' * 8}.wav"
    long_name.write_bytes((voices / "one.wav").read_bytes())
    view = {"width": width, "height": 800}
    with watched(browser, f"{page_server.url}/", viewport=view, color_scheme=theme) as page:
        check("before")
        upload(page, voices / "silent.wav")
        error_of(page)
        page.click("#record")
        page.wait_for_selector("#live:not([hidden])")
        check("recording, after an error")
        page.keyboard.press("Escape")
        for recording in (voices / "two.wav", long_name):
            upload(page, recording)
            wait_for_face(page, recording.name)
        check("two faces")
        page.click("#more button >> nth=4")
        check("a drawn face, large")
        page.click("#large-close")
        page.click("#card")
        page.wait_for_selector("body.card")
        check("the card")


def test_behind_a_prefix(browser, two_models, voices):
    from voice2face.web.models import Models

    from .served import served

    with (
        served(Models(two_models[:1]), root_path="/voices") as running,
        watched(browser, f"{running.url}/voices/") as page,
    ):
        assert page.is_hidden("#model-field")  # one model is no choice
        upload(page, voices / "two.wav")
        wait_for_face(page, "two.wav")
