"""Voice encoders side by side: how well each verifies speakers, by duration and by channel."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.harness import figure
from benchmarks.hearing_parts import Found
from benchmarks.hearing_recordings import PATIENT, Heard, Windows, pooled
from voice2face.audio.noise import Sound
from voice2face.audio.resample import RATE_HZ
from voice2face.audio.speech import Speech
from voice2face.errors import AudioError
from voice2face.evaluation.metrics.verification import Verification, all_trials, measure
from voice2face.training.speaker.adaptation import AdaptationRecipe, train_head
from voice2face.voice_encoders.ge2e import Ge2e

DURATIONS_S = (1.0, 2.0, 3.0, 5.0)
CHANNELS = ("telephone", "AMR", "Opus", "MP3", "reverberation", "white noise, 10 dB")
GE2E = "GE2E"

Table = dict[str, np.ndarray]  # embeddings by condition; NaN where too little was heard


@dataclass(frozen=True)
class Stretch:
    """Some seconds of each recording, from its middle."""

    seconds: float

    def __call__(self, sound: Sound) -> Sound:
        """The stretch."""
        n = round(self.seconds * RATE_HZ)
        start = max(len(sound) - n, 0) // 2
        return sound[start : start + n]


def verification(voxceleb: Heard, readers: Heard, changed: dict[str, Windows]) -> Found:
    """Whole recordings against whole ones, against stretches, and against other channels' ones."""
    stretches = {f"{s:g} s": Stretch(s) for s in DURATIONS_S}
    patient = Ge2e(settings=PATIENT)
    windows = {"whole": voxceleb.windows}
    windows |= {name: _windows(patient, voxceleb, cut) for name, cut in stretches.items()}
    windows |= {name: changed[name] for name in CHANNELS}
    heads: dict[str, Callable[[np.ndarray], np.ndarray]] = {GE2E: pooled}
    for pooling in ("linear", "attention"):
        recipe = AdaptationRecipe(pooling=pooling)
        heads[f"GE2E, {pooling} head"] = train_head(readers.windows, readers.people, recipe)
    tables: dict[str, Table] = {
        name: {k: np.stack([pool(w) for w in ws]) for k, ws in windows.items()}
        for name, pool in heads.items()
    }
    found = Found()
    for name, table in tables.items():
        rows = {}
        for condition in windows:
            told = _measured(table["whole"], table[condition], voxceleb.people)
            if told is None:
                continue
            rows[condition] = _text(told)
            if condition == "whole":
                eer = figure(f"EER, VoxCeleb, {name}, %", [100 * told.eer.value])
                found.figures.append(eer)
        found.about[f"verification, {name}"] = rows
    return found


def _windows(encoder: Ge2e, heard: Heard, change: Callable[[Sound], Sound]) -> Windows:
    silent = np.full((1, encoder.frame_dim), np.nan, np.float32)
    made = _each(heard, change, encoder.frames)
    return [silent if windows is None else windows for windows in made]


def _each(
    heard: Heard, change: Callable[[Sound], Sound], take: Callable[[Speech], np.ndarray]
) -> list[np.ndarray | None]:
    made: list[np.ndarray | None] = []
    for number in range(len(heard.rows)):
        try:
            made.append(take(Speech(change(heard.speech(number).samples))))
        except AudioError:  # too little of it is speech
            made.append(None)
    return made


def _measured(enrolled: np.ndarray, tested: np.ndarray, people: np.ndarray) -> Verification | None:
    there = np.isfinite(tested).all(axis=1) & np.isfinite(enrolled).all(axis=1)
    trials = all_trials(people)
    kept = trials.only(there[trials.enrolled] & there[trials.tested])
    known = partial(np.nan_to_num, nan=1.0)
    return measure(known(enrolled), known(tested), kept, n_resamples=200)


def _text(told: Verification) -> str:
    eer, costs = told.eer, (told.min_dcf_05.value, told.min_dcf_01.value)
    rate = f"EER {100 * eer.value:.1f} [{100 * eer.low:.1f}, {100 * eer.high:.1f}]"
    return f"{rate}, minDCF(0.05) {costs[0]:.2f}, minDCF(0.01) {costs[1]:.2f}"
