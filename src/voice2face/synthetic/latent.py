"""Who the synthetic people are, and how much their voices tell about their faces.

A person has two halves. *Heard* is all that a recording may depend on, *seen* all that a picture
may depend on; nothing else of the person reaches either. Four numbers have a value in both halves
(sex, age, size, weight), and ``coupling`` says how well the two values agree. The rest is private
to one half: pitch is only heard, skin is only seen.
"""

import enum
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from voice2face.arrays import Float64s
from voice2face.errors import SettingsError
from voice2face.settings import Settings

Sex = Literal["female", "male"]

SHARED = ("sex", "age", "size", "weight")
YOUNGEST, OLDEST = 18.0, 80.0


class CohortSettings(Settings, frozen=True, kw_only=True):
    """Settings of a set of synthetic people; equal settings give equal bytes.

    Attributes:
        n_identities: People.
        seed: Who they are. Person i of a seed is the same in a cohort of any size.
        clips_per_identity: Recordings of each person.
        faces_per_identity: Pictures of each person.
        clip_s: Shortest and longest recording.
        face_px: Side of a picture.
        coupling: From 0 (the voice tells nothing about the face) to 1 (sex, age, size and weight
            are seen exactly as they are heard).
    """

    n_identities: int = 200
    seed: int = 0
    clips_per_identity: int = 4
    faces_per_identity: int = 6
    clip_s: tuple[float, float] = (3.0, 5.0)
    face_px: int = 64
    coupling: float = 0.85

    def __post_init__(self) -> None:
        """Refuse what cannot be made.

        Raises:
            SettingsError: A number outside its range.
        """
        _check("n_identities", self.n_identities, 1, 1_000_000)
        _check("seed", self.seed, 0)
        _check("clips_per_identity", self.clips_per_identity, 0, 10_000)
        _check("faces_per_identity", self.faces_per_identity, 0, 10_000)
        _check("clip_s", self.clip_s[0], 0.5)
        _check("clip_s", self.clip_s[1], self.clip_s[0])
        _check("face_px", self.face_px, 8, 1024)
        _check("coupling", self.coupling, 0, 1)


def _check(name: str, value: float, low: float, high: float = math.inf) -> None:
    if not low <= value <= high:
        wanted = f"at least {low}" if high == math.inf else f"{low} to {high}"
        raise SettingsError(name, str(value), f"{wanted}", "correct the entry")


class Stream(enum.IntEnum):
    """What randomness is for; each use of each person has a stream of its own."""

    HEARD = 0
    SEEN = 1
    CLIP = 2
    PICTURE = 3


@dataclass(frozen=True)
class Heard:
    """All that a person's voice depends on.

    Numbers are standard normal over the population, independent of each other and of sex.

    Attributes:
        sex: Length of the vocal tract and pitch.
        age: Roughness, tremor, slowness; see :func:`years`.
        size: A longer vocal tract.
        weight: A lower first resonance.
        pitch: Only heard: a higher voice than sex and age tell.
        breathiness: Only heard: air in the voice.
        roughness: Only heard: uneven periods.
        rate: Only heard: quicker syllables.
    """

    sex: Sex
    age: float
    size: float
    weight: float
    pitch: float
    breathiness: float
    roughness: float
    rate: float


@dataclass(frozen=True)
class Seen:
    """All that a person's face depends on.

    Numbers are standard normal over the population, independent of each other and of sex.

    Attributes:
        sex: Jaw, brows, lips, hair and beard.
        age: Wrinkles and grey hair; see :func:`years`.
        size: A broader face with a broader jaw.
        weight: Fuller cheeks and chin.
        skin: Only seen, as all that follows: darker skin.
        warmth: Redder skin.
        hair_colour: Fairer hair.
        hair_length: Longer hair.
        parting: Where the hair parts, and whether a fringe hangs.
        hairline: A higher forehead.
        beard: A fuller beard (men).
        eye_colour: From brown over green to blue.
        eye_size: Larger eyes.
        brows: Thicker brows.
        nose: A broader nose.
        lips: Fuller lips.
    """

    sex: Sex
    age: float
    size: float
    weight: float
    skin: float
    warmth: float
    hair_colour: float
    hair_length: float
    parting: float
    hairline: float
    beard: float
    eye_colour: float
    eye_size: float
    brows: float
    nose: float
    lips: float


N_ONLY_HEARD = 4
N_ONLY_SEEN = 12


@dataclass(frozen=True)
class Person:
    """One synthetic person."""

    identity: str
    heard: Heard
    seen: Seen


def stream(
    settings: CohortSettings, index: int, kind: Stream, number: int = 0
) -> np.random.Generator:
    """Randomness for one use of one person, whoever else is in the cohort.

    Args:
        settings: Settings of the cohort; only its seed matters.
        index: Index of the person.
        kind: What it is for.
        number: Number of the clip or the picture.
    """
    entropy = [settings.seed, index, int(kind), number]
    return np.random.default_rng(np.random.SeedSequence(entropy))


def sample_person(settings: CohortSettings, index: int) -> Person:
    """Person ``index`` of a cohort; the same whatever ``n_identities`` is.

    A change of ``coupling`` alone leaves every voice as it is and changes the faces. Who they are
    follows from the seed, so their names tell it: ``id3-000017``.
    """
    heard_rng = stream(settings, index, Stream.HEARD)
    seen_rng = stream(settings, index, Stream.SEEN)
    heard = sample_heard(heard_rng, 1)
    seen = sample_seen(seen_rng, heard, settings.coupling)[0]
    only_heard = heard_rng.standard_normal(N_ONLY_HEARD).tolist()
    only_seen = seen_rng.standard_normal(N_ONLY_SEEN).tolist()
    return Person(
        identity=f"id{settings.seed}-{index:06d}",
        heard=Heard(_sex(heard[0, 0]), *heard[0, 1:].tolist(), *only_heard),
        seen=Seen(_sex(seen[0]), *seen[1:].tolist(), *only_seen),
    )


def sample_heard(rng: np.random.Generator, n: int) -> Float64s:
    """What is heard of the shared numbers, for people drawn from the population.

    Returns:
        Columns as in :data:`SHARED`, shape (n, 4); sex is -1 (female) or 1 (male).
    """
    heard = rng.standard_normal((n, len(SHARED)))
    heard[:, 0] = rng.choice([-1.0, 1.0], n)
    return heard


def sample_seen(rng: np.random.Generator, heard: Float64s, coupling: float) -> Float64s:
    """What is seen of the shared numbers, given what is heard.

    Sex is copied with probability ``coupling`` and drawn afresh otherwise, so it agrees with
    probability (1 + coupling) / 2. Each other number is ``coupling`` times the heard one plus an
    independent part that restores unit variance.

    Args:
        rng: Where the independent part comes from.
        heard: Shape (n, 4).
        coupling: From 0 to 1.

    Returns:
        Columns as in :data:`SHARED`, shape (n, 4).
    """
    own = sample_heard(rng, len(heard))
    copied = rng.random(len(heard)) < coupling
    seen = coupling * heard + math.sqrt(1 - coupling**2) * own
    seen[:, 0] = np.where(copied, heard[:, 0], own[:, 0])
    return seen


def shared_of(half: Heard | Seen) -> Float64s:
    """The shared numbers of one half of a person: columns of :data:`SHARED`, shape (4,)."""
    sex = 1.0 if half.sex == "male" else -1.0
    return np.array([sex, half.age, half.size, half.weight])


def oldness(age: float) -> float:
    """How far through adult life somebody is, from 0 to 1, uniform over the population."""
    return 0.5 * (1 + math.erf(age / math.sqrt(2)))


def years(age: float) -> float:
    """Age in years of a standard normal ``age``; uniform from 18 to 80 over the population."""
    return YOUNGEST + (OLDEST - YOUNGEST) * oldness(age)


def _sex(sign: float) -> Sex:
    return "male" if sign > 0 else "female"
