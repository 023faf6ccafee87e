import csv
import io
import re
import shutil
import subprocess

import pytest

from voice2face.errors import CorpusError
from voice2face.evaluation.results import Claim, Result, Row, Series
from voice2face.experiments.registry import EXPERIMENTS
from voice2face.report import words
from voice2face.report.figures import looks, scale
from voice2face.report.looks import DARK, LIGHT
from voice2face.report.order import chapters, heading, stem
from voice2face.report.page import tables_tex
from voice2face.report.tables import MOST_COLUMNS, letter, tables
from voice2face.report.write import rows_csv, series_csv

from .report_samples import HOSTILE, MODELS, all_results, groups, matching, others, row


def test_each_row_is_in_exactly_one_cell(tmp_path):
    twice = Result("twice", "?", [row("a", "x", 0.1), row("a", "x", 0.2), row("b", "x", 0.3)])
    for result in [*all_results(tmp_path), twice]:
        made = tables(result)
        cells = [cell for table in made for _, line in table.lines for cell in line if cell]
        assert sorted(map(id, cells)) == sorted(map(id, result.rows))
        for table in made:
            assert 1 <= len(table.columns) == len(table.headings) <= MOST_COLUMNS
            assert {bool(cell.against) for _, line in table.lines for cell in line if cell} == {
                table.signed
            }
    assert [name for name, _ in tables(twice)[0].lines] == ["a", "a", "b"]


def test_tables_say_in_the_caption_what_all_columns_share():
    first, *_, differences = tables(matching())
    assert first.caption == "1:2 matching; by face_reid_0095"
    assert first.headings[:3] == ("all", "within gender", "within gender and age")
    assert differences.caption == "Paired differences; 1:2 matching; by face_reid_0095"
    assert differences.lines[0][0] == "baseline − mean face"
    assert dict(first.feet()) == {
        "chance": ("0.500",) * 4, "people": ("68",) * 4, "trials": ("9,112",) * 4
    }  # fmt: skip
    assert "chance" not in dict(differences.feet())
    general = tables(others()[1])
    assert [table.headings for table in general] == [
        ("seen people", "unseen people", "telephone"), ("MP3", "reverberation", "French")
    ]  # fmt: skip
    assert {table.caption for table in general} == {"1:2 matching"}


def test_embedders_stand_side_by_side_where_there_is_room():
    result = Result("x", "?", [row("a", "AUC", 0.7, embedder=name) for name in ("one", "two")])
    (table,) = tables(result)
    assert (table.caption, table.headings) == ("AUC", ("by one", "by two"))
    single = tables(Result("x", "?", [row("a", "AUC", 0.7, stratum="gender", embedder="one")]))[0]
    assert (single.caption, single.headings) == ("AUC; by one", ("within gender",))


def test_counts_that_differ_are_given_as_a_span():
    differences = tables(others()[2])[0]
    assert dict(differences.feet())["trials"] == ("10–15",)
    (unknown,) = tables(Result("x", "?", [row("a", "x", 0.1, n_people=0), row("b", "x", 0.1)]))
    assert dict(unknown.feet())["people"] == ("68",)  # 0: not said


def test_notes_are_given_once_with_a_letter():
    rows = [row(n, "x", 0.1, note=note) for n, note in (("a", "few"), ("b", ""), ("c", "few"))]
    (table,) = tables(Result("x", "?", [*rows, row("d", "x", None, note="none")]))
    assert table.notes == ("few", "none")
    assert [table.mark(cells[0]) for _, cells in table.lines] == ["a", "", "a", "b"]
    crowd = [row(str(n), "x", 0.1, note=f"note {n}" if n else "") for n in range(8)]
    (table,) = tables(Result("x", "?", crowd))  # too many for below the table
    assert (table.notes, table.mark(crowd[1])) == ((), "")
    assert [table.inside(cell) for cell in crowd[:2]] == ["", "note 1"]
    assert "x.csv" in tables_tex(Result("x", "?", crowd))
    assert [letter(n) for n in (0, 25, 26, 27, 52)] == ["a", "z", "aa", "ab", "ba"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.7128, "0.713"), (-0.0312, "−0.031"), (None, "–"), (-0.0001, "0.000"), (1843.2, "1,843")],
)
def test_numbers(value, text):
    assert words.number(value, words.digits_of([value, 0.5])) == text


def test_small_numbers_keep_their_figures():
    assert words.number(0.00123, words.digits_of([0.00123])) == "0.00123"
    assert words.interval(-0.1, 0.2, 2, signed=True) == "[−0.10, +0.20]"
    assert words.interval(None, 0.2, 2) == ""


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.01, 0.2, "higher"), (-0.2, -0.01, "lower"), (-0.1, 0.1, "cannot be told"),
     (0.0, 0.1, "cannot be told"), (None, None, "")],
)  # fmt: skip
def test_a_difference_is_told_only_if_its_interval_excludes_zero(low, high, word):
    assert words.difference_word(Row("a", "x", value=0.1, low=low, high=high, against="b")) == word


@pytest.mark.parametrize(
    ("stratum", "said"),
    [("", "all"), ("gender", "within gender"), ("gender,age", "within gender and age"),
     ("gender and age_band", "within gender and age band"), ("telephone", "telephone"),
     ("gender, age, ethnicity", "within gender, age and ethnicity"), ("women", "women")],
)  # fmt: skip
def test_strata_in_words(stratum, said):
    assert words.stratum_words(stratum) == said


def test_claims_are_counted():
    claims = [Claim("a", "b", verdict, "c") for verdict in ("holds", "holds", "cannot be told")]
    assert words.verdict_sentence(claims) == (
        "Claims of the paper and the report that were asked here: 3 (holds: 2; cannot be told: 1)."
    )
    assert "No claim" in words.verdict_sentence([])


def test_results_come_by_chapter_in_the_order_given(tmp_path):
    told = chapters(all_results(tmp_path))
    assert [chapter.name for chapter in told] == ["tests", "figures", "beyond"]
    assert [heading(r).partition(".")[0] for r in told[1].results] == [
        "Figure 2", "Figure 6 a", "Figure 6 b", "Figure 7"
    ]  # fmt: skip
    assert [r.experiment for r in told[2].results] == ["rivals", "generalisation", "distances"]
    assert stem(told[1].results[0]) == "figure-2-durations"
    with pytest.raises(CorpusError, match="two results of 'rivals'"):
        chapters([*others(), others()[2]])
    with pytest.raises(CorpusError, match="no result"):
        chapters([])


def test_the_registry_has_the_order_of_the_report():
    """Tests, figures by number and letter, then the rest."""
    found = [(e.chapter, e.report_item) for e in EXPERIMENTS.values() if e.chapter != "beyond"]
    assert found == [
        *(("tests", f"Test {n}") for n in (1, 2, 3, 4)),
        *(("figures", f"Figure {n}") for n in ("1", "2", "3", "4", "5", "6 a", "6 b", "7")),
    ]


def test_a_file_of_another_content_is_noticed():
    a, b = (Result(name, "?", sources={"corpus": "1", "model": name}) for name in "ab")
    assert words.disagreeing([a, a]) == []
    assert words.disagreeing([a, b]) == ["model"]


def test_csv_has_every_digit():
    result = Result("x", "?", [row("a, b", "AUC", 1 / 3, note='so "it" is')])
    (read,) = csv.DictReader(io.StringIO(rows_csv(result)))
    assert (read["system"], read["note"]) == ("a, b", 'so "it" is')
    assert (float(read["value"]), read["chance"]) == (1 / 3, "")
    points = list(csv.DictReader(io.StringIO(series_csv(groups()))))
    assert len(points) == 4 * len(MODELS) and points[3]["y"] == ""
    assert (points[1]["x"], float(points[1]["low"])) == ("Asian", 0.6 - 0.05)


def test_latex_is_whole():
    result = Result("x", "?", [row(HOSTILE, "AUC", 0.5, note=HOSTILE), row("[b]", "AUC", 0.4),
                               row("c", "AUC", 0.2, against="d")])  # fmt: skip
    code = tables_tex(result)
    assert code.count(r"\begin{longtable}") == code.count(r"\end{longtable}") == 2
    bare = re.sub(r"\\[{}]", "", code)
    assert bare.count("{") == bare.count("}")
    body = [line for line in code.splitlines() if line.endswith(r"\\") and "caption" not in line]
    assert all(len(re.findall(r"(?<!\\)&", line)) == 1 for line in body)
    assert not any(line.startswith("[") for line in body)  # an option of the line above
    assert r"\$x\_1\$" in code and r"\textbackslash{}textbf\{\%\}" in code
    assert r"\textbf{+0.200}" in code


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX (apt-get install texlive)")
def test_latex_fits_an_a4_text_block(tmp_path):
    """Compiled with the usual margins: no box is wider than the text."""
    code = tables_tex(matching()).encode("ascii", "replace").decode()
    (tmp_path / "t.tex").write_text(
        r"\documentclass[a4paper]{article}\usepackage[margin=2.5cm]{geometry}"
        r"\usepackage{array,booktabs,longtable}\begin{document}" + code + r"\end{document}"
    )
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull \\hbox" not in done.stdout


def test_latex_columns_share_the_width():
    head = tables_tex(matching()).split("toprule")[0]
    (width,) = {float(w) for w in re.findall(r"p{\\dimexpr([\d.]+)\\linewidth", head)}
    assert 0.22 + 4 * width == pytest.approx(1, abs=0.001)


def test_a_name_keeps_its_colour_and_no_two_of_a_figure_share_one():
    several = [Series(str(n), [1.0], [1.0]) for n in range(9)]
    first = Result("a", "?", series=several[:2])
    second = Result("b", "?", series=[several[1], *several[2:8]])
    third = Result("c", "?", series=[several[0], several[7]])  # the 7th has the colour of the 0th
    numbers = looks([first, second, third])
    assert numbers[0]["1"] == numbers[1]["1"] and numbers[0]["0"] == numbers[2]["0"]
    for own in numbers:
        assert len({number % len(LIGHT) for number in own.values()}) == len(own)
    assert len(LIGHT) == len(DARK) == len({*LIGHT}) == len({*DARK})


def test_panels_share_a_scale_if_they_show_the_same():
    panels = {"a": [Series("a", [1.0], [0.2], y_label="x")],
              "b": [Series("a", [1.0], [0.6], [0.5], [0.9], y_label="x")]}  # fmt: skip
    assert scale(panels) == (0.2, 0.9)
    other = {"c": [Series("a", [1.0], [5.0], y_label="y")]}
    assert scale(panels | other) is None
    assert scale({"a": [Series("a", [1.0], [None])]}) is None


def test_a_name_that_begins_like_a_formula_stays_text():
    """Spreadsheets compute what begins so, and may run other programs."""
    names = ["=1+1", "+1", "-2", "@SUM(A1)", "=cmd|' /C calc'!A0"]
    result = Result("x", "?", [row(name, "AUC", -0.5) for name in names])
    read = list(csv.DictReader(io.StringIO(rows_csv(result))))
    assert [line["system"] for line in read] == [f"'{name}" for name in names]
    assert {float(line["value"]) for line in read} == {-0.5}, "numbers stay numbers"
