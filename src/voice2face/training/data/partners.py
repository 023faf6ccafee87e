"""What of a corpus cannot be trained on because nothing of the other kind belongs to it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from voice2face.corpus.stream import Part
from voice2face.errors import TrainingError

N_NAMED = 5  # values that a sentence lists


def without_partner(parts: Iterable[Part], labels: Sequence[str]) -> Counter[str]:
    """Rows by their value, of those whose value is no class; rows without a value are no matter.

    Args:
        parts: Voices, or faces.
        labels: The values that voices and faces have in common.
    """
    known = {*labels, ""}
    return Counter(value for part in parts for value in part.values if value not in known)


def check_classes(thing: object, labels: Sequence[str], pair_by: str, split: str) -> None:
    """See that there is something to tell apart.

    Args:
        thing: The corpus, for the message.
        labels: The classes.
        pair_by: What they are values of.
        split: Part of the corpus.

    Raises:
        TrainingError: There is one class alone.
    """
    if len(labels) == 1:
        raise TrainingError(
            thing,
            f"one {pair_by} alone ('{labels[0][:40]}') has both voices and faces in {split}",
            "at least two",
            "see how voices and faces spell it in their tables (`voice2face inspect`), or pair by "
            "another attribute",
        )


def sentence_on(voices: Counter[str], faces: Counter[str], pair_by: str) -> str:
    """How many voices and faces are left out, and whose; empty if none is."""
    said = [
        f"{found.total()} {kind} ({_named(found)}) without a {other}"
        for kind, other, found in (("voices", "face", voices), ("faces", "voice", faces))
        if found
    ]
    return f"left out, paired by {pair_by}: {'; '.join(said)}" if said else ""


def _named(found: Counter[str]) -> str:
    names = ", ".join(f"'{name[:40]}'" for name in sorted(found)[:N_NAMED])
    n_more = len(found) - N_NAMED
    return f"{names} and {n_more} more" if n_more > 0 else names
