"""Who a model was trained on, as digests of names: so that a test on these people is noticed."""

import hashlib
from collections.abc import Iterable, Mapping

DIGITS = 10  # hexadecimal, of each name: in one of 200 models with 100,000 names two agree
MOST_PEOPLE = 50_000  # of more people a model's configuration would be too long
ENTRIES = ("people", "voice encoder: people")  # of a model's provenance: both stages


def people_entry(names: Iterable[str]) -> dict[str, str]:
    """What a model's provenance says of the people that it was trained on.

    Args:
        names: As the corpus has them.

    Returns:
        One entry: digests of the names one after the other, sorted; none of very many people.
    """
    digests = sorted({_digest(name) for name in names})
    return {ENTRIES[0]: "".join(digests)} if 0 < len(digests) <= MOST_PEOPLE else {}


def trained_on(provenance: Mapping[str, object], names: Iterable[str]) -> set[str]:
    """Which of some people a model was trained on, as far as it says.

    Args:
        provenance: Provenance of the model.
        names: As a table or a corpus has them.
    """
    known: set[str] = set()
    for entry in ENTRIES:
        told = str(provenance.get(entry, ""))
        known |= {told[i : i + DIGITS] for i in range(0, len(told), DIGITS)}
    return {name for name in names if _digest(name) in known}


def people_warning(model: str, provenance: Mapping[str, object], names: Iterable[str]) -> str:
    """A sentence where a model was trained on people who are asked about; "" where it was not."""
    asked = set(names)
    known = trained_on(provenance, asked)
    if not known:
        return ""
    return (
        f"{model} was trained on {len(known)} of the {len(asked)} people who are asked about here: "
        "what it shows of them says nothing of people whom it has not met"
    )


def _digest(name: str) -> str:
    data = name.strip().encode("utf-8", "surrogateescape")
    return hashlib.sha256(data).hexdigest()[:DIGITS]
