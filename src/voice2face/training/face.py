"""The face stage: generator and critics, trained on voices and faces (METHOD.md, "Training")."""

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from voice2face import __version__
from voice2face.corpus import Corpus
from voice2face.errors import TrainingError
from voice2face.files import atomic_write
from voice2face.model_folder import BUNDLED, WEIGHTS, ModelConfig
from voice2face.networks import Generator, VoiceEncoder
from voice2face.release import check_replaceable, read_voice_encoder, write_release
from voice2face.settings import Recipe, Run, change, to_yaml
from voice2face.training.checkpoint import State
from voice2face.training.data import FaceData, VoiceBank
from voice2face.training.loop import train
from voice2face.training.samples import SAMPLE_FRAMES, grid, sample_voices
from voice2face.training.steps import FaceNetworks, embed, iteration, make_optimisers

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class FaceTrainee:
    """The networks of a face training, with everything random about them."""

    def __init__(
        self,
        data: FaceData,
        recipe: Recipe,
        encoder: VoiceEncoder,
        heard: ModelConfig,
        samples: VoiceBank,
        seed: int,
        device: str,
    ) -> None:
        torch.manual_seed(seed)
        self.rng = torch.Generator().manual_seed(seed)
        self.data, self.recipe, self.device = data, recipe, torch.device(device)
        networks = FaceNetworks.make(recipe, heard.voice_encoder, len(data.labels))
        networks.voice_encoder.load_state_dict(encoder.state_dict())
        self.networks = networks.to(self.device)
        self.optimisers = make_optimisers(self.networks, recipe)
        self.average = copy.deepcopy(self.networks.generator)
        self.n_steps = 0
        self._sample_embeddings = self._hear(samples)

    def step(self) -> dict[str, Tensor]:
        """One iteration on one batch."""
        batch = self.data.draw(self.recipe, self.rng).to(self.device)
        losses = iteration(self.networks, self.optimisers, batch, self.recipe)
        self.n_steps += 1
        self._follow()
        return losses

    def _follow(self) -> None:
        """Move the averaged generator towards the present one."""
        # Early on the average is over fewer steps, or it would keep the initial weights for long.
        decay = min(self.recipe.training.ema_decay, (1 + self.n_steps) / (10 + self.n_steps))
        if not self.recipe.training.ema_decay:
            decay = 0.0
        now, kept = self.networks.generator.state_dict(), self.average.state_dict()
        with torch.no_grad():
            for name, value in kept.items():
                if value.is_floating_point():
                    value.lerp_(now[name], 1 - decay)
                else:
                    value.copy_(now[name])

    def state(self) -> State:
        """Networks, optimisers, average, random states, steps."""
        state: State = {
            "networks": {name: net.state_dict() for name, net in self.networks.named().items()},
            "optimisers": {name: o.state_dict() for name, o in self.optimisers.items()},
            "average": self.average.state_dict(),
            "sampler": self.rng.get_state(),
            "torch": torch.get_rng_state(),
            "n_steps": self.n_steps,
        }
        if self.device.type == "cuda":
            state["cuda"] = torch.cuda.get_rng_state(self.device)
        return state

    def load(self, state: State) -> None:
        """Take up a state."""
        for name, net in self.networks.named().items():
            net.load_state_dict(state["networks"][name])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        self.average.load_state_dict(state["average"])
        self.rng.set_state(state["sampler"])
        torch.set_rng_state(state["torch"])
        self.n_steps = state["n_steps"]
        if self.device.type == "cuda" and "cuda" in state:
            torch.cuda.set_rng_state(state["cuda"], self.device)

    def released(self) -> Generator:
        """The generator as it is released: the averaged one, ready for use."""
        released = Generator(self.recipe.generator)
        released.load_state_dict(self.average.state_dict())
        return released.eval()

    def show(self, writer: "SummaryWriter", step: int, out: Path) -> None:
        """The same voices' faces each time, as a grid: ``out/samples/STEP.png``."""
        self.average.eval()
        with torch.no_grad():
            faces = self.average(self._sample_embeddings).float().cpu()
        picture = grid(faces)
        with atomic_write(out / "samples" / f"{step:08d}.png") as path:
            picture.save(path)
        pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8)
        shaped = pixels.view(picture.height, picture.width, 3)
        writer.add_image("samples", shaped, step, dataformats="HWC")

    def _hear(self, voices: VoiceBank) -> Tensor:
        cuts = [voices.whole(i, SAMPLE_FRAMES)[:, :, :SAMPLE_FRAMES] for i in range(len(voices))]
        heard = torch.cat(cuts).to(self.device)
        quiet = torch.zeros(1, device=self.device)
        return embed(self.networks.voice_encoder, heard, quiet, self.recipe.embedding)


def train_face(
    corpus_folder: Path,
    out: Path,
    recipe: Recipe,
    *,
    voice_encoder: Path = BUNDLED,
    variant: str = "",
    seed: int = 0,
    device: str = "cpu",
    run: Run | None = None,
    resume: bool = False,
    quiet: bool = False,
    half: bool = False,
) -> Path:
    """Train a generator on a corpus; write the released model to ``out/model``.

    Args:
        corpus_folder: A prepared corpus; its ``train`` split is used.
        out: Folder of the run.
        recipe: What to compute.
        voice_encoder: A model folder, or the folder of a `train voice` run.
        variant: The recipe's name, for the card.
        seed: Of initialisation and drawing.
        device: Where, as torch names it.
        run: What to write and when.
        resume: Go on with the run in ``out``.
        quiet: No progress bar.
        half: Release weights rounded to 16 bits.

    Returns:
        The model's folder.

    Raises:
        CorpusError: The corpus can't be read.
        ModelError: The voice encoder can't be read.
        TrainingError: The corpus doesn't fit the recipe; a loss is not finite; another run in
            ``out``.
    """
    check_replaceable(out / "model")
    corpus = Corpus.open(corpus_folder, verify=True)  # the checkpoints name its hash
    encoder, heard = read_voice_encoder(voice_encoder)
    _check_fit(corpus, recipe, heard)
    data = FaceData.of(corpus, recipe.training.pair_by)
    samples = sample_voices(corpus, recipe.training.pair_by)
    trainee = FaceTrainee(data, recipe, encoder, heard, samples, seed, device)
    identity = {
        # Nothing in a step depends on how many there will be, so a run may be made longer.
        "recipe": to_yaml(change(recipe, {"training.iterations": 1})),
        "seed": str(seed),
        "corpus": corpus.info.data_hash,
        "voice encoder": heard.sha256.get(WEIGHTS, ""),
    }
    iterations = recipe.training.iterations
    train(trainee, out, iterations, run or Run(), recipe, identity, resume=resume, quiet=quiet)
    config = ModelConfig(
        name=out.resolve().name,
        front_end_preset=corpus.info.preset,
        front_end=corpus.info.front_end,
        voice_encoder=heard.voice_encoder,
        embedding=recipe.embedding,
        generator=recipe.generator,
        provenance=_provenance(corpus, data, recipe, heard, trainee.n_steps)
        | {"variant": variant, "seed": seed},
    )
    encoder = encoder.cpu()
    return write_release(out / "model", config, encoder, trainee.released(), half=half)


def _check_fit(corpus: Corpus, recipe: Recipe, heard: ModelConfig) -> None:
    sizes = {corpus.info.face_px, recipe.generator.face_px, recipe.critics.face_px}
    if len(sizes) > 1:
        raise TrainingError(
            corpus.path,
            f"faces of {corpus.info.face_px} pixels",
            f"{recipe.generator.face_px} for the generator, {recipe.critics.face_px} the critics",
            "prepare the corpus with that --px, or change generator.face_px and critics.face_px",
        )
    if corpus.info.front_end != heard.front_end:
        raise TrainingError(
            corpus.path,
            f"voices of preset {corpus.info.preset}",
            f"{heard.front_end_preset}, which the voice encoder was trained on",
            "prepare the corpus with that --preset, or train a voice encoder on this one",
        )
    if heard.voice_encoder.embedding_dim != recipe.generator.embedding_dim:
        raise TrainingError(
            "generator.embedding_dim",
            str(recipe.generator.embedding_dim),
            f"the voice encoder's {heard.voice_encoder.embedding_dim}",
            "set it",
        )


def _provenance(
    corpus: Corpus, data: FaceData, recipe: Recipe, heard: ModelConfig, n_steps: int
) -> dict[str, Any]:
    voice = {f"voice encoder: {key}": value for key, value in heard.provenance.items()}
    return {
        "made_by": f"voice2face {__version__}, train face",
        "sources": ", ".join(corpus.info.source_names),
        "corpus": corpus.info.data_hash,
        "paired by": recipe.training.pair_by,
        "classes": len(data.labels),
        "recordings": len(data.voices),
        "faces": len(data.faces),
        "iterations": n_steps,
        "batch": recipe.training.batch_size,
        "precision": recipe.training.precision,
        **voice,
    }
