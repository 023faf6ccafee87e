"""What tests do on the page, in the words of its reader."""

from pathlib import Path
from typing import Any

import pytest

from voice2face.release.model_folder import SHIPPED_MODELS


def reconstructed(recording: Path, out: Path, model: Path = SHIPPED_MODELS["gan"]) -> bytes:
    """The picture that the command line writes."""
    from voice2face.cli.reconstruct import reconstruct

    reconstruct([recording], out, str(model), sheet=False, label=False, as_json=False)
    return out.read_bytes()


def upload(page: Any, recording: Path) -> None:
    page.set_input_files("#file", str(recording))


def wait_for_face(page: Any, name: str) -> None:
    page.wait_for_function(
        "name => !document.querySelector('#caption').hidden"
        " && document.querySelector('#name').value === name"
        " && document.querySelector('#made').ariaBusy === 'false'",
        arg=name,
    )


def face_of(page: Any, recording: Path) -> str:
    """Upload it; the address of its face."""
    upload(page, recording)
    wait_for_face(page, recording.name)
    return page.get_attribute("#face", "src")


def error_of(page: Any) -> str:
    page.wait_for_selector("#error p")
    return page.inner_text("#error")


def downloaded(page: Any, selector: str) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        page.click(selector)
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def held_request(page: Any) -> list[Any]:
    """The next recording that is sent waits in this list until it is continued."""
    held: list[Any] = []
    page.route("**/api/faces*", lambda route: route.continue_() if held else held.append(route))
    return held


def answers(page: Any, **changes: Any) -> None:
    """From here on, these entries of what the server answers to a recording are others."""
    page.evaluate(
        """(changes) => { window.parsed ??= JSON.parse;
        JSON.parse = (text) => ({ ...window.parsed(text), ...changes }); }""",
        changes,
    )


def record(page: Any, seconds: int) -> None:
    page.click("#record")
    page.wait_for_selector("#live:not([hidden])")
    page.wait_for_function(
        "text => document.querySelector('#clock').textContent === text", arg=f"0:0{seconds}"
    )
    page.click("#record")


def tab_to(page: Any, selector: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("to => document.activeElement.matches(to)", selector):
            break
    else:
        pytest.fail(f"Tab does not lead to {selector}")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"  # one sees where one is
