"""Voices, a server and a browser for tests of the page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voice2face.audio.coding import wav_bytes
from voice2face.release.model_folder import SHIPPED_MODELS
from voice2face.synthetic import CohortSettings, write_cohort

from .browsers import browser_with, is_required, why_not

VIEW = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def voices(tmp_path_factory) -> Path:
    """Folder of recordings: ``one.wav`` and ``two.wav`` of made-up people, and others."""
    folder = tmp_path_factory.mktemp("voices")
    settings = CohortSettings(n_identities=2, seed=3, clips_per_identity=1, faces_per_identity=0)
    write_cohort(folder / "cohort", settings)
    for name, made in zip(("one", "two"), sorted(folder.glob("cohort/**/*.wav")), strict=True):
        shutil.copy(made, folder / f"{name}.wav")
    (folder / "silent.wav").write_bytes(wav_bytes(np.zeros(48_000, np.int16)))
    (folder / "notes.txt").write_text("This is no recording.\n" * 20)
    return folder


@pytest.fixture(scope="session")
def two_models(tmp_path_factory) -> list[Path]:
    """A small model that is shipped, and the same under another name."""
    other = tmp_path_factory.mktemp("models") / "other"
    shutil.copytree(SHIPPED_MODELS["gan"], other)
    config = other / "config.yaml"
    config.write_text(config.read_text().replace("name: gan", "name: another", 1))
    return [SHIPPED_MODELS["gan"], other]


@pytest.fixture(scope="module")
def page_server(two_models) -> Iterator[Any]:
    from voice2face.web.models import Models

    from .served import served

    with served(Models(two_models), threads=2) as running:
        yield running


@pytest.fixture(scope="module")
def browser(voices) -> Iterator[Any]:
    if missing := why_not():
        (pytest.fail if is_required() else pytest.skip)(missing)
    with browser_with(voices / "one.wav") as running:
        yield running


@pytest.fixture
def page(browser, page_server) -> Iterator[Any]:
    """The page, loaded; at the end, nothing went to another host and nothing was blocked."""
    with watched(browser, f"{page_server.url}/") as opened:
        yield opened


@contextmanager
def watched(browser: Any, url: str, **options: Any) -> Iterator[Any]:
    """A page in a context of its own, on which nothing may go wrong unseen."""
    requests: list[str] = []
    troubles: list[str] = []

    def hear(message: Any) -> None:
        # The browser's own word on an answer of 4xx, which the page turns into a sentence.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            troubles.append(message.text)

    context = browser.new_context(**{"viewport": VIEW, "reduced_motion": "reduce", **options})
    context.set_default_timeout(20_000)
    try:
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", hear)
        page.goto(url)
        page.wait_for_selector("#examples button", state="attached")
        yield page
    finally:
        context.close()
    assert troubles == []
    assert [sent for sent in requests if not sent.startswith((url, "blob:", "data:"))] == []
