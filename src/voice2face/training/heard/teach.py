"""From two tables of recordings to read-offs of the shipped voice encoder."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice2face.arrays import Bools, Float64s, Int64s, Vectors
from voice2face.audio.channels import mp3, opus, reverberation, telephone, with_noise
from voice2face.audio.noise import Colour, Sound
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.speech import Speech, read_speech
from voice2face.corpus.sources.found import identity_of
from voice2face.errors import AudioError
from voice2face.evaluation.pairs import Pairs, read_pairs
from voice2face.files import sha256_of
from voice2face.synthetic.sounds import SOUNDS, sound
from voice2face.training.heard.fit import Taught, fit_age, fit_male, fit_voice
from voice2face.voice_encoders.ge2e import SHIPPED, Ge2e, Ge2eSettings
from voice2face.voice_encoders.heard import ReadOffs
from voice2face.voice_encoders.protocol import VoiceEncoder

SOUNDS_EACH = 80
# Changed recordings, and made-up sounds.
CUT_S = (1.2, 4.0)
SNR_DB = (5.0, 20.0)
SOUND_S = (3.0, 6.0)
CHANNELS = (telephone, mp3, opus, reverberation)
SURE = 0.9  # probability from which the gender that a picture shows is believed
LEAST_SPEECH_S = 0.3  # of a recording to learn from; the cut and noisy ones are short


@dataclass(frozen=True, eq=False)
class _Table:
    """Recordings of a table, embedded as they are and changed.

    Attributes:
        pairs: The table.
        x: Embeddings, those of the recordings as they are first, shape (n, dim).
        row: Row of the table, shape (n,).
        plain: Whether each is of a recording as it is, shape (n,).
    """

    pairs: Pairs
    x: Vectors
    row: Int64s
    plain: Bools

    def taught(self, values: Float64s, kept: Bools) -> Taught:
        """Some of them, with a value for each row of the table."""
        people = self.pairs.identity[self.row]
        return Taught(self.x[kept], values[self.row][kept], people[kept])


def teach(voices: Path, pairs: Path, seed: int = 0) -> ReadOffs:
    """Fit all read-offs.

    Args:
        voices: Table with identity, voice, gender.
        pairs: Table with identity, voice, face.
        seed: Seed of all that is drawn.

    Raises:
        CorpusError: A table that lacks a column or people.
        AudioError: A recording that can't be read.
        ModelError: A network is missing.
    """
    encoder = Ge2e(settings=Ge2eSettings(min_speech_s=LEAST_SPEECH_S))
    read, seen = read_pairs(voices, ("voice", "gender")), read_pairs(pairs, ("voice", "face"))
    labelled, pictured = _embedded(encoder, read, seed), _embedded(encoder, seen, seed)
    genders = (identity_of(cell).lower() for cell in read.cells["gender"])
    male = np.array([float(gender in ("m", "male", "man")) for gender in genders])
    ages, seems_male = _seen(seen)
    known = np.isfinite(ages)[pictured.row] & pictured.plain
    sure = known & (np.abs(seems_male - 0.5) >= SURE - 0.5)[pictured.row]
    everyone = Taught(
        np.concatenate([labelled.x, pictured.x]),
        np.concatenate([labelled.plain, pictured.plain]).astype(float),
        np.concatenate([read.identity[labelled.row], seen.identity[pictured.row]]),
    )
    others = embedded(encoder, other_sounds(SOUNDS_EACH, seed))[0]
    return ReadOffs(
        encoder="ge2e",
        encoder_sha256=sha256_of(SHIPPED),
        male=fit_male(
            labelled.taught(male, np.ones(len(labelled.x), bool)),
            pictured.taught((seems_male > 0.5).astype(float), sure),
            seed,
        ),
        age=fit_age(pictured.taught(ages, known), seed),
        voice=fit_voice(everyone, others, seed),
        provenance={
            "made_with": "python -m voice2face.training.heard VOICES.csv PAIRS.csv OUT.json",
            "seed": seed,
            "gender_taught_on": f"{len(read)} recordings, labelled, table {read.sha256[:16]}",
            "gender_calibrated_on": f"{int(sure.sum())} recordings whose picture shows it surely",
            "age_taught_on": f"age that a network sees in {int(known.sum())} pictures of speakers, "
            f"table {seen.sha256[:16]}",
            "voice_taught_on": f"{len(everyone.x)} stretches of these recordings, "
            f"{len(others)} made-up sounds",
        },
    )


def _embedded(encoder: Ge2e, pairs: Pairs, seed: int) -> _Table:
    paths = [pairs.root / cell for cell in pairs.cells["voice"]]
    plain, plain_row = embedded(encoder, map(read_speech, paths))
    other, other_row = embedded(encoder, changed(paths, seed))
    return _Table(
        pairs,
        np.concatenate([plain, other]),
        np.concatenate([plain_row, other_row]),
        np.repeat([True, False], [len(plain), len(other)]),
    )


def embedded(encoder: VoiceEncoder, recordings: Iterable[Speech]) -> tuple[Vectors, Int64s]:
    """Embeddings (n, dim) of recordings that hold enough speech, and which these are, (n,)."""
    made, rows = [], []
    for row, recording in enumerate(recordings):
        try:
            made.append(encoder.embed(recording))
        except AudioError:
            continue
        rows.append(row)
    vectors = np.stack(made) if made else np.zeros((0, encoder.dim), np.float32)
    return vectors, np.array(rows, np.int64)


def changed(paths: Sequence[Path], seed: int) -> Iterator[Speech]:
    """A stretch of each recording, most with noise or through a channel; each has its own seed."""
    for number, path in enumerate(paths):
        rng = np.random.default_rng((seed, number))
        recording = read_speech(path)
        yield Speech(_change(_cut(recording.samples, rng), rng), RATE_HZ, recording.name)


def other_sounds(n_each: int, seed: int) -> Iterator[Speech]:
    """Made-up sounds of every kind that are no voice, ``n_each`` of each."""
    for number, kind in enumerate(SOUNDS):
        for draw in range(n_each):
            rng = np.random.default_rng((seed, number, draw))
            yield Speech(sound(kind, rng.uniform(*SOUND_S), rng), RATE_HZ, kind)


def _cut(samples: Sound, rng: np.random.Generator) -> Sound:
    n = min(round(rng.uniform(*CUT_S) * RATE_HZ), len(samples))
    start = int(rng.integers(len(samples) - n + 1))
    return samples[start : start + n]


def _change(samples: Sound, rng: np.random.Generator) -> Sound:
    """A third noisy, a third through a channel, a third as it is."""
    choice = rng.integers(3)
    if choice == 0:
        colour: Colour = "white" if rng.random() < 0.5 else "pink"
        return with_noise(samples, rng.uniform(*SNR_DB), rng, colour)
    return CHANNELS[rng.integers(len(CHANNELS))](samples) if choice == 1 else samples


def _seen(pairs: Pairs) -> tuple[Float64s, Float64s]:
    """Age and probability of male that each picture shows; NaN where there is no face."""
    from voice2face.evaluation.embedders.attributes import AgeGender
    from voice2face.evaluation.embedders.face_set import FaceSet, detector

    paths = [pairs.root / cell for cell in pairs.cells["face"]]
    faces, left_out = FaceSet.of_files(paths, detector())
    there = np.ones(len(paths), bool)
    there[[one.row for one in left_out]] = False
    ages, male = np.full(len(paths), np.nan), np.full(len(paths), np.nan)
    ages[there], male[there] = AgeGender().judge(faces)
    return ages, male
