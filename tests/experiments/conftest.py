"""A small study, made once: a corpus of 24 made-up people, three small models and a recogniser."""

from pathlib import Path

import numpy as np
import pytest

from voice2face.corpus import Corpus
from voice2face.corpus.held_out import held_out
from voice2face.corpus.prepare import prepare
from voice2face.evaluation.baselines import make_baselines
from voice2face.evaluation.embedders.fitted import Eigenfaces, as_faces
from voice2face.evaluation.embedders.onnx_embedder import OnnxEmbedder
from voice2face.evaluation.training_people import TrainingFaces, TrainingVoices
from voice2face.experiments.context import Context
from voice2face.experiments.recordings import Recordings
from voice2face.experiments.systems import BaselineSystem, ModelSystem
from voice2face.faces.settings import FaceCrop
from voice2face.networks.variants import recipe
from voice2face.settings import Run, SpeakerRecipe, change
from voice2face.synthetic import CohortSettings, write_cohort
from voice2face.training.gan.train import train_face
from voice2face.training.recogniser.network import RecogniserRecipe
from voice2face.training.recogniser.train import train_recogniser
from voice2face.training.speaker.train import train_speaker

ASIDE = 0.25
PX = 32
QUICK = Run(checkpoint_every=1000, sample_every=1000, best_by="")
SHORT = {
    "training.batch_size": 16, "training.crop_frames": [100, 150], "training.set_aside": ASIDE,
    "training.precision": "fp32",
}  # fmt: skip
# Variant and seed of each model.
MODELS = (("baseline", 0), ("baseline", 1), ("bn", 0))


@pytest.fixture(scope="session")
def study_people(tmp_path_factory) -> Path:
    """Folder of a cohort of 24 people, each with four recordings of 2 to 5 s and four pictures."""
    folder = tmp_path_factory.mktemp("study") / "cohort"
    settings = CohortSettings(
        n_identities=24, seed=3, clips_per_identity=4, faces_per_identity=4, clip_s=(2, 5),
        face_px=PX,
    )  # fmt: skip
    write_cohort(folder, settings)
    return folder


@pytest.fixture(scope="session")
def study_corpus(study_people, tmp_path_factory) -> Path:
    """Their corpus; seven of them or so are in the test split."""
    out = tmp_path_factory.mktemp("study") / "corpus"
    report = prepare([study_people], out, face_crop=FaceCrop(px=PX), split="hash:60/10/30")
    assert report.info.counts["train"].identities >= 10
    assert report.info.counts["test"].identities >= 5
    return out


@pytest.fixture(scope="session")
def other_corpus(study_corpus, tmp_path_factory) -> Corpus:
    """A corpus of 30 made-up people, the first 24 of whom are those of the study."""
    folder = tmp_path_factory.mktemp("other")
    settings = CohortSettings(
        n_identities=30, seed=3, clips_per_identity=1, faces_per_identity=2, clip_s=(2, 2),
        face_px=PX,
    )  # fmt: skip
    write_cohort(folder / "people", settings)
    prepare([folder / "people"], folder / "other", face_crop=FaceCrop(px=PX))
    return Corpus.open(folder / "other")


@pytest.fixture(scope="session")
def study_runs(study_corpus, tmp_path_factory) -> Path:
    """Folder with the runs ``voice``, ``baseline-0``, ``baseline-1``, ``bn-0``, ``recogniser``."""
    out = tmp_path_factory.mktemp("study") / "runs"
    heard = change(SpeakerRecipe(), SHORT | {"voice_encoder.width": 0.1, "training.iterations": 20})
    train_speaker(study_corpus, out / "voice", heard, run=QUICK, quiet=True)
    sizes = {"generator.face_px": PX, "critics.face_px": PX, "training.iterations": 30}
    for variant, seed in MODELS:
        chosen = change(recipe(variant, width=0.1), SHORT | sizes)
        train_face(
            study_corpus, out / f"{variant}-{seed}", chosen,
            voice_encoder=out / "voice", variant=variant, seed=seed, run=QUICK, quiet=True,
        )  # fmt: skip
    known = RecogniserRecipe(width=0.25, iterations=80, batch_size=32)
    train_recogniser(study_corpus, out / "recogniser", known, run=QUICK, quiet=True)
    return out


@pytest.fixture(scope="session")
def study(study_corpus, study_runs, tmp_path_factory) -> Context:
    """All of it for experiments to ask; 200 resamples."""
    corpus = Corpus.open(study_corpus)
    models: dict[str, list[ModelSystem]] = {}
    for variant, seed in MODELS:
        system = ModelSystem.of(f"{variant} {seed}", study_runs / f"{variant}-{seed}" / "model")
        models.setdefault(variant, []).append(system)
    faces = corpus.faces("train")
    first = models["baseline"][0]
    voices = Recordings.of_corpus(corpus, "train")
    heard = ~held_out(voices.clip, voices.identity, ASIDE)
    voices = voices.only(heard)  # rivals hear what models hear
    rivals, _ = make_baselines(
        TrainingVoices(first.embed(voices), voices.identity, voices.attributes["gender"]),
        TrainingFaces.of(faces),
        model=lambda probes: first.faces(np.asarray(probes)).pixels,
    )
    recogniser = study_runs / "recogniser" / "recogniser.onnx"
    eigenfaces = Eigenfaces.fit(as_faces(faces.pixels))
    return Context(
        corpus=corpus,
        models=models,
        baselines={n: BaselineSystem(n, first, rival) for n, rival in rivals.items()},
        embedders={e.name: e for e in (eigenfaces, OnnxEmbedder(recogniser))},
        judge=None,
        recogniser=recogniser,
        held_out=ASIDE,
        out=tmp_path_factory.mktemp("results"),
        n_resamples=200,
    )
