"""Tables of ``benchmarks.by_group``, as they stand in the documents."""

from collections.abc import Iterator
from typing import Any

from benchmarks.markdown import page, table

TITLES = {"native_english": "English: {}", "age": "{} years"}
NAMES = {"native_english": "English"}
OTHERS = ("spread", "r_with_the_speaker")  # of what is known of skin, all but the labels
BEGIN, END = "<!-- by_group: begin -->", "<!-- by_group: end -->"
SHARES = ("gender_heard", "gender_seen", "gender_seen_in_draws")
HEAD = (
    "", "people", "gender heard", "gender seen in the face", "in drawn faces", "age seen",
    "lightness: face", "drawn faces", "the speaker's own",
)  # fmt: skip


def told(found: dict[str, Any]) -> str:
    """What was found, in words and tables."""
    text = page(
        "by_group.md",
        recordings=found["recordings"],
        people=found["people"],
        groups=table(HEAD, _groups(found["groups"]), "---"),
        skin=table(
            ("", "the face", "drawn faces", "the speakers themselves"),
            _skin(found["skin"]),
            "---",
        ),
        spread=found["skin"]["spread"]["over_drawn_faces_of_one_voice"],
    )
    return text.rstrip()


def _groups(groups: dict[str, Any]) -> Iterator[list[str]]:
    """A line for each group of more than one person."""
    for label, of_label in groups.items():
        for name, one in of_label.items():
            if one["gender_seen"] is None:
                continue
            numbers = (one[key] for key in one if key == "age_seen" or key.startswith("lightness"))
            yield [
                TITLES.get(label, "{}").format(name),
                str(one["people"]),
                *(
                    f"{100 * v:.0f} % [{100 * low:.0f}, {100 * high:.0f}]"
                    for v, low, high in (one[key] for key in SHARES)
                ),
                *(f"{v:.0f} [{low:.0f}, {high:.0f}]" for v, low, high in numbers),
            ]


def _skin(skin: dict[str, Any]) -> Iterator[list[str]]:
    """Whether skin goes with a label, within gender."""
    for label in (name for name in skin if name not in OTHERS):
        cells = (
            f"{100 * one['share_of_variance']:.0f} % ({100 * one['by_chance']:.0f} %, "
            f"p = {one['p']:.2g})"
            for one in skin[label].values()
        )
        yield [NAMES.get(label, label), *cells]
    related = (
        f"{one['r']:.2f} (p = {one['p']:.2g})" for one in skin["r_with_the_speaker"].values()
    )
    yield ["r with the speaker's own", *related, ""]
    over = skin["spread"]["over_voices_of_one_gender"]
    spreads = (over["face"], over["drawn faces"], skin["spread"]["over_speakers_of_one_gender"])
    yield ["standard deviation over voices", *(f"{value:.1f}" for value in spreads)]


def filled(page: str, told: str) -> str:
    """A document with what the command found between its two marks."""
    if BEGIN not in page:
        return f"{page.rstrip()}\n\n## By group\n\n{BEGIN}\n{told}\n{END}\n"
    before, rest = page.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{told}\n{END}{rest.split(END, 1)[1]}"
