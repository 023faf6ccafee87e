"""The face stage: generator and critics on voices and faces ("Training" of docs/method.md)."""

import contextlib
from functools import partial
from pathlib import Path
from typing import Any

from voice2face.corpus import Corpus
from voice2face.errors import TrainingError, one_of
from voice2face.release.export import export_generator
from voice2face.release.network_parts import deconvolutional_part
from voice2face.release.writing import write_release
from voice2face.settings import Recipe, Run, change, to_yaml
from voice2face.training.data.frames import CorpusFrames
from voice2face.training.data.streamed import open_data
from voice2face.training.distributed import Team, solo
from voice2face.training.facts import face_facts
from voice2face.training.frozen import FrozenEncoder, open_frozen
from voice2face.training.gan.monitors import MONITORS, Monitors
from voice2face.training.gan.samples import FRAMES_PER_S, SAMPLE_S, frames_in, sample_voices
from voice2face.training.gan.trainee import FaceTrainee, trial_step
from voice2face.training.loop import train
from voice2face.training.precision import settled
from voice2face.training.run_folder import opened_corpus


def train_face(
    corpus_folder: Path,
    out: Path,
    recipe: Recipe,
    *,
    voice_encoder: str | Path | None = None,
    variant: str = "",
    seed: int = 0,
    device: str = "cpu",
    run: Run | None = None,
    resume: bool = False,
    quiet: bool = False,
    half: bool = False,
    team: Team | None = None,
    memory_bytes: int | None = None,
) -> Path:
    """Train a generator on a corpus; write the released model to ``out/model``.

    Args:
        corpus_folder: A prepared corpus; its ``train`` split is used.
        out: Folder of the run.
        recipe: What to compute.
        voice_encoder: A model folder, or the folder of a `train voice` run; or another encoder, as
            ``training.frozen.open_frozen`` takes it.
        variant: The recipe's name, for the card.
        seed: Seed of initialisation and drawing.
        device: Where, as torch names it.
        run: What to write and when.
        resume: Go on with the run in ``out``.
        quiet: No progress bar.
        half: Release weights rounded to 16 bits.
        team: The processes that train together, each on its device; None: this one, on ``device``.
        memory_bytes: A corpus that needs more is streamed; None: half of what is free.

    Returns:
        The model's folder, which the leader of the team writes.

    Raises:
        CorpusError: The corpus can't be read.
        ModelError: The voice encoder can't be read, or the generator could not be released.
        SettingsError: There is no such monitor as ``run.best_by``.
        TrainingError: The corpus doesn't fit the recipe; a loss is not finite; another run in
            ``out``.
    """
    team, run = team or solo(device), run or Run()
    if run.best_by:
        one_of("--best-by", run.best_by, MONITORS)
    corpus = opened_corpus(corpus_folder, out, resume=resume, team=team)
    encoder = open_frozen(voice_encoder)
    recipe = _fitted(recipe, encoder)
    _check_fit(corpus, recipe)
    frames = CorpusFrames(corpus, encoder.frames)
    pair_by, set_aside = recipe.training.pair_by, recipe.training.set_aside
    opened = open_data(
        frames, pair_by, seed=seed, memory_bytes=memory_bytes, set_aside=set_aside, team=team
    )
    with contextlib.closing(opened) as data:
        trial = partial(trial_step, data, encoder.network, team)
        recipe = settled(recipe, out, resume=resume, team=team, trial=trial, quiet=quiet)
        trainee = FaceTrainee(
            data, recipe, encoder.network, sample_voices(frames, pair_by), seed, team,
            n_frames=frames_in(SAMPLE_S, encoder.frames.frames_per_s),
        )  # fmt: skip
        export_generator(trainee.released(), None, half=half)  # refused now, and not after hours
        _equip(trainee, frames, run, seed)
        train(
            trainee, out, recipe.training.iterations, run, recipe,
            _identity(corpus, recipe, encoder, seed), resume=resume, quiet=quiet, team=team,
        )  # fmt: skip
    if team.is_leader:
        _release(trainee, out, corpus, encoder, {"variant": variant, "seed": seed}, half)
    team.barrier()
    return out / "model"


def _equip(trainee: FaceTrainee, frames: CorpusFrames, run: Run, seed: int) -> None:
    """Give a trainee its monitors, which are the leader's, and what makes its steps faster."""
    if trainee.team.is_leader:
        encoder, device = trainee.networks.voice_encoder, str(trainee.device)
        trainee.monitors = Monitors(frames, encoder, trainee.recipe, seed, device)
    if run.compile:
        trainee.compile()
    if run.graph:
        trainee.capture()


def _fitted(recipe: Recipe, encoder: FrozenEncoder) -> Recipe:
    """The recipe for an encoder: its embeddings' size, and stretches of as many seconds.

    ``crop_frames`` counts frames of 10 ms, as the report's front end makes them.
    """
    rate = encoder.frames.frames_per_s
    stretches = [frames_in(n / FRAMES_PER_S, rate) for n in recipe.training.crop_frames]
    changes = {"generator.embedding_dim": encoder.frames.dim, "training.crop_frames": stretches}
    return change(recipe, changes)


def _identity(corpus: Corpus, recipe: Recipe, encoder: FrozenEncoder, seed: int) -> dict[str, str]:
    """What a resumed run must have in common with the one that stopped."""
    # With a constant rate nothing in a step depends on how many there will be, so a run may be
    # made longer.
    longer = recipe.training.schedule == "constant"
    return {
        "recipe": to_yaml(change(recipe, {"training.iterations": 1}) if longer else recipe),
        "seed": str(seed),
        "corpus": corpus.info.data_hash,
        "voice encoder": encoder.part.sha256,
    }


def _check_fit(corpus: Corpus, recipe: Recipe) -> None:
    sizes = {corpus.info.face_px, recipe.generator.face_px, recipe.critics.face_px}
    if len(sizes) > 1:
        raise TrainingError(
            corpus.path,
            f"faces of {corpus.info.face_px} pixels",
            f"{recipe.generator.face_px} for the generator, {recipe.critics.face_px} the critics",
            "prepare the corpus with that --px, or change generator.face_px and critics.face_px",
        )


def _release(
    trainee: FaceTrainee,
    out: Path,
    corpus: Corpus,
    encoder: FrozenEncoder,
    told: dict[str, Any],
    half: bool,
) -> None:
    """Write the model, with what is told of it, to ``out/model``."""
    data, recipe, training = trainee.data, trainee.recipe, trainee.recipe.training
    facts = face_facts(
        corpus, training.pair_by, training.set_aside,
        classes=len(data.labels), recordings=len(data.voices), faces=len(data.faces),
    ) | {
        "iterations": trainee.n_steps, "batch": training.batch_size,
        "precision": training.precision, **encoder.facts, **told,
    }  # fmt: skip
    generator = deconvolutional_part(trainee.released(), recipe.embedding, half=half)
    parts = (*encoder.new_parts(unit=recipe.embedding.unit, half=half), generator)
    write_release(out / "model", out.resolve().name, parts, facts)
