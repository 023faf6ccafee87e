"""Which step from a real face to a drawn one costs what of the Fréchet distance.

    python -m benchmarks.frechet_steps OUT FACE_SPACE.npz --data FOLDER

OUT is that of ``benchmarks.frechet``, whose recogniser it takes, and of ``benchmarks.face_space``.
Real faces that the recogniser has not learned from go through one step after the other, each fed
with the truth of the one before: drawn on their own shape and normalised again; put in a studio's
light; made the same on both sides; written as components; given heads and the light of
photographs, as drawn people are, and sharpened; then drawn people take their
places. Writes ``results/frechet_steps.json``: the distance of each to real faces, how much of it
is a shift of the mean, and plain figures of the pictures.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import typer
from msgspec.structs import replace

from benchmarks.face_space import SHIPPED, Places, frontal_faces, portraits, studio_light
from benchmarks.frechet import (
    GEOMETRY,
    PX,
    normalised_again,
    real_faces,
    to_sets,
)
from benchmarks.harness import RESULTS, DataFolder, machine
from voice2face.arrays import Float32s, Floats, Pictures, Vectors
from voice2face.evaluation.embedders.face_set import FaceSet
from voice2face.evaluation.embedders.fitted import open_embedder
from voice2face.faces.drawing import Drawing
from voice2face.faces.layout import Layout
from voice2face.faces.luma import LUMA
from voice2face.faces.quality import sharpness
from voice2face.files import sha256_of, write_text
from voice2face.generators.face_decoder import FaceDecoder, Looks
from voice2face.generators.face_space import DECADE, FaceSpace
from voice2face.parts import Arrays, read_arrays
from voice2face.training.face_space import People
from voice2face.training.face_space.components import Codes
from voice2face.training.face_space.studio import (
    chosen,
    evened_exposure,
    presentable,
    relit,
    shades,
)
from voice2face.training.recogniser.train import NETWORK

DRAWN_PX = 256

Step = tuple[str, Pictures]


def main(out: Path, space: Path, data: DataFolder) -> None:
    faces, _ = real_faces(out, data / "open" / "faces.csv")
    row = np.arange(len(faces)) % 4
    network = out / "recogniser" / NETWORK
    embedder = open_embedder(network)

    def features(textures: Pictures) -> Vectors:
        return embedder.embed(FaceSet.of_crops(textures, GEOMETRY))

    real = features(faces[row == 1])
    found = {"other real faces": measured(faces[row == 3], features, real)}
    places = Places(out, data)
    people, labels = frontal_faces(places)
    good = presentable(people)
    found["in even light, eyes open, no spectacles"] = measured(
        faces[(row == 3) & good], features, real
    )
    studio = studio_light(portraits(places))
    gain = evened_exposure(people.texture, labels["race"])
    some = (row == 3) & good
    for name, textures in steps(chosen(people, some), gain[some], studio, read_arrays(space)):
        found[name] = measured(textures, features, real)
        print(name, found[name], flush=True)
    told: dict[str, Any] = {
        "run_with": "python -m benchmarks.frechet_steps OUT FACE_SPACE.npz --data FOLDER",
        "machine": machine(),
        "space_sha256": sha256_of(space),
        "recogniser_sha256": sha256_of(network),
        "part": msgspec.to_builtins(SHIPPED),
        "steps": found,
    }
    write_text(RESULTS / "frechet_steps.json", json.dumps(told, indent=1) + "\n")


def measured(
    textures: Pictures, features: Callable[[Pictures], Vectors], real: Vectors
) -> dict[str, float]:
    """Distance to real faces, and plain figures of normalised faces."""
    vectors, inside = features(textures), Layout.read().inside(PX) > 0.9
    light = (textures @ LUMA)[:, inside]
    return {
        "faces": len(textures),
        "frechet": to_sets(vectors, real, len(vectors)),
        "of which shift": float(((vectors.mean(axis=0) - real.mean(axis=0)) ** 2).sum()),
        "brightness": float(light.mean()),
        "spread of brightness": float(light.mean(axis=1).std()),
        "contrast": float(light.std(axis=1).mean()),
        "sharpness": float(np.mean([sharpness(one) for one in textures])),
    }


def steps(people: People, gain: Floats, studio: Float32s, arrays: Arrays) -> Iterator[Step]:
    """Names of steps and the faces after them, normalised again, each (n, PX, PX, 3)."""
    draw = Drawing(Layout.read(), DRAWN_PX)

    def laid(textures: npt.NDArray[Any]) -> Pictures:
        both = zip(textures, people.shape, strict=True)
        drawn = (np.clip(np.rint(draw(one, shape)), 0, 255) for one, shape in both)
        return normalised_again(one.astype(np.uint8) for one in drawn)[0]

    yield "drawn and normalised again", laid(people.texture)
    shade = shades(people.texture)
    even = relit(people.texture, shade, studio, np.ones(len(gain)))
    yield "in a studio's light", laid(even)
    lit = relit(people.texture, shade, studio, gain)
    yield "in even exposure", laid(lit)
    symmetric = (lit.astype(np.float32) + lit[:, :, ::-1]) / 2
    yield "the same on both sides", laid(symmetric)
    codes = Codes.read(arrays)
    own, n = codes.of(lit, people.shape), len(codes.texture.basis)
    inner = codes.texture.mean + own[:, :n] @ codes.texture.basis
    symmetric[:, codes.region] = inner.reshape(len(own), -1, 3)
    yield "as components", laid(symmetric)
    for name, looks in as_drawn_people(people, own, arrays).items():
        for sharpening in (0.0, SHIPPED.sharpening):
            decoder = FaceDecoder(arrays, DRAWN_PX, sharpening)
            pictures = np.rint(decoder(looks)).astype(np.uint8)
            yield f"{name}, sharpened by {sharpening:g}", normalised_again(pictures)[0]


def as_drawn_people(people: People, own: Float32s, arrays: Arrays) -> dict[str, Looks]:
    """The real people, whose codes are ``own``, and drawn ones of their genders and ages.

    Both have heads and the light of photographs.
    """
    men, age = people.male.astype(np.int64), people.age.astype(np.float32)
    decades = (age - arrays["gender_age"][men])[:, None] / DECADE
    mean = arrays["gender_code"][men] + decades * arrays["age_code"][men]
    still = FaceSpace(replace(SHIPPED, chance=0.0, drawn_gender=0.0), arrays)
    space = FaceSpace(replace(SHIPPED, drawn_gender=0.0), arrays)
    lit = still.drawn(Looks(own, people.male, age), np.random.default_rng(0))
    drawn = space.drawn(Looks(mean, people.male, age), np.random.default_rng(0))
    return {"with heads, in the light of photographs": lit, "drawn people": drawn}


if __name__ == "__main__":
    typer.run(main)
