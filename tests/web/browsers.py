"""A browser for tests of the page: Debian's Chromium, with a recording for its microphone."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REQUIRED = "VOICE2FACE_REQUIRE_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
)  # fmt: skip


def why_not() -> str:
    """What is missing for a browser, as a sentence; empty where there is one."""
    for package in ("playwright", "axe_playwright_python"):
        if importlib.util.find_spec(package) is None:
            return f"no browser: the Python package {package} is not installed"
    if find_browser() is None:
        return f"no browser: none of {', '.join(NAMES)} on PATH (apt-get install chromium)"
    return ""


def find_browser() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def is_required() -> bool:
    return os.environ.get(REQUIRED, "") not in ("", "0")


@contextmanager
def browser_with(microphone: Path, *more: str) -> Iterator[Any]:
    """A browser whose microphone plays this WAV file again and again.

    Args:
        microphone: The file.
        more: Further arguments of its command line.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=find_browser(),
            args=[*QUIET, *more, f"--use-file-for-fake-audio-capture={microphone}"],
        )
        try:
            yield browser
        finally:
            browser.close()
