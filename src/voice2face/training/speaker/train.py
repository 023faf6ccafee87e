"""The speaker stage: the voice encoder learns to tell speakers apart, by plain cross-entropy.

The authors trained their encoder so on VoxCeleb1 (the first author, in the tracker of the released
program) and never published that stage.
"""

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from msgspec.structs import replace
from torch import Tensor, nn

from voice2face.corpus.held_out import held_out_clips
from voice2face.errors import TrainingError
from voice2face.evaluation.metrics.verification import error_rate_of, keep_clips
from voice2face.networks.modules import VoiceEncoder
from voice2face.release.network_parts import convolutional_part
from voice2face.release.writing import write_release
from voice2face.runs.readings import LIMITS, READINGS, Alarms, append_readings
from voice2face.settings import Run, SpeakerRecipe, SpeakerTraining, to_yaml
from voice2face.training.cosine import CosineTrainee
from voice2face.training.data.frames import CorpusFrames, HeardVoices
from voice2face.training.data.in_memory import VoiceBank
from voice2face.training.data.memory import room_on
from voice2face.training.distributed import Team, solo
from voice2face.training.facts import facts_of
from voice2face.training.loop import train
from voice2face.training.precision import set_arithmetic, settled
from voice2face.training.run_folder import opened_corpus
from voice2face.training.speaker.encoding import embed_all, encode
from voice2face.training.speaker.verified import verified
from voice2face.training.speaker.versions import ChangedVoices

MOST_SHOWN = 200  # recordings of the validation split that each snapshot is measured on
READING = "verification"  # of a snapshot: 1 less the equal error rate, so that more is better


class SpeakerTrainee(CosineTrainee):
    """Voice encoder and a linear layer over the speakers, with everything random about them.

    Args:
        voices: Recordings of the speakers, labelled by speaker.
        n_speakers: How many there are.
        recipe: What to compute.
        seed: Seed of initialisation and drawing.
        device: Where, as torch names it; the team's, if there is one.
        changed: Needed if the recipe says how to augment.
        held_out: Recordings that snapshots are measured on.
        team: Processes that train together; each takes its part of one large batch, and its own
            part's batch statistics.
    """

    def __init__(
        self,
        voices: VoiceBank,
        n_speakers: int,
        recipe: SpeakerRecipe,
        seed: int,
        device: str,
        *,
        changed: ChangedVoices | None = None,
        held_out: HeardVoices | None = None,
        team: Team | None = None,
    ) -> None:
        torch.manual_seed(seed)
        self.team = team or solo(device)
        self.device = self.team.device
        self.voices, self.recipe = _placed(voices, self.device), recipe
        if recipe.training.augment and changed is None:
            raise ValueError("speaker stage: augmentation needs changed recordings")
        self.changed = changed if recipe.training.augment else None
        self.held_out, self.waited_s = held_out, 0.0
        self._alarms: Alarms | None = None
        set_arithmetic(self.device, recipe.training.precision)
        self.encoder = VoiceEncoder(recipe.voice_encoder).to(self.device)
        dim = recipe.voice_encoder.embedding_dim
        self.classifier = nn.Linear(dim, n_speakers).to(self.device)
        settings = recipe.training
        super().__init__(
            {"voice_encoder": self.encoder, "classifier": self.classifier},
            torch.Generator().manual_seed(seed),
            settings.learning_rate, settings.weight_decay, settings.iterations,
        )  # fmt: skip

    def draw(self) -> tuple[Tensor, Tensor]:
        """This process' part of a batch: features, (batch, n_mels, frames), and speakers."""
        settings, team = self.recipe.training, self.team
        n = settings.batch_size * team.world
        part = slice(team.rank * settings.batch_size, (team.rank + 1) * settings.batch_size)
        shortest, longest = settings.crop_frames
        n_frames = int(torch.randint(shortest, longest + 1, (1,), generator=self.rng))
        chosen = torch.randint(len(self.voices), (n,), generator=self.rng)[part]
        where = torch.rand(n, generator=self.rng)[part]
        labels = self.voices.labels[chosen].to(self.device, non_blocking=True)
        crops = self.voices.cut(chosen, where, n_frames)
        if self.changed is None:
            return crops, labels
        version = torch.randint(len(self.changed), (n,), generator=self.rng)
        as_it_is = torch.rand(n, generator=self.rng) >= settings.augment_share
        version = torch.where(as_it_is, -1, version)[part]
        return self.changed.put(crops, chosen, version, where), labels

    def step(self) -> dict[str, Tensor]:
        """One batch of crops, one length a batch."""
        begin = time.perf_counter()
        features, labels = self.draw()
        self.waited_s += time.perf_counter() - begin
        self.encoder.train()
        half = self.recipe.training.precision == "bf16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
            logits = self.classifier(encode(self.encoder, features))
        loss = F.cross_entropy(logits.float(), labels)
        self.descend(loss, self.team)
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        return {"cross_entropy": loss, "accuracy": accuracy}

    def show(self, step: int, out: Path) -> dict[str, float]:
        """How well recordings of the validation split are verified.

        The reading is kept in ``out/readings.jsonl`` too.
        """
        if self.held_out is None:
            return {}
        kept = keep_clips(self.held_out.identity, most=MOST_SHOWN)
        vectors = embed_all(self.encoder, [self.held_out.frames[i] for i in kept], self.device)
        errors = error_rate_of(vectors, self.held_out.identity[kept])
        if errors is None:
            return {}
        reading = LIMITS[READING].judge(READING, 1 - errors, step)
        self._alarms = self._alarms or Alarms(out / READINGS)
        append_readings(out / READINGS, step, [reading])
        self._alarms.tell(step, [reading])
        return {READING: reading.value}


def _placed(voices: VoiceBank, device: torch.device) -> VoiceBank:
    """The bank on the device if it fits there; else its crops alone go there."""
    if device.type == "cpu" or voices.n_bytes <= room_on(device):
        return voices.to(device)
    return dataclasses.replace(voices, device=device)


def train_speaker(
    corpus_folder: Path,
    out: Path,
    recipe: SpeakerRecipe,
    *,
    seed: int = 0,
    device: str = "cpu",
    run: Run | None = None,
    resume: bool = False,
    quiet: bool = False,
    team: Team | None = None,
) -> dict[str, Any]:
    """Train a voice encoder; write ``out/model`` and ``out/verification.json``.

    Args:
        corpus_folder: A prepared corpus; its ``train`` identities are learned, verification is
            measured on all the others.
        out: Folder of the run.
        recipe: What to compute.
        seed: Seed of initialisation and drawing.
        device: Where, as torch names it.
        run: What to write and when.
        resume: Go on with the run in ``out``.
        quiet: No progress bar.
        team: Processes that train together, all of which call this alike.

    Returns:
        What ``verification.json`` holds; nothing in processes that do not lead.

    Raises:
        CorpusError: The corpus can't be read.
        TrainingError: Fewer than two speakers, a loss that is not finite, another run in ``out``.
    """
    team, watched = team or solo(device), run or Run()
    corpus = opened_corpus(corpus_folder, out, resume=resume, team=team)
    frames = CorpusFrames(corpus)
    bank, n_speakers, changed = _voices(frames, recipe.training, seed)
    recipe = settled(
        recipe, out, resume=resume, team=team, quiet=quiet,
        trial=lambda tried: SpeakerTrainee(
            bank, n_speakers, tried, seed, device, changed=changed, team=solo(team.device)
        ).step,
    )  # fmt: skip
    trainee = SpeakerTrainee(
        bank, n_speakers, recipe, seed, device,
        changed=changed, held_out=frames.voices("validation"), team=team,
    )  # fmt: skip
    identity = {"recipe": to_yaml(recipe), "seed": str(seed), "corpus": corpus.info.data_hash}
    identity |= {"changed recordings": changed.digest} if changed else {}
    if watched.best_by == Run().best_by:  # which is a reading of the face stage
        watched = replace(watched, best_by=READING)
    train(
        trainee, out, recipe.training.iterations, watched, recipe, identity,
        resume=resume, quiet=quiet, team=team,
    )  # fmt: skip
    return _release(trainee, frames, out, seed) if team.is_leader else {}


def _voices(
    frames: CorpusFrames, training: SpeakerTraining, seed: int
) -> tuple[VoiceBank, int, ChangedVoices | None]:
    """Recordings to train on, of how many speakers they are, and their changed versions.

    Raises:
        TrainingError: Fewer than two speakers.
    """
    voices = frames.voices("train")
    set_aside = held_out_clips(frames.corpus, "train", training.set_aside)
    kept = np.flatnonzero([clip not in set_aside for clip in voices.clip])
    speakers, labels = np.unique(np.asarray(voices.identity, str)[kept], return_inverse=True)
    if len(speakers) < 2:
        found = f"{len(speakers)} speakers to train on"
        raise TrainingError(frames.corpus.path, found, "two or more", "add voices")
    bank = VoiceBank.of([voices.frames[i] for i in kept], labels.astype(np.int64))
    changed = None
    if training.augment:
        changed = ChangedVoices.of(frames, voices.clip[kept].tolist(), training, seed)
    return bank, len(speakers), changed


def _release(trainee: SpeakerTrainee, frames: CorpusFrames, out: Path, seed: int) -> dict[str, Any]:
    """Write ``verification.json`` and the model; what the former holds."""
    encoder, training, corpus = trainee.encoder, trainee.recipe.training, frames.corpus
    min_frames = corpus.info.front_end.min_frames
    report = verified(
        out, frames, lambda some: embed_all(encoder, some, trainee.device, min_frames), seed
    )
    facts = {
        **facts_of(corpus, "train voice"),
        "speakers": trainee.classifier.out_features,
        "recordings": len(trainee.voices),
        "recordings set aside": training.set_aside,
        "iterations": training.iterations,
        "augmentation": ", ".join(training.augment) or "none",
        "seed": seed,
        "verification EER, speakers not trained on": report["summary"],
    }
    part = convolutional_part(encoder.cpu(), corpus.info.preset, corpus.info.front_end)
    write_release(out / "model", f"{out.resolve().name} (voice encoder)", [part], facts)
    return report
