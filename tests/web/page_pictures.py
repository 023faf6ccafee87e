"""Pictures of the page, to be looked at: ``python -m tests.web.page_pictures OUT [STATE...]``.

At three widths, light and dark: before a face, with an error, while recording, with a face, with
voices side by side, a drawn face, while the next voice is sent, after it failed, the card of the
model, and the form of the password. The first voice is synthetic, the others are the examples.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from voice2face.audio.coding import wav_bytes
from voice2face.web.models import Models

from .browsers import browser_with
from .made_up import example_wav
from .served import served

VIEWS = {360: 780, 768: 1024, 1440: 900}
FACES = "#more img"


def states(page: Any, silent: Path) -> Iterator[str]:
    """Lead the page from state to state; yields the name of each."""
    yield "before"
    page.set_input_files("#file", str(silent))
    page.wait_for_selector("#error p")
    yield "error"
    page.click("#record")
    page.wait_for_timeout(4000)
    yield "recording"
    page.wait_for_timeout(1500)
    page.click("#record")
    page.wait_for_selector(FACES)
    yield "face"
    for number, example in enumerate((0, 3, 4), 2):
        page.click(f"#examples .take >> nth={example}")
        page.wait_for_function(
            "n => document.querySelectorAll('#earlier .thumb').length === n", arg=number
        )
    yield "voices"
    page.click("#more button >> nth=2")
    yield "large"
    page.keyboard.press("Escape")
    page.route("**/api/faces*", lambda route: None)
    page.set_input_files("#file", str(silent.with_name("voice.wav")))
    yield "sending"
    page.click("#cancel")  # while it is held: a request let go is answered at once
    page.unroute_all()
    page.set_input_files("#file", str(silent))
    page.wait_for_selector("#error p")
    yield "failed"
    page.click("#card")
    page.wait_for_selector("body.card")
    yield "card"


def main(out: Path, wanted: list[str]) -> None:
    """Write WIDTH-THEME-STATE.png for each."""
    out.mkdir(parents=True, exist_ok=True)
    voice, silent = out / "voice.wav", out / "silent.wav"
    voice.write_bytes(example_wav("woman"))
    silent.write_bytes(wav_bytes(np.zeros(48_000, np.int16)))
    models = Models()
    with (
        served(models) as server,
        served(models, "no password of anybody") as locked,
        browser_with(voice) as browser,
    ):
        for width, height in VIEWS.items():
            for theme in ("light", "dark"):
                page = browser.new_page(
                    viewport={"width": width, "height": height}, color_scheme=theme
                )
                page.goto(f"{server.url}/")
                page.wait_for_selector("#examples .take")
                for state in states(page, silent):
                    if wanted and state not in wanted:
                        continue
                    page.wait_for_timeout(900)  # until the face has come forth
                    path = out / f"{width}-{theme}-{state}.png"
                    page.screenshot(path=path, full_page=state != "large")
                    print(path)
                page.goto(f"{locked.url}/")
                page.fill("#password", "wrong")
                page.keyboard.press("Enter")
                page.wait_for_selector("#wrong")
                page.screenshot(path=out / f"{width}-{theme}-password.png")
                page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
