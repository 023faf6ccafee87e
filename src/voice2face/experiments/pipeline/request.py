"""What is to be reproduced, and where its parts lie in the folder of the work."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voice2face.assets.pretrained import find
from voice2face.corpus import Corpus
from voice2face.experiments.fitness import LEAST_SEEDS
from voice2face.networks.variants import VARIANTS, recipe, speaker_recipe
from voice2face.settings import Recipe, SpeakerRecipe, change

VOICE, RECOGNISER, REPORT = "voice encoder", "recogniser", "report"
RUNS, RESULTS, PAGES = "runs", "results", "report"
PLACES = {VOICE: f"{RUNS}/voice", RECOGNISER: "recogniser"}
REPORTED = tuple(name for name, variant in VARIANTS.items() if variant.number)  # the report's five
SET_ASIDE = 0.1  # share of the training people's recordings that is held out from training
DEFAULT_EMBEDDER, JUDGE = "face_reid_0095", "age_gender"
# Iterations of the faces for one of the speaker stage, unless given: 50,000 for 10,000.
FACE_FOR_VOICE = 5


MODEL = "model"  # folder of the released model in that of its run
NETWORK = "recogniser.onnx"


@dataclass(frozen=True)
class Request:
    """What is to be reproduced.

    Attributes:
        corpus: A prepared corpus.
        out: Folder of the work.
        variants: Variants of the models, in the order of tables.
        n_seeds: Number of models of each variant.
        seed: Seed of the first, and of everything else that is random.
        preset: Preset of the models.
        width: Share of the channels of voice encoder, generator, discriminator and classifier.
        iterations: Iterations of each model; None: those of the preset.
        voice_iterations: Iterations of the speaker stage; None: a fifth of those of the models.
        face_changes: Changed settings of the models, by path.
        voice_changes: Changed settings of the speaker stage.
        recogniser_changes: Changed settings of the recogniser.
        only: Names of experiments; None: all.
        embedders: Names or files of networks that compare faces; None: the shipped one.
        n_resamples: Number of resamples behind each interval.
        device: Device of the trainings, as torch names it.
        other: Another prepared corpus, for what is lost on other people.
        systems: Systems of others, each as its name and the folder of a model, its name on a hub,
            or ``TABLE:COLUMN`` for pictures that were made elsewhere.
    """

    corpus: Path
    out: Path
    variants: tuple[str, ...] = REPORTED
    n_seeds: int = LEAST_SEEDS
    seed: int = 0
    preset: str = "released"
    width: float = 1.0
    iterations: int | None = None
    voice_iterations: int | None = None
    face_changes: tuple[tuple[str, Any], ...] = ()
    voice_changes: tuple[tuple[str, Any], ...] = ()
    recogniser_changes: tuple[tuple[str, Any], ...] = ()
    only: tuple[str, ...] | None = None
    embedders: tuple[str, ...] | None = None
    n_resamples: int = 10_000
    device: str = "cpu"
    other: Path | None = None
    systems: tuple[tuple[str, str], ...] = ()

    def face_recipe(self, variant: str) -> Recipe:
        """Recipe of a model.

        Raises:
            SettingsError: No such variant, preset or setting.
        """
        px = Corpus.open(self.corpus).info.face_px
        given = {"generator.face_px": px, "critics.face_px": px, "training.set_aside": SET_ASIDE}
        if self.iterations is not None:
            given["training.iterations"] = self.iterations
        return change(recipe(variant, self.preset, self.width), given | dict(self.face_changes))

    def voice_recipe(self) -> SpeakerRecipe:
        """Recipe of the speaker stage.

        Raises:
            SettingsError: No such setting.
        """
        recipe_of_faces = self.face_recipe(self.variants[0])
        n_faces = recipe_of_faces.training.iterations
        given = {
            "voice_encoder.width": self.width,
            "training.iterations": self.voice_iterations or max(n_faces // FACE_FOR_VOICE, 1),
            "training.set_aside": recipe_of_faces.training.set_aside,
        }
        return change(speaker_recipe(self.preset), given | dict(self.voice_changes))

    def networks(self) -> tuple[str, ...]:
        """Names or files of networks that compare faces."""
        return (DEFAULT_EMBEDDER,) if self.embedders is None else self.embedders

    def judge(self) -> Path:
        """The network that judges age and gender."""
        return find(JUDGE)


def model_steps(request: Request) -> dict[str, list[str]]:
    """Names of the models' steps by variant, one for each seed."""
    seeds = range(request.seed, request.seed + request.n_seeds)
    return {variant: [f"{variant} {seed}" for seed in seeds] for variant in request.variants}


def model_place(request: Request, variant: str, number: int) -> str:
    """Folder of a model's run."""
    return f"{RUNS}/{variant}-{request.seed + number}"
