"""YAML as configuration needs it."""

import math
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from voice2face import plain_yaml
from voice2face.plain_yaml import YamlError, dump, parse
from voice2face.setting_errors import MOST_CHARACTERS, shown

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
DATA = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@settings(deadline=None, max_examples=60)
@given(DATA)
def test_what_is_written_is_read_back_the_same(data):
    written = dump({"a": data})
    assert parse(written) == {"a": data}
    assert yaml.safe_load(written) == {"a": data}, "and by what knows YAML 1.1 alone"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1e-4", 1e-4), ("12", 12), ("0o17", 15), ("0x1F", 31), ("-.inf", -math.inf), ("~", None),
        ("", None), ("true", True), ("yes", "yes"), ("off", "off"), ("1:30:20", "1:30:20"),
        ("2020-99-99", "2020-99-99"), ("1_000", "1_000"), ("017", 17), ("'12'", "12"),
        ("<<: {a: 1}", {"<<": {"a": 1}}), ("[a, {b: 2.}]", ["a", {"b": 2.0}]),
    ],
)  # fmt: skip
def test_plain_words_are_of_the_core_types(text, wanted):
    assert parse(text) == wanted
    assert type(parse(text)) is type(wanted)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: &x [1]\nb: *x", "an anchor or an alias"),
        ("a: &x [1]", "an anchor or an alias"),
        ("base: &b {a: 1}\n<<: *b", "an anchor or an alias"),
        ("[" * 200_000, "nested more than 32 deep"),
        ("- " * 100_000, "nested more than 32 deep"),
        ("9" * 20_000, "a number of 20000 digits"),
        ("1." + "0" * 5000, "a number of 5002 digits"),
        ("x" * 300_000, "more than 262144 characters"),
        ("!!python/name:os.system", "the tag "),
        ("a: 1\n---\nb: 2", "more than one document"),
        ("a: 1\na: 2", "two entries 'a'"),
        ("? [1]\n: 2", "a list as the name of an entry"),
        ("{", "while parsing"),
        ("\0", "unacceptable character"),
    ],
)
def test_what_there_is_no_need_for_is_refused_at_once(text, found):
    began = time.monotonic()
    with pytest.raises(YamlError, match=found) as caught:
        parse(text)
    assert len(str(caught.value)) < 200
    assert time.monotonic() - began < 2


def test_it_does_not_need_the_library_in_c(monkeypatch):
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert parse("a: [1, {b: c}]") == {"a": [1, {"b": "c"}]}
    with pytest.raises(YamlError, match="nested more than"):
        parse("[" * 1000)


def test_a_value_is_cut_before_it_is_shown():
    deep: object = "x" * 1000
    for _ in range(20):
        deep = [deep] * 50  # 50^20 words, if it were written out
    began = time.monotonic()
    for value in (10**20_000, "x" * 10**7, deep, {"a": deep}):
        assert len(shown(value)) <= MOST_CHARACTERS + 1
    assert time.monotonic() - began < 1
    assert plain_yaml.MOST_DEPTH == 32
