"""Another prepared corpus, on whose people nothing was trained."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from voice2face.arrays import Texts
from voice2face.corpus import Corpus
from voice2face.corpus.arrays import Faces
from voice2face.errors import CorpusError
from voice2face.experiments.comparing import LEAST_PEOPLE, MOST_PEOPLE
from voice2face.experiments.recordings import Recordings, digest, digests_of

Names = set[str]


@dataclass(frozen=True, eq=False)
class Others:
    """Recordings and real faces of people of another corpus, of all of its splits.

    Attributes:
        speech: Their recordings.
        faces: Their faces.
        n_known: Number of people who were left out because the first corpus has them too, by
            their name, a recording or a picture.
    """

    speech: Recordings
    faces: Faces
    n_known: int

    @property
    def n_people(self) -> int:
        """Number of people who are asked about."""
        return len(np.intersect1d(self.speech.identity, self.faces.identity))


def open_other(first: Corpus, path: Path) -> Corpus:
    """Open another corpus; refuse it if models of the first can't be asked about it.

    Args:
        first: The corpus that was trained on.
        path: Folder of the other.

    Raises:
        CorpusError: It can't be read, is the same corpus, has another front end or other pictures,
            or too few people with voice and face who are not in the first.
    """
    other = Corpus.open(path)
    if other.info.data_hash == first.info.data_hash:
        raise CorpusError(path, "the same corpus", "another one", "choose another")
    a, b = first.info, other.info
    told: tuple[tuple[str, Any, Any, str], ...] = (
        ("faces of {} pixels", b.face_px, a.face_px, "--px {}"),
        ("faces cropped as {}", b.face_crop.geometry, a.face_crop.geometry, "--geometry {}"),
        ("{} painted over", _removed(other), _removed(first), "the same --remove"),
    )
    for words, found, wanted, option in told:
        if found != wanted:
            raise CorpusError(
                path, words.format(found), f"{words.format(wanted)}, as in {first.path}",
                f"prepare it with {option.format(wanted)}",
            )  # fmt: skip
    if b.front_end != a.front_end:
        raise CorpusError(
            path, f"another audio front end ({b.preset})", f"that of {first.path} ({a.preset})",
            f"prepare it with --preset {a.preset}",
        )  # fmt: skip
    n_people = len(_askable(other) - _names(first))
    if n_people < LEAST_PEOPLE:
        raise CorpusError(
            path, f"{n_people} people with a voice and a face who are not in {first.path}",
            f"{LEAST_PEOPLE} or more", "choose a corpus of other people",
        )  # fmt: skip
    return other


def others_of(first: Corpus, other: Corpus, seed: int) -> Others:
    """At most ``MOST_PEOPLE`` random people of another corpus who are not in the first.

    The same name means the same person. People who have the same recording or picture in both
    under different names are left out too.

    Args:
        first: The corpus that was trained on.
        other: See :func:`open_other`.
        seed: Seed of the draw.

    Raises:
        CorpusError: A shard is missing or damaged.
    """
    known = _names(first)
    askable = np.array(sorted(_askable(other) - known), str)
    drawn = np.sort(np.random.default_rng(seed).permutation(askable)[:MOST_PEOPLE])
    speech, faces = Recordings.of_people(other, drawn), _faces_of(other, drawn)
    again = _with_shared_data(first, speech, faces)
    kept = ~np.isin(speech.identity, list(again)), ~np.isin(faces.identity, list(again))
    n_known = len(known & _names(other)) + len(again)
    return Others(speech.only(kept[0]), faces.only(kept[1]), n_known)


def _removed(corpus: Corpus) -> str:
    return " and ".join(sorted(corpus.info.face_crop.remove)) or "nothing"


def _names(corpus: Corpus, kind: str | None = None) -> Names:
    """Names of people who have a voice, a face, or (kind None) either."""
    shards = [s for s in corpus.info.shards if kind in (None, s.kind)]
    return {name for s in shards for name in corpus.table(s, ["identity"])["identity"].to_pylist()}


def _askable(corpus: Corpus) -> Names:
    return _names(corpus, "voice") & _names(corpus, "face")


def _faces_of(corpus: Corpus, people: Texts) -> Faces:
    """Faces of some people; no more than a shard of others is in memory."""
    return Faces.joined([part.only(np.isin(part.identity, people)) for part in corpus.iter_faces()])


def _with_shared_data(first: Corpus, speech: Recordings, faces: Faces) -> Names:
    """People of whom the first corpus has the same recording or picture."""
    owner = dict(zip(speech.digests, speech.identity, strict=True))
    owner |= {digest(face): who for face, who in zip(faces.pixels, faces.identity, strict=True)}
    return {str(owner[found]) for found in _digests(first) if found in owner}


def _digests(corpus: Corpus) -> Iterator[bytes]:
    yield from digests_of(corpus)
    for faces in corpus.iter_faces():
        yield from map(digest, faces.pixels)
