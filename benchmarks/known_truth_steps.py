"""Where a voice's knowledge of a face is lost on synthetic people, step by step.

    python -m benchmarks.known_truth_steps OUT [--only SEED/COUPLING,...]

Three cohorts of 1,200 people, each at five couplings of voice and face; 200 people of each are
matched who taught nothing. Each step is fed with the truth of the one before: the bound; the true
numbers of the voice against faces that are read; the same through a generator; the numbers heard in
recordings; whole systems in closed form, on statistics of log-mel bands, and for the first cohort
on GE2E. What is done in OUT is not done again; and what is done is written into
``results/known_truth_steps.json`` and, with ``results/known_truth.json``, ``docs/known-truth.md``.
"""

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.band_statistics import BandStatistics
from benchmarks.harness import RESULTS, machine
from benchmarks.known_truth_page import write_page
from voice2face.audio.speech import Speech
from voice2face.evaluation.embedders.fitted import LinearAttributes, as_faces
from voice2face.evaluation.metrics.matching import Scored, match_one_of_two
from voice2face.evaluation.statistics.intervals import estimate
from voice2face.evaluation.statistics.ridge import ridges_of
from voice2face.experiments.oracle import oracle
from voice2face.files import write_text
from voice2face.parts import PartSource, write_arrays
from voice2face.synthetic import CohortSettings, make_face, sample_person
from voice2face.synthetic.ceiling import best_matching_accuracy
from voice2face.synthetic.latent import shared_of
from voice2face.synthetic.write import make_clip
from voice2face.training.closed_form import Fit, VoicesAndFaces
from voice2face.training.flow.fit import FlowFit
from voice2face.training.flow.matching import FlowTraining
from voice2face.training.linear.fit import LinearFit
from voice2face.voice_encoders.ge2e import Ge2e

SEEDS, COUPLINGS = (11, 12, 13), (0.0, 0.25, 0.5, 0.85, 1.0)
N_LEARNED, N_ASKED, N_EACH = 1000, 200, 2  # people; recordings and pictures of each
N_PEOPLE = N_LEARNED + N_ASKED
N_FEW = 300  # as many as taught the networks of ``known_truth``
PX = 64
STRENGTH = 0.1  # of regressions from a voice, in the mean eigenvalue of its covariance
SIMPLE = "statistics"
ENCODERS: dict[str, Callable[[], Any]] = {SIMPLE: BandStatistics, "GE2E": Ge2e}
NUMBERS = ("sex", "age", "size", "weight")
# The flow's face without chance is a regression's, which its network has no part in.
FITS: dict[str, Fit] = {
    "linear": LinearFit(),
    "flow": FlowFit(training=FlowTraining(steps=1)),
}

Floats = npt.NDArray[np.floating]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cohort:
    """People of one seed and coupling; row i of the pictures shows person ``whose[i]``."""

    coupling: float
    heard: Floats
    seen: Floats
    pixels: npt.NDArray[np.uint8]
    whose: Labels
    reader: LinearAttributes
    read: Floats  # off the pictures of those asked about

    @classmethod
    def make(cls, seed: int, coupling: float) -> "Cohort":
        """Draw their faces, and learn to read them."""
        settings = CohortSettings(seed=seed, coupling=coupling, face_px=PX)
        people = [sample_person(settings, i) for i in range(N_PEOPLE)]
        heard, seen = (
            np.array([shared_of(half) for half in halves])
            for halves in ([p.heard for p in people], [p.seen for p in people])
        )
        whose = np.repeat(np.arange(N_PEOPLE), N_EACH)
        pixels = np.array([make_face(settings, i, k % N_EACH) for k, i in enumerate(whose)])
        learned = whose < N_LEARNED
        reader = LinearAttributes.fit(as_faces(pixels[learned]), seen[whose[learned]])
        read = reader.embed(as_faces(pixels[~learned]))
        return cls(coupling, heard, seen, pixels, whose, reader, read)

    def matched(self, told: Floats, whose: Labels) -> dict[str, Any]:
        """1:2 matching of what is told of people with what is read off pictures."""
        return _matched(told, whose, self.read, self.whose[self.whose >= N_LEARNED], self.seen)

    def through(
        self, fit: Fit, voices: Floats, whose: Labels, n_people: int = N_LEARNED
    ) -> dict[str, Any]:
        """Train a generator on so many people; match its faces of those that are asked about."""
        learned, of_faces, asked = whose < n_people, self.whose < n_people, whose >= N_LEARNED
        started = time.process_time()
        data = VoicesAndFaces(
            voices[learned].astype(np.float32), whose[learned],
            self.pixels[of_faces], self.whose[of_faces], [str(i) for i in range(n_people)],
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            new = fit(data, 0)
            new.write(Path(folder))
            sums = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in _files(folder)}
            generator = new.part.open(PartSource(Path(folder), sums))
        seconds = time.process_time() - started
        faces = generator.faces(voices[asked].astype(np.float32))
        found = self.matched(self.reader.embed(faces), whose[asked])
        return found | {"core_seconds": round(seconds, 1)}


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.known_truth_steps")
    options.add_argument("out", type=Path)
    options.add_argument("--only", default="", help="such as 11/0.85,12/0")
    options.add_argument("--encoder", default=",".join(ENCODERS))
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    wanted = [f"{seed}/{coupling:g}" for seed in SEEDS for coupling in COUPLINGS]
    for name in given.only.split(",") if given.only else wanted:
        seed, coupling = int(name.split("/")[0]), float(name.split("/")[1])
        for encoder in given.encoder.split(","):
            path = _answer(given.out, name, encoder)
            if not path.is_file() and (encoder == SIMPLE or seed == SEEDS[0]):
                found = answer(given.out, seed, coupling, encoder)
                write_text(path, json.dumps(found, indent=1) + "\n")
                print(name, encoder, json.dumps(found["systems"]), flush=True)
    done = [name for name in wanted if _answer(given.out, name, SIMPLE).is_file()]
    if done:
        found = {
            "machine": machine(),
            "run_with": "python -m benchmarks.known_truth_steps OUT",
            "people_learned_from": N_LEARNED,
            "people_asked_about": N_ASKED,
            "recordings_and_pictures_of_each": N_EACH,
            "cohorts": {name: _all_encoders(given.out, name) for name in done},
        }
        write_text(RESULTS / "known_truth_steps.json", json.dumps(found, indent=1) + "\n")
        write_page()


def _all_encoders(out: Path, name: str) -> dict[str, Any]:
    """What was found for one cohort, of all encoders in one."""
    whole: dict[str, Any] = {}
    for encoder in ENCODERS:
        if (path := _answer(out, name, encoder)).is_file():
            found = json.loads(path.read_text())
            for part in ("systems", "about"):
                found[part] = whole.get(part, {}) | found[part]
            whole |= found
    return whole


def answer(out: Path, seed: int, coupling: float, encoder: str) -> dict[str, Any]:
    """All steps, and systems on one voice encoder, on one cohort."""
    cohort = Cohort.make(seed, coupling)
    asked = np.arange(N_LEARNED, N_PEOPLE)
    true = cohort.heard[asked], cohort.seen[asked]
    of_voice, of_face = oracle(*true, coupling)
    systems: dict[str, Any] = {
        "numbers known": _matched(of_voice, asked, of_face, asked, cohort.seen, centred=False),
        "face read": cohort.matched(true[0], asked),
        "face drawn and read": cohort.through(FITS["linear"], cohort.heard, np.arange(N_PEOPLE)),
    }
    voices, whose = heard_by(out, encoder, seed)
    learned = whose < N_LEARNED
    told = _regressed(voices, cohort.heard[whose], learned)
    about = {f"r of what {encoder} hears": _agreement(told, cohort.heard[whose[~learned]])}
    systems[f"{encoder}: numbers heard, face read"] = cohort.matched(told, whose[~learned])
    of_seen = _regressed(voices, cohort.seen[whose], learned)
    systems[f"{encoder}: directly"] = cohort.matched(of_seen, whose[~learned])
    for name, fit in FITS.items():
        systems[f"{encoder}: {name}"] = cohort.through(fit, voices, whose)
    few = cohort.through(FITS["linear"], voices, whose, min(N_FEW, N_LEARNED))
    systems[f"{encoder}: linear, {N_FEW} people"] = few
    about["r of what is read off faces"] = _agreement(cohort.read, _of_pictures(cohort))
    bounds = {
        group: best_matching_accuracy(coupling, 2, within_sex=group != "all").accuracy
        for group in ("all", "within sex")
    }
    return {"seed": seed, "coupling": coupling, "bound": bounds, "systems": systems, "about": about}


def _matched(
    told: Floats,
    whose: Labels,
    read: Floats,
    of_read: Labels,
    seen: Floats,
    *,
    centred: bool = True,
) -> dict[str, Any]:
    """1:2 matching among all, and among people of one sex as it is seen."""
    if centred:  # what all have in common tells nobody apart
        told, read = told - told.mean(axis=0), read - read.mean(axis=0)
    names = whose.astype(str), of_read.astype(str)
    sex = np.sign(seen[of_read, 0])
    both = [match_one_of_two(told, names[0], read, names[1], group=group) for group in (None, sex)]
    return dict(zip(("all", "within sex"), map(_figures, both), strict=True))


def heard_by(out: Path, name: str, seed: int) -> tuple[Floats, Labels]:
    """Embeddings of a cohort's recordings, standardised, and whose they are; kept in OUT.

    Voices do not depend on the coupling.
    """
    kept = out / f"{name}-{seed}.npz"
    whose = np.repeat(np.arange(N_PEOPLE), N_EACH)
    if not kept.is_file():
        settings, encoder = CohortSettings(seed=seed), ENCODERS[name]()
        clips = (Speech(make_clip(settings, i, k % N_EACH)) for k, i in enumerate(whose))
        write_arrays(kept, {"heard": np.array([encoder.embed(clip) for clip in clips])})
    heard = np.load(kept, allow_pickle=False)["heard"]
    learned = heard[whose < N_LEARNED]
    spread = learned.std(axis=0) + 1e-6
    return np.asarray((heard - learned.mean(axis=0)) / spread), whose


def _regressed(voices: Floats, numbers: Floats, learned: npt.NDArray[np.bool_]) -> Floats:
    """Numbers of those who are asked about, by regression on the others."""
    strength = np.array([[STRENGTH]])
    fitted = ridges_of(voices[learned], numbers[learned], np.ones(learned.sum()), strength)[0]
    return fitted(voices[~learned])


def _agreement(found: Floats, truth: Floats) -> dict[str, float]:
    """Correlation of each number with the true one."""
    return {
        name: float(np.corrcoef(found[:, k], truth[:, k])[0, 1]) for k, name in enumerate(NUMBERS)
    }


def _of_pictures(cohort: Cohort) -> Floats:
    return cohort.seen[cohort.whose[cohort.whose >= N_LEARNED]]


def _figures(scored: Scored) -> dict[str, float]:
    found = estimate(scored.share_right, scored.people, n_resamples=1000)
    return {"value": found.value, "low": found.low, "high": found.high}


def _files(folder: str) -> list[Path]:
    return [path for path in Path(folder).iterdir() if path.is_file()]


def _answer(out: Path, name: str, encoder: str) -> Path:
    return out / f"{name.replace('/', '-')}-{encoder}.json"


if __name__ == "__main__":
    main()
