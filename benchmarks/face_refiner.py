"""The refiner of the shipped face space: trained in the background, taken up where it stopped.

    python -m benchmarks.face_refiner FACE_SPACE.npz OUT --data FOLDER --kept FOLDER

FACE_SPACE.npz and the second FOLDER (its OUT) are of ``benchmarks.face_space``. Writes
OUT/checkpoint.pt, OUT/sheet-STEP.png (each time the face as drawn, and refined) and, at the end,
OUT/refiner.onnx. One core.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.face_space import SHIPPED, open_faces, portraits, speakers
from voice2face.generators.face_space import read_arrays
from voice2face.training.face_space.refiner.export import export_refiner, fixed_noise
from voice2face.training.face_space.refiner.network import Refiner
from voice2face.training.face_space.refiner.pairs import Pairs, pairs_of
from voice2face.training.face_space.refiner.train import Recipe, Training
from voice2face.training.face_space.studio import chosen, presentable

N_VOICES = 500
EVERY = 50  # steps


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.face_refiner", description=__doc__)
    options.add_argument("space", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--kept", type=Path, required=True)
    options.add_argument("--steps", type=int, default=Recipe.steps)
    given = options.parse_args()
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    arrays, rng = read_arrays(given.space), np.random.default_rng(0)
    folders = argparse.Namespace(data=given.data, out=given.kept)
    hairy, voices = portraits(folders), speakers(folders).embedding
    hairy, faces = chosen(hairy, presentable(hairy)), open_faces(folders)
    voices = voices[rng.choice(len(voices), min(N_VOICES, len(voices)), replace=False)]
    pairs = pairs_of(arrays, SHIPPED, hairy, faces, voices, rng)
    print(f"{len(pairs.of)} faces drawn, {len(pairs.real)} real", flush=True)
    training = Training(Recipe(steps=given.steps), pairs, arrays["blend"].astype(np.float32))
    started = time.perf_counter()

    def report(step: int, losses: dict[str, float]) -> None:
        told = ", ".join(f"{name} {value:.3f}" for name, value in losses.items())
        print(f"{step}: {told}; {time.perf_counter() - started:.0f} s", flush=True)
        sheet(training.average, pairs).save(given.out / f"sheet-{step:05}.png")

    training.run(given.out, EVERY, report)
    export_refiner(training.average, given.out / "refiner.onnx")


def sheet(refiner: Refiner, pairs: Pairs) -> Image.Image:
    """Some of each kind, as drawn and refined; beside them the real one where there is one."""
    kinds = (pairs.whole, ~pairs.whole & (pairs.of >= 0), pairs.of < 0)
    rng = np.random.default_rng(1)
    rows = np.concatenate([
        rng.choice(np.flatnonzero(kind), n) for kind, n in zip(kinds, (8, 4, 12), strict=True)
    ])  # fmt: skip
    drawn = torch.from_numpy(pairs.drawn[rows]).permute(0, 3, 1, 2).float() / 127.5 - 1
    noise = fixed_noise().expand(len(rows), -1, -1, -1)
    with torch.inference_mode():
        made = refiner(drawn, noise)[:, :3].clamp(-1, 1).permute(0, 2, 3, 1)
    refined = np.rint((made.numpy() + 1) * 127.5).astype(np.uint8)
    columns = []
    for row, one in zip(rows, refined, strict=True):
        beside = pairs.real[pairs.of[row]][..., :3] if pairs.of[row] >= 0 else one
        columns.append(np.vstack([pairs.drawn[row][..., :3], one, beside]))
    return Image.fromarray(np.vstack([np.hstack(columns[:12]), np.hstack(columns[12:])]))


if __name__ == "__main__":
    main()
