"""Held-out recordings of training people, for questions about new recordings of known people."""

import zlib
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from voice2face.arrays import Bools
from voice2face.corpus.read import Corpus


def held_out(clips: Iterable[str], identities: Iterable[str], share: float) -> Bools:
    """Mask of the held-out recordings: some of each person who has two or more.

    The choice depends only on the recordings' names, so it is the same in every stage that is
    given all recordings of a person.

    Args:
        clips: Names of recordings.
        identities: Who speaks in each.
        share: Share of each person's recordings, 0 to 1, rounded; at least one and never all. A
            larger share holds out the same recordings and more.

    Returns:
        Shape (clips,).
    """
    rows: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row, (clip, person) in enumerate(zip(clips, identities, strict=True)):
        place = zlib.crc32(f"aside {clip}".encode("utf-8", "surrogateescape"))
        rows[str(person)].append((place, row))
    chosen = np.zeros(sum(map(len, rows.values())), bool)
    if share <= 0:
        return chosen
    for of_person in rows.values():
        n_wanted = min(max(1, round(share * len(of_person))), len(of_person) - 1)
        chosen[[row for _, row in sorted(of_person)[:n_wanted]]] = True
    return chosen


def held_out_clips(corpus: Corpus, split: str, share: float) -> frozenset[str]:
    """Names of the held-out recordings of a split, see :func:`held_out`.

    Raises:
        CorpusError: A shard is missing or damaged.
        SettingsError: There is no such split.
    """
    clips: list[str] = []
    people: list[str] = []
    for shard in corpus.shards("voice", split) if share > 0 else ():
        table = corpus.table(shard, ["clip", "identity"])
        clips += table["clip"].to_pylist()
        people += table["identity"].to_pylist()
    chosen = held_out(clips, people, share)
    return frozenset(clip for clip, is_out in zip(clips, chosen, strict=True) if is_out)
