"""Where a voice's knowledge of a face is lost on synthetic people, step by step.

    python -m benchmarks.known_truth_steps OUT [--only SEED/COUPLING,...]

Three cohorts of 1,200 people, each at five couplings of voice and face; 200 people of each are
matched who taught nothing. Each step is fed with the truth of the one before: the bound; the true
numbers of the voice against faces that are read; the same through a generator; the numbers heard in
recordings; whole systems, on statistics of log-mel bands, and for the first cohort on GE2E. What is
done in OUT is not done again; and what is done is written into
``results/known_truth_steps.json`` and, with ``results/known_truth.json``, ``docs/known-truth.md``.
"""

import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.band_statistics import BandStatistics
from benchmarks.harness import RESULTS, machine
from benchmarks.known_truth_page import write_page
from voice2face.arrays import Bools, Floats, Int64s, UInt8s
from voice2face.audio.speech import Speech
from voice2face.evaluation.embedders.fitted import Eigenfaces, LinearAttributes, as_faces
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
from voice2face.training.closed_form import Fit, Trained, VoicesAndFaces
from voice2face.training.flow.fit import FlowFit
from voice2face.training.flow.matching import FlowTraining
from voice2face.training.linear.fit import LinearFit
from voice2face.training.matching.closed import Side, canonical_correlations
from voice2face.training.speech2face.fit import Speech2FaceFit
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
    "speech2face": Speech2FaceFit(),
}
GEOMETRY = "released"


@dataclass(frozen=True, eq=False)
class Cohort:
    """People of one seed and coupling; row i of the pictures shows person ``whose[i]``."""

    coupling: float
    heard: Floats
    seen: Floats
    pixels: UInt8s
    whose: Int64s
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

    def matched(self, told: Floats, whose: Int64s) -> dict[str, Any]:
        """1:2 matching of what is told of people with what is read off pictures."""
        return _matched(told, whose, self.read, self.whose[self.whose >= N_LEARNED], self.seen)

    def through(
        self, fit: Fit, voices: Floats, whose: Int64s, n_people: int | None = None
    ) -> dict[str, Any]:
        """Train a generator on so many people, or all that teach; match its faces of the others."""
        n_people = N_LEARNED if n_people is None else n_people
        learned, of_faces, asked = whose < n_people, self.whose < n_people, whose >= N_LEARNED
        started = time.process_time()
        data = VoicesAndFaces(
            voices[learned].astype(np.float32), whose[learned],
            self.pixels[of_faces], self.whose[of_faces], [str(i) for i in range(n_people)],
            GEOMETRY,
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            made = fit(data, 0)
            new = made.generator if isinstance(made, Trained) else made
            new.write(Path(folder))
            sums = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in _files(folder)}
            generator = new.part.open(PartSource(Path(folder), sums))
        seconds = time.process_time() - started
        faces = generator.faces(voices[asked].astype(np.float32))
        found = self.matched(self.reader.embed(faces), whose[asked])
        return found | {"core_seconds": round(seconds, 1)}

    def paired(self, voices: Floats, whose: Int64s) -> dict[str, Any]:
        """Match voices with eigenfaces of pictures by two linear heads; no face is made."""
        learned, asked = whose < N_LEARNED, whose >= N_LEARNED
        taught = self.whose < N_LEARNED
        faces = as_faces(self.pixels)
        seen = Eigenfaces.fit(faces[taught]).embed(faces)
        sides = Side(voices[learned], whose[learned]), Side(seen[taught], self.whose[taught])
        matcher, _ = canonical_correlations(*sides, 0)
        told = matcher.voices(voices[asked].astype(np.float32))
        read = matcher.faces(seen[~taught])
        return _matched(told, whose[asked], read, self.whose[~taught], self.seen)


def main(
    out: Path,
    only: Annotated[str, typer.Option(help="Such as 11/0.85,12/0; else all.")] = "",
    encoder: str = ",".join(ENCODERS),
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    wanted = [f"{seed}/{coupling:g}" for seed in SEEDS for coupling in COUPLINGS]
    for name in only.split(",") if only else wanted:
        seed, coupling = int(name.split("/")[0]), float(name.split("/")[1])
        for hearing in encoder.split(","):
            path = _answer(out, name, hearing)
            known = json.loads(path.read_text()) if path.is_file() else {}
            if hearing == SIMPLE or seed == SEEDS[0]:
                found = answer(out, seed, coupling, hearing, known)
                write_text(path, json.dumps(found, indent=1) + "\n")
                print(name, hearing, json.dumps(found["systems"]), flush=True)
    done = [name for name in wanted if _answer(out, name, SIMPLE).is_file()]
    if done:
        found = {
            "machine": machine(),
            "run_with": "python -m benchmarks.known_truth_steps OUT",
            "people_learned_from": N_LEARNED,
            "people_asked_about": N_ASKED,
            "recordings_and_pictures_of_each": N_EACH,
            "cohorts": {name: _all_encoders(out, name) for name in done},
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


def answer(
    out: Path, seed: int, coupling: float, encoder: str, known: dict[str, Any] | None = None
) -> dict[str, Any]:
    """All steps, and systems on one voice encoder, on one cohort; but for what is known."""
    known = known or {"systems": {}, "about": {}}
    voices, whose = heard_by(out, encoder, seed)
    wanted = steps(voices, whose, encoder)
    if wanted.keys() <= known["systems"].keys():
        return known
    cohort = Cohort.make(seed, coupling)
    systems = {
        name: known["systems"][name] if name in known["systems"] else ask(cohort)
        for name, ask in wanted.items()
    }
    learned = whose < N_LEARNED
    told = _regressed(voices, cohort.heard[whose], learned)
    about = {
        f"r of what {encoder} hears": _agreement(told, cohort.heard[whose[~learned]]),
        "r of what is read off faces": _agreement(cohort.read, _of_pictures(cohort)),
    }
    bounds = {
        group: best_matching_accuracy(coupling, 2, within_sex=group != "all").accuracy
        for group in ("all", "within sex")
    }
    return {"seed": seed, "coupling": coupling, "bound": bounds, "systems": systems, "about": about}


def steps(voices: Floats, whose: Int64s, encoder: str) -> dict[str, Callable[[Cohort], Any]]:
    """Every step, and whole systems on what a voice encoder hears, by name."""
    asked, learned = np.arange(N_LEARNED, N_PEOPLE), whose < N_LEARNED

    def known(cohort: Cohort) -> dict[str, Any]:
        of_voice, of_face = oracle(cohort.heard[asked], cohort.seen[asked], cohort.coupling)
        return _matched(of_voice, asked, of_face, asked, cohort.seen, centred=False)

    def heard(cohort: Cohort) -> dict[str, Any]:
        told = _regressed(voices, cohort.heard[whose], learned)
        return cohort.matched(told, whose[~learned])

    def directly(cohort: Cohort) -> dict[str, Any]:
        told = _regressed(voices, cohort.seen[whose], learned)
        return cohort.matched(told, whose[~learned])

    linear, everybody = FITS["linear"], np.arange(N_PEOPLE)
    return {
        "numbers known": known,
        "face read": lambda cohort: cohort.matched(cohort.heard[asked], asked),
        "face drawn and read": lambda cohort: cohort.through(linear, cohort.heard, everybody),
        f"{encoder}: numbers heard, face read": heard,
        f"{encoder}: directly": directly,
        f"{encoder}: heads": lambda cohort: cohort.paired(voices, whose),
        **{
            f"{encoder}: {name}": partial(Cohort.through, fit=fit, voices=voices, whose=whose)
            for name, fit in FITS.items()
        },
        f"{encoder}: linear, {N_FEW} people": (
            lambda cohort: cohort.through(linear, voices, whose, min(N_FEW, N_LEARNED))
        ),
    }


def _matched(
    told: Floats,
    whose: Int64s,
    read: Floats,
    of_read: Int64s,
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


def heard_by(out: Path, name: str, seed: int) -> tuple[Floats, Int64s]:
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


def _regressed(voices: Floats, numbers: Floats, learned: Bools) -> Floats:
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
    typer.run(main)
