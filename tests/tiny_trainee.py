"""A trainee of a few hundred weights for tests of the loop; as a program, a worker of a team."""

import os
import signal
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from voice2face.settings import FaceTraining, Run
from voice2face.training.distributed import solo, team
from voice2face.training.loop import train

RUN = Run(checkpoint_every=4, sample_every=5, log_every=3, best_by="fit")
RECIPE = FaceTraining()
IDENTITY = {"recipe": "tiny", "seed": "0"}


class Tiny:
    """Regression; `happens` maps a step to what is called within it."""

    def __init__(self, crew=None, batch_size=4, happens=None, seed=0, readings=None):
        torch.manual_seed(seed)
        self.team = crew or solo("cpu")
        self.device = self.team.device
        self.rng = torch.Generator().manual_seed(seed)
        self.model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.5), nn.Linear(16, 1))
        self.optimiser = torch.optim.Adam(self.model.parameters(), 1e-2)
        self.batch_size, self.happens, self.n_steps = batch_size, happens or {}, 0
        self.readings = readings or {}
        self.shown = []
        self.waited_s = 0.0

    def step(self):
        x = torch.randn(self.team.world, self.batch_size, 8, generator=self.rng)[self.team.rank]
        loss = F.mse_loss(self.model(x), x.sum(dim=1, keepdim=True))
        self.optimiser.zero_grad()
        loss.backward()
        self.team.mean_gradients(self.model.parameters())
        self.optimiser.step()
        self.n_steps += 1
        changed = self.happens.get(self.n_steps, lambda: None)()
        return {"loss": loss if changed is None else changed}

    def state(self):
        return {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "sampler": self.rng.get_state(),
            "torch": torch.get_rng_state(),
            "n_steps": self.n_steps,
        }

    def load(self, state):
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.rng.set_state(state["sampler"])
        torch.set_rng_state(state["torch"])
        self.n_steps = state["n_steps"]

    def show(self, step, out):
        torch.rand(7)  # looking uses chance too, and must not change what comes after
        self.shown.append(step)
        return {"fit": self.readings.get(step, -float(step)), "other": 1.0}


def run(trainee, out, iterations=10, resume=False, run=RUN, identity=IDENTITY, **options):
    """The loop with all that does not matter here filled in."""
    train(
        trainee, out, iterations, run, RECIPE, identity,
        resume=resume, quiet=True, team=trainee.team, **options,
    )  # fmt: skip
    return trainee


def signal_to_itself(number):
    return lambda: os.kill(os.getpid(), number) or None


def main():
    """``OUT KIND``: ten steps with --resume; ``killed`` at step 7 of the first attempt.

    ``threads``: which are left once the team has ended.
    """
    out, kind = Path(sys.argv[1]), sys.argv[2]
    with team("cpu") as crew:
        happens = {}
        first = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") == "0"
        if kind == "killed" and first and crew.rank == 1:
            happens[7] = signal_to_itself(signal.SIGKILL)
        run(Tiny(crew, happens=happens), out, resume=True)
    if kind == "threads":
        threads = Path("/proc/self/task").glob("*/comm")
        Path(out, f"threads-{crew.rank}").write_text(
            "".join(sorted(t.read_text() for t in threads))
        )


if __name__ == "__main__":
    main()
