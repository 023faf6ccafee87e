"""The discriminator that a model was trained against, from the folder of its run."""

from pathlib import Path

import numpy as np

from voice2face.arrays import Float64s, Floats
from voice2face.errors import TrainingError
from voice2face.evaluation.embedders.fitted import as_faces
from voice2face.experiments.systems import Made, ModelSystem

CHECKPOINTS, RECIPE = "checkpoints", "recipe.yaml"  # of a run, beside the released model
AT_ONCE = 64  # faces


class Discriminator:
    """The discriminator of a run's last checkpoint, in evaluation mode.

    Batch normalisation then uses its running statistics, which are the same for all faces. With
    the statistics of the given faces, those made from noise would be shifted to where others are.

    Args:
        run: Folder of the run.

    Raises:
        TrainingError: There is no whole checkpoint, or torch is not installed.
        SettingsError: Its recipe is damaged.
    """

    def __init__(self, run: Path) -> None:
        try:
            from voice2face.networks.modules import Critics
            from voice2face.settings import Recipe, read_yaml
            from voice2face.training.checkpoint import load_last
        except ImportError as error:
            raise TrainingError(run, "torch is not installed", "it", "install it") from error
        found = load_last(run / CHECKPOINTS)
        if found is None or not (run / RECIPE).is_file():
            raise TrainingError(run, "no checkpoint", "the run of a model", "keep its checkpoints")
        networks = found[1]["trainee"]["networks"]
        recipe = read_yaml(run / RECIPE, Recipe)
        self._critics = Critics(recipe.critics, len(networks["classifier"]["weight"]))
        for name, part in self._critics.named_children():
            part.load_state_dict(networks[name])
        self._critics.eval()

    @classmethod
    def of(cls, system: ModelSystem) -> "Discriminator | None":
        """Discriminator of a model that lies in the folder of its run; None for other models."""
        try:
            return cls(system.model.folder.resolve().parent)
        except TrainingError:
            return None

    def of_made(self, made: Made) -> Float64s:
        """Logits of faces as a generator gave them to its discriminator, or of pictures: (n,)."""
        return self.scores(as_faces(made.pixels) if made.raw is None else made.raw)

    def scores(self, faces: Floats) -> Float64s:
        """Logits of "real": (n, 3, px, px) in [-1, 1] → (n,)."""
        import torch

        found = [np.empty(0)]
        with torch.no_grad():
            for start in range(0, len(faces), AT_ONCE):
                some = np.ascontiguousarray(faces[start : start + AT_ONCE], np.float32)
                found.append(self._critics.real(torch.from_numpy(some)).double().numpy())
        return np.concatenate(found)
