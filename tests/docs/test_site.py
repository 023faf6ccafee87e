"""The site builds without a warning, and asks nobody but itself for anything."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .blocks import ROOT, blocks_of

pytest.importorskip("material", reason="the site needs voice2face[docs]")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def pages(site: Path) -> dict[str, str]:
    return {str(page.relative_to(site)): page.read_text() for page in site.rglob("*.html")}


def test_nothing_is_fetched_from_elsewhere(site):
    found = set()
    for text in pages(site).values():
        for tag in re.findall(r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*>", text):
            found |= set(re.findall(r'(?:src|href)="((?:https?:)?//[^"]+)"', tag))
    for sheet in site.rglob("*.css"):
        found |= set(re.findall(r"url\(['\"]?((?:https?:)?//[^)'\"]+)", sheet.read_text()))
    assert not found
    assert not any("fonts.g" in text for text in pages(site).values())


def test_formulas_are_there_without_a_program(site):
    method = (site / "method.html").read_text()
    assert method.count("<math") == len(
        [b for b in blocks_of(ROOT / "docs/method.md") if b.language == "math"]
    )
    assert "2595" in method and "mathjax" not in method.lower() and "katex" not in method.lower()


def test_what_is_not_run_is_told(site):
    page = (site / "checked.html").read_text()
    for path in sorted((ROOT / "docs").glob("*.md")):
        for block in blocks_of(path):
            if block.how == "parse":
                assert block.about.split("`")[0] in page, block.place
    assert "test: run" not in "".join(pages(site).values())


def test_every_command_and_the_reference_are_there(site):
    commands = (site / "reference/commands.html").read_text()
    for name in ("reconstruct", "train-voice", "train-face", "reproduce", "evaluate"):
        assert f'id="{name}"' in commands
    assert "Usage: voice2face train face" in commands
    model = (site / "reference/model.html").read_text()
    assert 'id="voice2face.release.inference.Model.reconstruct"' in model
    every = "".join(pages(site).values())
    assert not re.search(r":(func|class|mod|attr):", every), "a role that is no link"
