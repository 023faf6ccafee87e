"""Learning is real: on a cohort, faces made from unseen people's voices are matched to them.

Target: 1:2 matching on held-out identities above 75 %, where shuffled voices give 50 %, after
minutes on two cores: speaker stage, then ``baseline``, both at a quarter of the width. The best
that any system could reach on the cohort is known and stands beside it.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.harness import Result, figure, machine, table, write_result
from benchmarks.inputs import Inputs
from voice2face.corpus import Corpus
from voice2face.corpus.arrays import Faces
from voice2face.corpus.prepare import prepare
from voice2face.evaluation.embedders.fitted import Fisherfaces, LinearAttributes, as_faces
from voice2face.evaluation.metrics.matching import Scored, match_one_of_two
from voice2face.evaluation.statistics.intervals import Estimate, estimate
from voice2face.networks.variants import recipe
from voice2face.release.inference import Model
from voice2face.settings import SpeakerRecipe, change
from voice2face.synthetic import CohortSettings, facts_of, write_cohort
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.gan.train import train_face
from voice2face.training.speaker.train import train_speaker
from voice2face.voice_encoders.whole import as_frame_encoder

WIDTH = 0.25
SEED = 0
COHORT = CohortSettings(n_identities=400, seed=11)
SPLIT = "hash:75/5/20"
ITERATIONS = 12_000
# What a voice tells about a face here; the rest of it (skin, hair, nose ...) is drawn freely.
SHARED = ("seen_age", "seen_size", "seen_weight")
TARGET = 0.75
N_SHUFFLES = 10


@dataclass(frozen=True)
class Answers:
    """Matching of one kind of faces, in all and among people of one sex."""

    everybody: Scored
    within_sex: Scored


def train(
    folder: Path, cohort: CohortSettings = COHORT, iterations: int = ITERATIONS
) -> tuple[Path, Path, dict[str, float]]:
    """Cohort, corpus, speaker stage and faces; returns corpus, model, seconds of each stage."""
    times, clock = {}, time.perf_counter()

    def lap(name: str) -> None:
        nonlocal clock
        times[f"{name}_s"] = round(time.perf_counter() - clock, 1)
        clock = time.perf_counter()

    write_cohort(folder / "people", cohort)
    lap("cohort")
    corpus = prepare([folder / "people" / "cohort.csv"], folder / "corpus", split=SPLIT).path
    lap("prepare")
    speaker = change(
        SpeakerRecipe(),
        {
            "voice_encoder.width": WIDTH,
            "training.iterations": 500,
            "training.batch_size": 64,
            "training.precision": "bf16",
        },
    )
    train_speaker(corpus, folder / "voice", speaker, seed=SEED, quiet=True)
    lap("speaker_stage")
    faces = change(
        recipe("baseline", width=WIDTH),
        {
            "training.iterations": iterations,
            "training.batch_size": 32,
            "training.precision": "bf16",
            "training.ema_decay": 0.995,
        },
    )
    model = train_face(
        corpus, folder / "face", faces, voice_encoder=folder / "voice", seed=SEED, quiet=True
    )
    lap("face_stage")
    return corpus, model, times


def measure(corpus_folder: Path, model_folder: Path) -> dict[str, dict[str, Answers]]:
    """Matching on the test split by two fixed embedders fitted on the training split's faces."""
    corpus, model = Corpus.open(corpus_folder), Model(model_folder)
    learned, unseen = corpus.faces("train"), corpus.faces("test")
    encoder = as_frame_encoder(model.voice_encoder, "")
    voices = CorpusFrames(corpus, encoder).voices("test")
    heard = [encoder.pooled(np.asarray(v, np.float32)) for v in voices.frames]
    made = model.faces(np.stack(heard))
    embedders = {
        "attributes": LinearAttributes.fit(as_faces(learned.pixels), _shared(learned)),
        "fisherfaces": Fisherfaces.fit(as_faces(learned.pixels), learned.identity),
    }
    rng = np.random.default_rng(SEED)
    return {
        name: _answers(embedder, made, voices.identity, unseen, rng)
        for name, embedder in embedders.items()
    }


def _answers(
    embedder: LinearAttributes | Fisherfaces,
    made: np.ndarray,
    speakers: np.ndarray,
    unseen: Faces,
    rng: np.random.Generator,
) -> dict[str, Answers]:
    # Each side is centred: what all made faces share against all real ones tells nobody apart.
    vectors, real = (
        x - x.mean(axis=0) for x in map(embedder.embed, (made, as_faces(unseen.pixels)))
    )
    sex = np.asarray(unseen.attributes["seen_sex"], str)
    # Each person's recordings stand for somebody else's, as if the voice told nothing; often, for
    # one shuffle alone is right or wrong by luck.
    people, owner = np.unique(speakers, return_inverse=True)
    shuffled = np.concatenate([rng.permutation(people)[owner] for _ in range(N_SHUFFLES)])
    many = np.tile(vectors, (N_SHUFFLES, 1))
    first = np.arange(len(real)) % 2 == 0

    def match(x: np.ndarray, of: np.ndarray, against: np.ndarray = slice(None)) -> Answers:
        y, who, group = real[against], unseen.identity[against], sex[against]
        return Answers(
            match_one_of_two(x, of, y, who), match_one_of_two(x, of, y, who, group=group)
        )

    return {
        "model": match(vectors, speakers),
        "shuffled voices": match(many, shuffled),
        "real faces": match(real[first], unseen.identity[first], ~first),
    }


def learning(inputs: Inputs) -> Result:
    """1:2 matching on unseen people of a cohort: above 75 %, with shuffled voices 50 %."""
    corpus, model, times = train(inputs.folder / "learning")
    return summed_up(corpus, model, times, "python -m benchmarks learning")


def summed_up(corpus: Path, model: Path, times: dict[str, float], command: str) -> Result:
    """All figures of a trained model, beside what is known of the cohort."""
    answers = measure(corpus, model)
    best = facts_of(COHORT).best_matching
    chosen = answers["attributes"]["model"].everybody
    figures = (
        figure("1:2 matching, attributes", [chosen.accuracy], at_least=TARGET),
        *(
            figure(f"1:2 {who}, {embedder}{suffix}", [matching.accuracy])
            for embedder, kinds in answers.items()
            for who, answer in kinds.items()
            for suffix, matching in (
                ("", answer.everybody),
                (", within sex", answer.within_sex),
            )
        ),
        figure("1:2 best possible", [best["1:2"].accuracy]),
        figure("1:2 best possible, within sex", [best["1:2 within sex"].accuracy]),
        *([figure("minutes in all", [sum(times.values()) / 60])] if times else []),
    )
    about = {
        "cohort": f"{COHORT.n_identities} people, seed {COHORT.seed}, coupling {COHORT.coupling}",
        "people": chosen.n_people,
        "trials": chosen.n_trials,
        "intervals": {
            f"{who}, {embedder}": _interval(answer.everybody)
            for embedder, kinds in answers.items()
            for who, answer in kinds.items()
        },
        "seconds": times,
    }
    about["model"] = Model(model).config.provenance
    return Result(command, figures, about)


def main() -> None:
    """Measure a model that was trained before: ``python -m benchmarks.learning CORPUS MODEL``."""
    corpus, model = map(Path, sys.argv[1:])
    result = summed_up(corpus, model, {}, "python -m benchmarks.learning CORPUS MODEL")
    print(table(result.figures))
    write_result("learning", str(learning.__doc__), result, machine())


def over_people(scored: Scored) -> Estimate:
    """Accuracy with its interval over those who are asked about."""
    return estimate(scored.share_right, scored.people, n_resamples=1000)


def _interval(scored: Scored) -> list[float]:
    found = over_people(scored)
    return [round(found.low, 4), round(found.high, 4)]


def _shared(faces: Faces) -> np.ndarray:
    """What is seen of sex, age, size and weight: (faces, 4)."""
    sex = np.asarray(faces.attributes["seen_sex"], str) == "male"
    rest = [np.asarray(faces.attributes[name], float) for name in SHARED]
    return np.stack([sex.astype(float), *rest], axis=1)


if __name__ == "__main__":
    main()
