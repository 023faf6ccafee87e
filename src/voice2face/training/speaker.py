"""The speaker stage: the voice encoder learns to tell speakers apart, by plain cross-entropy.

The authors trained their encoder so on VoxCeleb1 (the first author, in the tracker of the released
program) and never published that stage.
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from voice2face import __version__
from voice2face.corpus import Corpus
from voice2face.errors import TrainingError
from voice2face.evaluation.verification import Verification, verify
from voice2face.files import write_text
from voice2face.model_folder import ModelConfig
from voice2face.networks import VoiceEncoder
from voice2face.release import check_replaceable, write_release
from voice2face.settings import Run, SpeakerRecipe, to_yaml
from voice2face.training.checkpoint import State
from voice2face.training.data import VoiceBank
from voice2face.training.loop import train

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

MIN_FRAMES = 1000  # as the front end repeats short recordings


class SpeakerTrainee:
    """Voice encoder and a linear layer over the speakers, with everything random about them."""

    def __init__(
        self, voices: VoiceBank, n_speakers: int, recipe: SpeakerRecipe, seed: int, device: str
    ) -> None:
        torch.manual_seed(seed)
        self.rng = torch.Generator().manual_seed(seed)
        self.device = torch.device(device)
        self.voices, self.recipe = voices, recipe
        self.encoder = VoiceEncoder(recipe.voice_encoder).to(self.device)
        dim = recipe.voice_encoder.embedding_dim
        self.classifier = nn.Linear(dim, n_speakers).to(self.device)
        settings = recipe.training
        parameters = [*self.encoder.parameters(), *self.classifier.parameters()]
        self.optimiser = torch.optim.AdamW(
            parameters, settings.learning_rate, weight_decay=settings.weight_decay
        )
        # From the full rate down to nothing along half a cosine (Loshchilov and Hutter 2017).
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.optimiser, settings.iterations
        )

    def step(self) -> dict[str, Tensor]:
        """One batch of crops, one length a batch."""
        settings = self.recipe.training
        shortest, longest = settings.crop_frames
        n_frames = int(torch.randint(shortest, longest + 1, (1,), generator=self.rng))
        chosen = torch.randint(len(self.voices), (settings.batch_size,), generator=self.rng)
        features = self.voices.crops(chosen, n_frames, self.rng).to(self.device)
        labels = self.voices.labels[chosen].to(self.device)
        self.encoder.train()
        half = settings.precision == "bf16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
            logits = self.classifier(self.encoder(features))
        loss = F.cross_entropy(logits.float(), labels)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.schedule.step()
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        return {"cross_entropy": loss, "accuracy": accuracy}

    def state(self) -> State:
        """Networks, optimiser, schedule, random states."""
        return {
            "voice_encoder": self.encoder.state_dict(),
            "classifier": self.classifier.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "sampler": self.rng.get_state(),
            "torch": torch.get_rng_state(),
        }

    def load(self, state: State) -> None:
        """Take up a state."""
        self.encoder.load_state_dict(state["voice_encoder"])
        self.classifier.load_state_dict(state["classifier"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.rng.set_state(state["sampler"])
        torch.set_rng_state(state["torch"])

    def show(self, writer: "SummaryWriter", step: int, out: Path) -> None:
        """The learning rate (held-out voices are heard once, at the end)."""
        (rate,) = self.schedule.get_last_lr()
        writer.add_scalar("learning_rate", rate, step)


def embed_all(encoder: VoiceEncoder, voices: VoiceBank, device: str = "cpu") -> np.ndarray:
    """Embeddings of whole recordings, one by one: (recordings, embedding_dim)."""
    encoder.eval()
    with torch.no_grad():
        rows = [encoder(voices.whole(i, MIN_FRAMES).to(device)) for i in range(len(voices))]
    return torch.cat(rows).cpu().numpy()


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
) -> dict[str, Any]:
    """Train a voice encoder; write ``out/model`` and ``out/verification.json``.

    Args:
        corpus_folder: A prepared corpus; its ``train`` identities are learned, verification is
            measured on all the others.
        out: Folder of the run.
        recipe: What to compute.
        seed: Of initialisation and drawing.
        device: Where, as torch names it.
        run: What to write and when.
        resume: Go on with the run in ``out``.
        quiet: No progress bar.

    Returns:
        What ``verification.json`` holds.

    Raises:
        CorpusError: The corpus can't be read.
        TrainingError: Fewer than two speakers, a loss that is not finite, another run in ``out``.
    """
    check_replaceable(out / "model")
    corpus = Corpus.open(corpus_folder, verify=True)  # the checkpoints name its hash
    voices = corpus.voices("train")
    speakers, labels = np.unique(np.asarray(voices.identity, str), return_inverse=True)
    if len(speakers) < 2:
        raise TrainingError(
            corpus_folder, f"{len(speakers)} speakers to train on", "two or more", "add voices"
        )
    bank = VoiceBank.of(voices.log_mel, labels.astype(np.int64))
    trainee = SpeakerTrainee(bank, len(speakers), recipe, seed, device)
    identity = {"recipe": to_yaml(recipe), "seed": str(seed), "corpus": corpus.info.data_hash}
    iterations = recipe.training.iterations
    train(trainee, out, iterations, run or Run(), recipe, identity, resume=resume, quiet=quiet)
    trainee.encoder.cpu()
    report = _report(trainee.encoder, corpus, seed)
    provenance = {
        "made_by": f"voice2face {__version__}, train voice",
        "sources": ", ".join(corpus.info.source_names),
        "corpus": corpus.info.data_hash,
        "speakers": len(speakers),
        "recordings": len(bank),
        "iterations": iterations,
        "seed": seed,
        "verification EER, speakers not trained on": report["summary"],
    }
    config = ModelConfig(
        name=f"{out.resolve().name} (voice encoder)",
        front_end_preset=corpus.info.preset,
        front_end=corpus.info.front_end,
        voice_encoder=recipe.voice_encoder,
        provenance=provenance,
    )
    write_release(out / "model", config, trainee.encoder, None)
    write_text(out / "verification.json", msgspec.json.format(msgspec.json.encode(report)).decode())
    return report


def _report(encoder: VoiceEncoder, corpus: Corpus, seed: int) -> dict[str, Any]:
    """Verification among the people of the other splits, each pair across recordings."""
    parts = [corpus.voices(split) for split in ("validation", "test")]
    log_mels = [log_mel for part in parts for log_mel in part.log_mel]
    identity = np.array([name for part in parts for name in part.identity], str)
    result: Verification | None = None
    if log_mels:
        bank = VoiceBank.of(log_mels, np.zeros(len(log_mels), np.int64))
        result = verify(embed_all(encoder, bank), identity, seed=seed)
    if result is None:
        return {"summary": "not measured: nobody held out has two recordings", "eer": None}
    summary = f"{result.eer} ({result.n_identities} people, {result.n_same} same pairs)"
    return {"summary": summary, **asdict(result)}
