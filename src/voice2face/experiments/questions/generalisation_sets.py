"""Sets of recordings for the loss of accuracy on new people and sounds."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from voice2face.arrays import Int16s, Int64s, Texts
from voice2face.audio import extract, load_clip
from voice2face.audio.channels import Channel, mp3, reverberation, telephone
from voice2face.audio.front_end import Features
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.settings import FrontEnd
from voice2face.corpus import Corpus
from voice2face.corpus.arrays import Faces
from voice2face.errors import AudioError
from voice2face.experiments.comparing import LEAST_PEOPLE, MOST_PEOPLE
from voice2face.experiments.context import Context
from voice2face.experiments.excerpts import Excerpt
from voice2face.experiments.other_corpus import others_of
from voice2face.experiments.people import group_of
from voice2face.experiments.recordings import Recordings

CHANNELS: dict[str, Channel] = {
    "telephone": telephone,
    "MP3": mp3,
    "reverberation": reverberation,
}
HEARD, UNHEARD = "training recordings", "training people, other recordings"
UNSEEN, OTHER = "people not trained on", "another corpus"
AS_IT_IS = "the same clips, no channel"
SAME_LANGUAGE = "people not trained on, the training's language"
OTHER_LANGUAGE = "people not trained on, other languages"
# Pairs of an easier and a harder set.
HARDER: tuple[tuple[str, str], ...] = (
    (HEARD, UNHEARD),
    (HEARD, UNSEEN),
    (HEARD, OTHER),
    (UNSEEN, OTHER),
    *((AS_IT_IS, channel) for channel in CHANNELS),
    (SAME_LANGUAGE, OTHER_LANGUAGE),
)
SAME_FACES = (UNHEARD, *CHANNELS)  # sets whose real faces are those of the easier set
MOST_CLIPS = 300  # recordings that go through each channel
MOST_OF_ONE = 5  # recordings, and faces, of each person


@dataclass(frozen=True, eq=False)
class Asked:
    """A set of recordings, and real faces of their speakers.

    Attributes:
        name: Name of the set.
        speech: The recordings.
        faces: Real faces.
        strata: Strata in which it is asked about; (): all pairs.
        note: Note for the reader.
    """

    name: str
    speech: Recordings
    faces: Faces
    strata: tuple[tuple[str, ...], ...] = ((), ("gender",))
    note: str = ""


Sets = tuple[list[Asked], dict[str, str]]


def sets_of(context: Context) -> Sets:
    """All sets that can be made.

    Returns:
        The sets; and by name, why others could not be made.
    """
    unseen = _few(context, context.unseen())
    found, lacking = _of_training(context)
    found.append(_asked(context, UNSEEN, context.asked, unseen))
    for some, reasons in (
        _of_other(context),
        _of_channels(context, unseen),
        _of_languages(context, unseen),
    ):
        found += some
        lacking |= reasons
    return found, lacking


def _of_training(context: Context) -> Sets:
    """Recordings of training people: those trained on, and those held out."""
    unheard, heard = _few(context, context.unheard()), context.heard()
    if len(unheard):  # the same people
        heard = heard.only(np.isin(heard.identity, unheard.identity))
    heard = _few(context, heard)
    found, lacking = [_asked(context, HEARD, "train", heard)], {}
    if len(np.unique(unheard.identity)) >= LEAST_PEOPLE:
        found.append(_asked(context, UNHEARD, "train", unheard, heard))
    else:
        lacking[UNHEARD] = "no recordings were set aside in training"
    return found, lacking


def _of_other(context: Context) -> Sets:
    """People of the other corpus."""
    if context.other is None:
        return [], {OTHER: "none was given"}
    others = others_of(context.corpus, context.other, context.seed)
    name = context.other.path.resolve().name
    told = f"{name}: {others.n_people} people"
    if others.n_known:
        told += f", without {others.n_known} who are in the first corpus too"
    if others.n_people < LEAST_PEOPLE:
        return [], {OTHER: told}
    faces = others.faces.only(_first_of_each(others.faces.identity))
    speech = others.speech.only(_first_of_each(others.speech.identity))
    return [Asked(OTHER, speech, faces, note=told)], {}


def _of_channels(context: Context, unseen: Recordings) -> Sets:
    """Recordings through each channel, and unchanged."""
    files = recordings_of(context.corpus, context.asked)
    some = np.random.default_rng(context.seed).permutation(len(unseen))[:MOST_CLIPS]
    few = unseen.only(np.sort(some))
    changed = {
        name: through(context.corpus, few, files, channel) for name, channel in CHANNELS.items()
    }
    # Recordings that came through all channels: the same are asked about for each.
    rows = [set(rows.tolist()) for _, rows in changed.values() if len(rows)]
    common = np.array(sorted(set.intersection(*rows)) if rows else [], np.int64)
    found: list[Asked] = []
    lacking: dict[str, str] = {}
    if len(np.unique(few.identity[common])) < LEAST_PEOPLE:
        return found, dict.fromkeys(CHANNELS, "the recordings' files are not there any more")
    found.append(_asked(context, AS_IT_IS, context.asked, few.only(common), unseen, ((),)))
    for name, (speech, own) in changed.items():
        if not len(own):
            lacking[name] = "no recording could be sent through it"
            continue
        kept = speech.only(np.isin(own, common))
        found.append(_asked(context, name, context.asked, kept, unseen, ((),)))
    return found, lacking


def _of_languages(context: Context, unseen: Recordings) -> Sets:
    """People who speak the commonest language of the training, and people who speak others."""
    spoken, of_training = (
        np.char.lower(group_of(one, "language")) for one in (unseen, context.heard())
    )
    names, counts = np.unique(of_training[of_training != ""], return_counts=True)
    if not len(names):
        return [], {OTHER_LANGUAGE: "the corpus does not tell languages"}
    same = spoken == names[counts.argmax()]
    rows = {SAME_LANGUAGE: same, OTHER_LANGUAGE: (spoken != "") & ~same}
    n_people = {name: len(np.unique(unseen.identity[some])) for name, some in rows.items()}
    if min(n_people.values()) < LEAST_PEOPLE:
        told = "; ".join(f"{n} of {name}" for name, n in n_people.items())
        return [], {OTHER_LANGUAGE: f"too few people: {told}"}
    return [
        _asked(context, name, context.asked, unseen.only(some)) for name, some in rows.items()
    ], {}


def _asked(
    context: Context,
    name: str,
    split: str,
    speech: Recordings,
    known: Recordings | None = None,
    strata: tuple[tuple[str, ...], ...] = ((), ("gender",)),
) -> Asked:
    """A set, with faces of the people of ``known``; None: of its own people."""
    faces = context.faces(split)
    people = np.unique((speech if known is None else known).identity)
    rows = np.flatnonzero(np.isin(faces.identity, people))
    rows = rows[_first_of_each(faces.identity[rows])]
    return Asked(name, speech, faces.only(rows), strata)


def _few(context: Context, speech: Recordings) -> Recordings:
    """A few recordings of each of at most ``MOST_PEOPLE``."""
    some = speech.of_some_people(MOST_PEOPLE, context.seed)
    return some.only(_first_of_each(some.identity))


def _first_of_each(people: Texts) -> Int64s:
    """Numbers of the first ``MOST_OF_ONE`` rows of each person, rising."""
    order = np.argsort(people, kind="stable")
    _, first, count = np.unique(people[order], return_index=True, return_counts=True)
    place = np.arange(len(people)) - np.repeat(first, count)
    return np.sort(order[place < MOST_OF_ONE])


def recordings_of(corpus: Corpus, split: str) -> dict[str, Path]:
    """Files that recordings were made from, by the names of these; if they are still there."""
    found = {}
    for voices in corpus.iter_voices(split):
        for clip, source, path in zip(voices.clip, voices.source, voices.path, strict=True):
            root = Path(corpus.source(int(source)).path)
            root = root if root.is_dir() else root.parent
            file = root / str(path)
            if file.is_file():
                found[str(clip)] = file
    return found


def through(
    corpus: Corpus, speech: Recordings, files: dict[str, Path], channel: Channel
) -> tuple[Recordings, Int64s]:
    """Read recordings again, send them through a channel, and compute features of them.

    Args:
        corpus: The corpus; its front end is used.
        speech: The recordings.
        files: See :func:`recordings_of`.
        channel: Function of a waveform.

    Returns:
        Recordings that could be read and still hold speech, and their numbers in ``speech``.
    """
    sounds, excerpts, rows = [], [], []
    front_end = corpus.info.front_end
    for row, clip in enumerate(speech.clip):
        try:
            path = files[str(clip)]
            heard = _heard(path, channel, front_end)
        except (AudioError, KeyError):
            continue
        sounds.append(heard.log_mel)
        excerpts.append(
            (Excerpt(partial(_read_again, path, channel, front_end), 0, len(sounds[-1])),)
        )
        rows.append(row)
    kept = speech.only(np.array(rows, np.int64))
    return replace(kept, sounds=sounds, excerpts=excerpts), np.array(rows, np.int64)


def _heard(path: Path, channel: Channel, front_end: FrontEnd) -> Features:
    return extract(channel(load_clip(path)), front_end, RATE_HZ, check_speech=False)


def _read_again(path: Path, channel: Channel, front_end: FrontEnd) -> Int16s:
    return _heard(path, channel, front_end).voiced
