"""The parts of the benchmark ``hearing`` that are about GE2E and its read-offs."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.harness import Figure, figure
from benchmarks.hearing_recordings import Heard, Windows, canonical, embedded, pooled, shown
from benchmarks.prepare_runs import SHARED
from voice2face.audio.long_silence import LongSilence, level_dbfs, levelled_speech
from voice2face.audio.mel_power import mel_power
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.speech import Speech, read_speech
from voice2face.evaluation.metrics.matching import match
from voice2face.evaluation.statistics.intervals import draws, estimate, interval_of, times_drawn
from voice2face.evaluation.statistics.ridge import LinearMap, ridges_of
from voice2face.evaluation.training_people import person_weights
from voice2face.evaluation.trials.trial_list import Items
from voice2face.evaluation.trials.trials import make_trials
from voice2face.training.heard.fit import Taught, fit_age
from voice2face.voice_encoders.ge2e import Ge2e, Ge2eSettings
from voice2face.voice_encoders.heard import YOUNGEST, read_read_offs
from voice2face.voice_encoders.speakers import speakers_of

LEVELS_DBFS = (-46, -36, 6, 18)  # root mean square below full scale; the peak above it
N_VOICES = 30
N_FOLDS = 5
TRIED = (1.0, 2.0, 4.0, 8.0, 16.0)  # strengths of the ridge to identity
BANDS = ((0.5, 0.8), (0.8, 0.9), (0.9, 0.97), (0.97, 1.0))
N_PAIRS = 30
AS_THE_ORIGINAL = LongSilence(speech_dbfs=None)


@dataclass
class Found:
    """Figures, and what else one must know."""

    figures: list[Figure] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)


def original_figures() -> Iterable[Figure]:
    """Against what the program gives that GE2E is from."""
    path = SHARED / "reference" / "ge2e.npz"
    encoder = Ge2e(settings=Ge2eSettings(silence=AS_THE_ORIGINAL, output="unit"))
    apart, cosines = [], []
    with np.load(path) as arrays:
        for name in sorted({key.split(".")[0] for key in arrays}):
            speech = read_speech(path.parent / "speech" / f"{name}.wav")
            samples, gain = levelled_speech(speech.samples, AS_THE_ORIGINAL)
            theirs = arrays[f"{name}.mel"]
            apart.append(float(np.abs(mel_power(samples, gain) / theirs - 1).max()))
            cosines.append(float(encoder.embed(speech) @ arrays[f"{name}.embedding"]))
    yield figure("mel against the original, relative, worst recording", [max(apart)], at_most=1e-4)
    yield figure("clips' cosine to the original, worst", [min(cosines)], at_least=0.9999)


def gender_figures(voxceleb: Heard) -> Found:
    """The shipped read-off, taught on LibriSpeech alone."""
    odds = read_read_offs().male(voxceleb.raw)
    truth = voxceleb.column("gender") == "male"
    right = (odds > 0) == truth
    told = estimate(100 * right, voxceleb.people)
    found = Found([figure("gender right, VoxCeleb, %", [told.value], at_least=98.5)])
    found.about["gender"] = _text(told)
    sure = np.clip(1 / (1 + np.exp(-np.abs(odds))), 0.5, 0.99)
    found.about["gender, calibration"] = {
        f"{low:g} to {high:g}": {
            "recordings": int(rows.sum()),
            "said": round(float(sure[rows].mean()), 3),
            "right": round(float(right[rows].mean()), 3),
        }
        for low, high in BANDS
        if (rows := (sure >= low) & (sure < high)).any()
    }
    return found


def age_figures(voxceleb: Heard, avspeech: Heard) -> Found:
    """The shipped read-off, and its interval by folds of AVSpeech's people."""
    read_offs, found = read_read_offs(), Found()
    years = read_offs.age(voxceleb.raw)
    bands = np.array([_middle(text) for text in voxceleb.column("age")])
    r, low, high = _correlation(years, bands, voxceleb.people)
    found.figures.append(figure("age against the labelled band, VoxCeleb, r", [r], at_least=0.58))
    found.about["age, r"] = f"{r:.2f} [{low:.2f}, {high:.2f}]"
    seen, theirs = (shown(voxceleb, column)[0] for column in ("face", "speech2face"))
    for name, ages in (("of the pictures", seen), ("of Speech2Face's faces", theirs)):
        value, low, high = _correlation(ages, bands, voxceleb.people)
        found.about[f"age {name}, r"] = f"{value:.2f} [{low:.2f}, {high:.2f}]"
    ages, _ = shown(avspeech, "face")
    rows = np.isfinite(ages)
    taught = Taught(avspeech.raw[rows], ages[rows], avspeech.people[rows])
    within = np.empty(len(taught.y))
    names, owner = np.unique(taught.people, return_inverse=True)
    fold = np.random.default_rng(5).permutation(len(names))[owner] % N_FOLDS
    for number in range(N_FOLDS):
        out = fold == number
        read = fit_age(taught.only(~out), seed=number)
        told = np.maximum(read(taught.x[out]), YOUNGEST)
        inside = (taught.y[out] >= told * read.least) & (taught.y[out] <= told * read.most)
        within[out] = 100 * inside
    covered = estimate(within, taught.people)
    found.figures.append(
        figure("age within the 80 % interval, people left out, %", [covered.value], at_least=75)
    )
    found.about["age, covered, AVSpeech by folds"] = _text(covered)
    ends = read_offs.age.least, read_offs.age.most
    inside = (seen >= years * ends[0]) & (seen <= years * ends[1])
    found.about["age, covered, VoxCeleb's pictures"] = _text(
        estimate(100 * inside, voxceleb.people)
    )
    return found


def identity_figures(voxceleb: Heard, avspeech: Heard) -> Found:
    """A ridge from the voice to the canonical face's embedding, as strong as suits AVSpeech."""
    targets = canonical(avspeech)
    male = np.where(shown(avspeech, "face")[1] > 0.5, "male", "female")
    scores = [
        np.mean(_matched(_folds(avspeech, targets, tried), targets, avspeech.people, male, 10)[0])
        for tried in TRIED
    ]
    strength = TRIED[int(np.argmax(scores))]
    made = _ridge(avspeech.unit, targets, avspeech.people, strength)(voxceleb.unit)
    real_faces, gender = canonical(voxceleb), voxceleb.column("gender")
    values, texts = _matched(made, real_faces, voxceleb.people, gender)
    theirs = embedded(voxceleb, "speech2face")
    found = Found(about={"identity, ridge's strength": float(strength)})
    wanted = (("all", 73), ("within gender", 59))
    for (name, least), value, text, other in zip(
        wanted, values, texts, _matched(theirs, real_faces, voxceleb.people, gender)[1], strict=True
    ):
        label = f"identity 1:2, {name}, VoxCeleb, %"
        found.figures.append(figure(label, [100 * value], at_least=least))
        found.about[f"identity, {name}"] = f"{text}; Speech2Face's faces {other}"
    return found


def at_levels(voxceleb: Heard, encoder: Ge2e) -> Found:
    """Cosine of a voice to itself at other levels."""
    chosen = np.linspace(0, len(voxceleb.rows) - 1, N_VOICES).astype(int)
    found = Found()
    for level in LEVELS_DBFS:
        cosines = []
        for number in chosen:
            samples = voxceleb.speech(number).samples
            floats = samples / 32768
            now = level_dbfs(samples) if level < 0 else 20 * np.log10(np.abs(floats).max())
            loud = (floats * 10 ** ((level - now) / 20)).astype(np.float32)
            other = encoder.frames(read_speech(loud, RATE_HZ))
            cosines.append(float(pooled(other) @ pooled(voxceleb.windows[number])))
        where = "root mean square" if level < 0 else "peak, floats"
        name = f"cosine to itself at {level:+d} dBFS ({where})"
        found.figures.append(figure(name, cosines, at_least=0.98))
    return found


def same_voice(voxceleb: Heard, heard: dict[str, Windows]) -> Found:
    """How often the gender flips, and the cosine to the same voice, after changes."""
    male, found = read_read_offs().male, Found()
    whole = male(voxceleb.raw) > 0
    sides = {name: male(np.stack([w.mean(axis=0) for w in ws])) > 0 for name, ws in heard.items()}
    flips = {name: side != whole for name, side in sides.items()}
    flips["halves"] = sides["first half"] != sides["second half"]
    targets = {"halves": 2.0, "white noise, 10 dB": 4.0, "pink noise, 10 dB": 4.0}
    for name, flipped in flips.items():
        share = estimate(100 * flipped, voxceleb.people)
        if name in targets:
            label = f"gender flips, {name}, VoxCeleb, %"
            found.figures.append(figure(label, [share.value], at_most=targets[name]))
        found.about[f"gender flips, {name}"] = _text(share)
    for name, windows in heard.items():
        cosines = [
            float(pooled(a) @ pooled(b)) for a, b in zip(windows, voxceleb.windows, strict=True)
        ]
        found.about[f"cosine to the whole clip, {name}"] = round(float(np.mean(cosines)), 3)
    return found


def two_voices(voxceleb: Heard, readers: Heard, encoder: Ge2e) -> Found:
    """How often two voices are noticed where there are two, one after the other or in turns."""
    found, rng = Found(), np.random.default_rng(0)
    for name, heard in (("VoxCeleb", voxceleb), ("LibriSpeech", readers)):
        noticed: dict[str, list[bool]] = {"one after the other": [], "in turns": []}
        while len(noticed["in turns"]) < N_PAIRS:
            i, j = rng.choice(len(heard.rows), 2, replace=False)
            if heard.people[i] == heard.people[j]:
                continue
            a, b = (heard.speech(number).samples for number in (i, j))
            b = np.clip(b * 10 ** ((level_dbfs(a) - level_dbfs(b)) / 20), -32768, 32767)
            b = b.astype(np.int16)
            halves = [half for pair in zip(np.array_split(a, 2), np.array_split(b, 2), strict=True)
                      for half in pair]  # fmt: skip
            for order, parts in (("one after the other", [a, b]), ("in turns", halves)):
                windows = encoder.frames(Speech(np.concatenate(parts)))
                noticed[order].append(speakers_of(windows, encoder.frames_per_s).n > 1)
        for order, answers in noticed.items():
            found.figures.append(
                figure(f"two voices noticed, {name}, {order}, %", [100 * np.mean(answers)])
            )
    return found


def refusal_figures(encoder: Ge2e, sets: Iterable[Heard]) -> Found:
    """Real clips that would be refused, or taken for two people's."""
    read_offs = read_read_offs()
    least_s = encoder.settings.min_speech_s
    n = short = no_voice = several = 0
    for heard in sets:
        for row, windows in enumerate(heard.windows):
            n += 1
            no_voice += bool(read_offs.voice(windows.mean(axis=0)[None])[0] < read_offs.voice.least)
            several += speakers_of(windows, encoder.frames_per_s).n > 1
            if len(windows) == 1:
                samples, _ = levelled_speech(heard.speech(row).samples)
                short += len(samples) / RATE_HZ < least_s
    return Found(
        [
            figure("real clips refused, %", [100 * (short + no_voice) / n], at_most=0.5),
            figure("clips of one person taken for two's, %", [100 * several / n]),
        ],
        {"real clips": n, "refused: too short": short, "refused: no voice": no_voice},
    )


def _ridge(x: np.ndarray, y: np.ndarray, people: np.ndarray, strength: float) -> LinearMap:
    """One strength for all targets: each one's own does worse."""
    return ridges_of(x.astype(np.float64), y, person_weights(people), np.array([[strength]]))[0]


def _folds(heard: Heard, targets: np.ndarray, strength: float) -> np.ndarray:
    names, owner = np.unique(heard.people, return_inverse=True)
    fold = np.random.default_rng(0).permutation(len(names))[owner] % N_FOLDS
    made = np.empty_like(targets)
    for number in range(N_FOLDS):
        out = fold == number
        fitted = _ridge(heard.unit[~out], targets[~out], heard.people[~out], strength)
        made[out] = fitted(heard.unit[out])
    return made


def _matched(
    made: np.ndarray,
    faces: np.ndarray,
    people: np.ndarray,
    gender: np.ndarray,
    n_resamples: int = 1000,
) -> tuple[list[float], list[str]]:
    """1:2 matching over all triples, everybody and within gender."""
    items = Items(np.arange(len(people)).astype(str), people, {"gender": gender})
    values, texts = [], []
    for strata in ((), ("gender",)):
        trials = make_trials(items, items, protocol="1:2", strata=strata)
        told = match(made, faces, trials, centre=True).estimate(n_resamples=n_resamples)
        values.append(told.value)
        texts.append(f"{100 * told.value:.1f} [{100 * told.low:.1f}, {100 * told.high:.1f}]")
    return values, texts


def _correlation(a: np.ndarray, b: np.ndarray, people: np.ndarray) -> tuple[float, float, float]:
    """Pearson's r over recordings, with a 95 % interval over people."""
    names, owner = np.unique(people, return_inverse=True)
    drawn = [
        _weighted_r(a, b, counts[owner])
        for picks in draws(len(names), 0, 1000)
        for counts in times_drawn(picks, len(names))
    ]
    return _weighted_r(a, b, np.ones(len(a))), *interval_of(np.array(drawn))


def _weighted_r(a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> float:
    covariance = np.cov(np.stack([a, b]), aweights=weights)
    return float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))


def _middle(band: str) -> float:
    numbers = [float(text) for text in re.findall(r"\d+", band)]
    return sum(numbers) / 2 if len(numbers) == 2 else numbers[0] + 10


def _text(told: Any) -> str:
    return f"{told.value:.1f} [{told.low:.1f}, {told.high:.1f}]"
