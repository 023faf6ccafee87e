import base64
import hashlib
import io
import re
import sys
from html import unescape
from html.parser import HTMLParser

import msgspec
import numpy as np
import pytest
from PIL import Image

from tests.web.browsers import find_browser, why_not
from voice2face.errors import CorpusError, MissingExtraError, OutputError
from voice2face.evaluation.results import Claim, Grid, Result, Series
from voice2face.report import figures, words, write_report
from voice2face.report.grids import read_faces
from voice2face.report.looks import blank
from voice2face.report.page import SHOWN_PANELS, STRIP_PX, interval_strip

from .report_samples import HOSTILE, PX, all_results, durations, others, row, tiled

pytest.importorskip("matplotlib")

VOID = {"meta", "img", "br", "source", "rect", "circle", "line", "polygon"}


class Page(HTMLParser):
    """What a page holds; that each element is closed where it should be."""

    def __init__(self, html):
        super().__init__()
        self.open, self.wrong, self.found, self.texts = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, tag):
        return [attributes for found, attributes in self.found if found == tag]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Folder of a report of everything, and the folder of its results' pictures."""
    folder = tmp_path_factory.mktemp("report")
    about = "Five models.\n\nOf 64 people."
    page = write_report(all_results(folder), folder / "out", "A & B", about, pictures=folder)
    assert page == folder / "out" / "index.html"
    return folder


@pytest.fixture
def html(report):
    return (report / "out" / "index.html").read_text("utf-8")


def png_of(address):
    kind, _, code = address.partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(code))))


def test_the_page_is_one_file_in_good_order(html):
    page = Page(html)
    assert (page.open, page.wrong) == ([], [])
    links = [attributes["href"] for attributes in page.all("a")]
    anchors = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert {link.removeprefix("#") for link in links} <= set(anchors)
    assert len(anchors) == len(set(anchors))
    assert all(a["src"].startswith("data:") and a["alt"] for a in page.all("img"))
    assert all(a["loading"] == "lazy" for a in page.all("img"))
    assert not page.all("script") and not page.all("link")
    assert not [a for _, a in page.found if "style" in a]  # the policy forbids them
    places = [
        html.index(f'id="{name}"') for name in ("summary", "tests", "figures", "beyond", "made")
    ]
    assert places == sorted(places)
    assert page.texts[page.texts.index("A & B")] and "<p>Of 64 people.</p>" in html


def test_the_policy_allows_the_style_and_nothing_from_outside(html):
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL).group(1)
    code = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{code}'" in unescape(html)
    assert "default-src 'none'" in unescape(html) and "http" not in re.sub(
        r"http-equiv|data:[^\"]+", "", html
    )


def test_the_summary_tells_verdicts_and_what_a_face_is(html):
    summary = html[html.index('id="summary"') : html.index('id="tests"')]
    assert words.WHAT_A_FACE_IS in summary
    assert "(holds: 1; does not hold: 1; cannot be told: 1)" in summary
    signs = [summary.index(f">{sign} ") for sign in "✓✗?"]
    assert signs == sorted(signs)
    assert '<a href="#figure-2-durations">report, Figure 2</a>' in summary
    assert "whose voice is it? People are resampled." in html
    assert '<div class="note">3 seeds, 0.61 to 0.78</div>' in html
    assert "Nobody in this corpus is recorded in two languages." in summary


def test_faces_are_shown_as_they_are_stored(report, html):
    sheet = np.asarray(Image.open(report / "durations.png"))
    start = html.index('id="figure-2-durations"')
    part = html[start : html.index('class="result"', start)]
    shown = [png_of(a["src"]) for a in Page(part).all("img") if "image/png" in a["src"]]
    assert len(shown) == 4 * 6 - 1  # one is empty
    for i, face in enumerate(shown):
        top, left = i // 6 * PX, i % 6 * PX
        assert np.array_equal(face, sheet[top : top + PX, left : left + PX])
    alts = [a["alt"] for a in Page(part).all("img")]
    assert alts[0] == "face: woman, 20–29, 1 s" and "face: man, 60–69, reference" in alts
    assert '<th class="over" scope="colgroup" colspan="6">speech heard</th>' in part


def test_curves_are_there_for_a_light_and_a_dark_ground(html):
    curves = [a["src"] for a in Page(html).all("img") if "svg" in a["src"]]
    assert len(curves) == 3  # two panels, and the groups
    drawn = base64.b64decode(curves[0].partition(",")[2]).decode()
    assert "<svg" in drawn and "stroke: #0072b2" in drawn and "<dc:date>" not in drawn
    dark = drawn[drawn.index("prefers-color-scheme: dark") :]
    assert '[style*="stroke: #0072b2"]{stroke:#56B4E9!important}' in dark
    assert '<th scope="row">African</th>' in html  # the numbers behind them


def test_a_panel_holds_all_of_its_labels(tmp_path):
    """Nothing is cut at the edges, though nothing is measured to lay it out."""
    name = "a long name of a group of people, 60 and over"
    over_names = [Series(s, [name, "b", "c"], [0.4, 0.6, 0.5], [0.3] * 3, [0.7] * 3,
                         y_label="share of trials right", chance=0.5)
                  for s in ("baseline", "bn")]  # fmt: skip
    over_numbers = durations(tmp_path).series[:1]
    for series in (over_names, over_numbers):
        with blank() as figure:
            figure.set_size_inches(figures.PANEL_IN, figures._height_in(series))
            axis = figures._axis(figure, (0, 0), series)
            figures.draw_panel(axis, series, {one.name: 0 for one in series})
            figure.canvas.draw()
            whole, inside = figure.bbox, axis.get_tightbbox()
            assert whole.x0 <= inside.x0 < inside.x1 <= whole.x1 + 2
            assert whole.y0 <= inside.y0 < inside.y1 <= whole.y1


def test_an_interval_is_drawn_where_it_is():
    rows = [row("a", "x", 0.94, chance=0.5), row("b", "x", 0.53, chance=0.5)]
    per_unit = (STRIP_PX - 12) / (1.0 - 0.47)
    for one, kind in zip(rows, ("at", "open"), strict=True):
        found = interval_strip(one, (0.47, 1.0), signed=False)
        assert found["kind"] == kind
        assert found["length"] == pytest.approx(0.12 * per_unit, abs=0.2)
        assert found["value"] == pytest.approx(6 + (one.value - 0.47) * per_unit, abs=0.1)
        assert found["low"] == pytest.approx(found["value"] - found["length"] / 2, abs=0.2)
    assert interval_strip(row("a", "x", None), (0.0, 1.0), signed=False) is None


def test_what_a_reader_must_know_first_stands_at_the_top(tmp_path):
    known = Result("a", "?", unfit=["baseline: too short"], warnings=["trained on 3 of them"])
    again = Result("b", "?", warnings=["trained on 3 of them"])
    write_report([known, again], tmp_path, "t", "", pictures=tmp_path)
    for name in ("index.html", "report.md"):
        text = (tmp_path / name).read_text("utf-8")
        assert text.count("trained on 3 of them") == text.count("baseline: too short") == 1
        assert text.index("Too little training to tell.") < text.index("Beyond the report</h2>" if
            name == "index.html" else "## Beyond the report")  # fmt: skip


def test_details_are_folded_and_few_curves_are_shown(tmp_path):
    series = [Series("a", [1.0, 2.0], [0.1, 0.2], panel=str(n)) for n in range(5)]
    result = Result("x", "?", [row("a", "m", 0.5)], series, protocol="at length")
    write_report([result], tmp_path, "t", "", pictures=tmp_path)
    html = (tmp_path / "index.html").read_text("utf-8")
    part = html[html.index('id="x"') : html.index('id="made"')]
    shown = re.sub(r"<details>.*?</details>", "", part, flags=re.DOTALL)
    assert shown.count("<figure") == SHOWN_PANELS and part.count("<figure") == 5
    assert "at length" in part and "at length" not in shown and "<table" not in shown


def test_chance_is_not_written_over_a_title(tmp_path):
    """Over names it stands at the foot of the axis, where no title is."""
    series = [Series("a", ["x", "y"], [0.4, 0.6], chance=0.5, panel="title " * 8)]
    with blank() as figure:
        axis = figure.subplots()
        figures.draw_panel(axis, series, {"a": 0})
        title = axis.set_title("title " * 8, loc="left", fontsize=8)
        figure.canvas.draw()
        (label,) = [text for text in axis.texts if text.get_text() == "chance"]
        assert not label.get_window_extent().overlaps(title.get_window_extent())
        assert axis.get_window_extent().y1 > label.get_window_extent().y1


@pytest.mark.skipif(why_not() != "", reason=why_not() or "-")
def test_it_fits_screens_and_prints_its_summary_on_two_pages(report, tmp_path):
    """Few screens a question at any width, nothing to scroll sideways, contents that stay."""
    from playwright.sync_api import sync_playwright

    about = ("1:2 matching", "face_reid_0095", "0.5: chance")
    claims = [
        Claim(f"claim {n} of the report", "report, Figure 2", "cannot be told", "so " * 50, *about)
        for n in range(36)
    ]
    many = [*all_results(report), Result("many", "?", claims=claims)]
    page = write_report(many, tmp_path / "out", "A & B", "About.", pictures=report)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        for width, height in ((360, 740), (768, 1024), (1440, 900)):
            tab = browser.new_page(viewport={"width": width, "height": height})
            tab.goto(page.as_uri())
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            sizes = tab.evaluate(
                "[...document.querySelectorAll('.result')].map(e => [e.id, e.offsetHeight])"
            )
            tall = {name: size / height for name, size in sizes if name != "many"}
            assert max(tall.values()) <= 3, tall
            tab.evaluate("window.scrollTo(0, 2000)")
            assert tab.evaluate("document.querySelector('nav').getBoundingClientRect().top") == 0
            tab.close()
        tab = browser.new_page()
        tab.goto(page.as_uri())
        printed = tab.pdf(prefer_css_page_size=True)
        browser.close()
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) <= 2


def test_all_files_are_there_and_linked(report):
    out = report / "out"
    sheets = ["figure-2-durations-speakers.png", "figure-7-models-models.png"]
    curves = ["figure-2-durations-curves", "figure-6-b-groups-curves"]
    assert sorted(path.name for path in (out / "figures").iterdir()) == sorted(
        [*sheets, *(f"{stem}.{kind}" for stem in curves for kind in ("pdf", "svg"))]
    )
    for path in (out / "figures").glob("*.png"):
        assert min(Image.open(path).size) > 600
    assert {path.name for path in (out / "tables").iterdir()} >= {
        "test-4-matching.csv", "test-4-matching.tex", "figure-2-durations-curves.csv"
    }  # fmt: skip
    text = (out / "report.md").read_text("utf-8")
    linked = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    shown = [*sheets, *(f"{stem}.svg" for stem in curves)]
    assert sorted(linked) == sorted(f"figures/{name}" for name in shown)
    assert "| baseline | 0.870 [0.810, 0.930] |" in text
    assert "| baseline − mean face | +0.120 [+0.060, +0.180] ▲ |" in text
    assert "**does not hold**" in text and words.WHAT_A_FACE_IS in text


def test_the_same_results_give_the_same_files(report, html, tmp_path):
    write_report([durations(tmp_path)], tmp_path / "out", "t", "", pictures=tmp_path)
    again = [*(tmp_path / "out" / "figures").iterdir(), *(tmp_path / "out" / "tables").iterdir()]
    assert len(again) == 6
    for path in again:
        there = report / "out" / path.relative_to(tmp_path / "out")
        assert path.read_bytes() == there.read_bytes()
    page = Page((tmp_path / "out" / "index.html").read_text("utf-8"))
    assert {a["src"] for a in page.all("img")} <= {a["src"] for a in Page(html).all("img")}


def test_names_from_outside_harm_nothing(tmp_path):
    label = HOSTILE + "張 _x \x00\udc80"
    grid = Grid("g", label, tiled(tmp_path, "g.png", 1, 2), PX, [label], [label, label],
                label, label, label)  # fmt: skip
    series = [Series(label, [label, "b"], [0.1, 0.2], x_label=label, y_label=label, panel=label),
              Series("_other", ["b"], [0.1], panel=label)]  # fmt: skip
    rows = [row(label, label, 0.1, stratum=label, embedder=label, note=label)]
    result = Result(label, label, rows, series, title=label, report_item=label, grids=[grid],
                    claims=[Claim(label, label, "holds", label)],
                    seeds={label: 1}, trials_sha256={label: label}, sources={label: label},
                    made_by=label)  # fmt: skip
    write_report([result], tmp_path / "out", label, label, pictures=tmp_path)
    page = Page((tmp_path / "out" / "index.html").read_text("utf-8"))
    assert (page.open, page.wrong, page.all("script")) == ([], [], [])
    text = (tmp_path / "out" / "report.md").read_text("utf-8")
    assert "<script" not in text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {3}


def test_nothing_of_a_claim_is_cut(tmp_path):
    evidence = " ".join(f"word{n}" for n in range(200))
    claims = [Claim("c", "paper", "holds", evidence)]
    write_report([Result("x", "?", claims=claims)], tmp_path, "t", "", pictures=tmp_path)
    for name in ("index.html", "report.md"):
        assert evidence in (tmp_path / name).read_text("utf-8")


def test_results_of_other_files_are_pointed_out(tmp_path):
    a, b = (Result(n, "?", sources={"corpus": n * 8, "model": "m"}) for n in "ab")
    write_report([a, b], tmp_path, "t", "", pictures=tmp_path)
    text = (tmp_path / "index.html").read_text("utf-8")
    assert "of corpus they saw different contents" in text
    write_report([a], tmp_path, "t", "", pictures=tmp_path)
    assert "different contents" not in (tmp_path / "index.html").read_text("utf-8")


def test_a_grid_that_does_not_fit_is_refused(tmp_path):
    grid = durations(tmp_path).grids[0]
    assert read_faces(tmp_path, grid).cells.shape == (4, 6, PX, PX, 3)
    wider = msgspec.structs.replace(grid, columns=[*grid.columns, "more"])
    with pytest.raises(CorpusError, match=r"192×128 pixels; 224×128 pixels wanted"):
        read_faces(tmp_path, wider)
    (tmp_path / grid.file).write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with pytest.raises(CorpusError, match="damaged"):
        read_faces(tmp_path, grid)
    (tmp_path / grid.file).unlink()
    with pytest.raises(CorpusError, match="missing"):
        write_report([Result("x", "?", grids=[grid])], tmp_path / "o", "t", "", pictures=tmp_path)
    assert not (tmp_path / "o").exists()


def test_without_matplotlib_it_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"voice2face\[figures\]"):
        write_report([durations(tmp_path)], tmp_path / "out", "t", "", pictures=tmp_path)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="could not be written"):
        write_report(others()[:1], tmp_path / "file", "t", "", pictures=tmp_path)


@pytest.mark.skipif(why_not() != "", reason=why_not() or "-")
def test_hostile_names_run_nothing_in_a_browser(tmp_path):
    from playwright.sync_api import sync_playwright

    hostile = (
        "<script>window.ran=1</script>", "<img src=x onerror=window.ran=1>", "javascript:ran=1",
        "</title><svg onload=window.ran=1>", "{{7*7}}", "' onmouseover='window.ran=1", HOSTILE,
    )  # fmt: skip
    results = [
        Result(f"r{n}", name, [row(name, "AUC", 0.5, note=name)], sources={"corpus": name})
        for n, name in enumerate(hostile)
    ]
    page = write_report(results, tmp_path / "out", hostile[0], hostile[1], pictures=tmp_path)
    asked: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        tab = browser.new_page()
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("dialog", lambda dialog: asked.append(dialog.message))
        tab.goto(page.as_uri())
        tab.mouse.move(200, 200)
        assert tab.evaluate("window.ran") is None
        assert tab.evaluate("document.scripts.length") == 0
        browser.close()
    assert asked == [page.as_uri()]
