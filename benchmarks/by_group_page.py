"""Tables of ``benchmarks.by_group``, as they stand in the documents."""

from collections.abc import Iterator
from typing import Any

TITLES = {"native_english": "English: {}", "age": "{} years"}
NAMES = {"native_english": "English"}
OTHERS = ("spread", "r_with_the_speaker")  # of what is known of skin, all but the labels
BEGIN, END = "<!-- by_group: begin -->", "<!-- by_group: end -->"


def lines(found: dict[str, Any]) -> Iterator[str]:
    """All lines of a page."""
    yield (
        f"{found['recordings']} recordings of {found['people']} people of VoxCeleb, who taught the "
        "model nothing."
    )
    yield (
        "Means over people with a 95 % interval over people; lightness of skin is L* of the "
        "cheeks, 0 to 100:"
    )
    yield ""
    yield (
        "| | people | gender heard | gender seen in the face | in drawn faces | age seen | "
        "lightness: face | drawn faces | the speaker's own |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for label, of_label in found["groups"].items():
        for name, one in of_label.items():
            title = TITLES.get(label, "{}").format(name)
            if one["gender_seen"] is None:
                continue
            shares = (one[key] for key in ("gender_heard", "gender_seen", "gender_seen_in_draws"))
            numbers = (one[key] for key in one if key == "age_seen" or key.startswith("lightness"))
            cells = [
                *(
                    f"{100 * v:.0f} % [{100 * low:.0f}, {100 * high:.0f}]"
                    for v, low, high in shares
                ),
                *(f"{v:.0f} [{low:.0f}, {high:.0f}]" for v, low, high in numbers),
            ]
            yield f"| {title} | {one['people']} | {' | '.join(cells)} |"
    yield ""
    yield from skin_lines(found["skin"])


def skin_lines(skin: dict[str, Any]) -> Iterator[str]:
    """Whether skin goes with a label: a table, within gender."""
    yield ("How much of the lightness of skin, among people of one gender, goes with a label: the")
    yield (
        "share of its variance, in brackets that of labels dealt out at random, and how often these"
    )
    yield "explain as much:"
    yield ""
    yield "| | the face | drawn faces | the speakers themselves |"
    yield "|---|---|---|---|"
    for label in (name for name in skin if name not in OTHERS):
        cells = (
            f"{100 * one['share_of_variance']:.0f} % ({100 * one['by_chance']:.0f} %, "
            f"p = {one['p']:.2g})"
            for one in skin[label].values()
        )
        yield f"| {NAMES.get(label, label)} | {' | '.join(cells)} |"
    of_face, of_drawn = skin["r_with_the_speaker"].values()
    yield (
        f"| r with the speaker's own | {of_face['r']:.2f} (p = {of_face['p']:.2g}) | "
        f"{of_drawn['r']:.2f} (p = {of_drawn['p']:.2g}) | |"
    )
    spread = skin["spread"]
    over = spread["over_voices_of_one_gender"]
    yield (
        f"| standard deviation over voices | {over['face']:.1f} | {over['drawn faces']:.1f} | "
        f"{spread['over_speakers_of_one_gender']:.1f} |"
    )
    yield ""
    yield (
        "Drawn faces of one voice differ by a standard deviation of "
        f"{spread['over_drawn_faces_of_one_voice']:.1f}."
    )


def filled(page: str, told: str) -> str:
    """A document with what the command found between its two marks."""
    if BEGIN not in page:
        return f"{page.rstrip()}\n\n## By group\n\n{BEGIN}\n{told}\n{END}\n"
    before, rest = page.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{told}\n{END}{rest.split(END, 1)[1]}"
