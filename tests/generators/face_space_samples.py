"""A small face space of made-up faces, and voices that tell gender, age and width."""

import numpy as np

from voice2face.faces.layout import Layout
from voice2face.training.face_space import People, Sizes, Speakers, fit
from voice2face.training.face_space.head_choice import head_places
from voice2face.training.face_space.heads import head_arrays

PX, DIM = 48, 12
SIZES = Sizes(texture=6, shape=4)


def shapes_of(width: np.ndarray) -> np.ndarray:
    """Mean shapes, wider or narrower by some share, shape (n, 468, 2)."""
    mean = Layout.read().shape
    stretch = np.stack([1 + width, np.ones(len(width))], axis=-1)[:, None]
    return (0.5 + (mean - 0.5) * stretch).astype(np.float32)


def textures_of(tone: np.ndarray, age: np.ndarray, seed: int) -> np.ndarray:
    """Faces of a tone, the older the greyer, on the same eyes and mouth, (n, PX, PX, 3)."""
    rng = np.random.default_rng(seed)
    layout = Layout.read()
    at = (np.stack(np.meshgrid(np.arange(PX), np.arange(PX)), axis=-1) + 0.5) / PX
    dark = sum(np.exp(-(((at - point) / 0.03) ** 2).sum(-1)) for point in layout.five)
    skin = 150 + 30 * tone[:, None, None] - 60 * dark
    lines = np.cos(40 * at[..., 1]) * (age[:, None, None] - 45) / 3
    faces = (skin + lines)[..., None] * (1.1, 0.9, 0.8) + rng.normal(0, 2, (len(tone), PX, PX, 3))
    return np.clip(faces, 0, 255).astype(np.uint8)


def people(n: int, seed: int, hair: bool = False) -> People:
    """Men are darker and wider than women."""
    rng = np.random.default_rng(seed)
    male = np.arange(n) % 2 == 0
    age = rng.uniform(20, 70, n)
    sign = np.where(male, 1.0, -1.0)
    tone = -sign + 0.3 * rng.standard_normal(n)
    shape = shapes_of(0.05 * sign + 0.03 * rng.standard_normal(n))
    person = None
    if hair:
        inside = Layout.read().inside(PX)
        around = np.roll(inside, -3, axis=0)  # a head that reaches higher than the face
        person = np.repeat((255 * np.maximum(inside, around)).astype(np.uint8)[None], n, 0)
    return People(textures_of(tone, age, seed), shape, male, age, np.full(n, 1 / n), person)


def speakers(n: int, seed: int) -> Speakers:
    """Voices whose first number tells gender, the second age, the third width."""
    rng = np.random.default_rng(seed)
    faces = people(n, seed + 1)
    width = faces.shape[:, :, 0].max(axis=1) - faces.shape[:, :, 0].min(axis=1)
    sign = np.where(faces.male, 1.0, -1.0)
    known = np.stack([sign, (faces.age - 45) / 15, (width - width.mean()) / width.std()], axis=1)
    voice = np.concatenate([known, np.zeros((n, DIM - 3))], axis=1)
    voice += 0.1 * rng.standard_normal(voice.shape)
    names = np.array([f"p{i}" for i in range(n)])
    male = faces.male.astype(np.float64)
    return Speakers(voice.astype(np.float32), names, male, faces.age, faces.texture, faces.shape)


def twice(n: int, seed: int) -> Speakers:
    """Voices of people who were recorded twice, nearly alike."""
    one = speakers(n, seed)
    again = one.embedding + 0.02 * np.random.default_rng(seed).standard_normal((n, DIM))
    both = np.concatenate([one.embedding, again.astype(np.float32)])
    return Speakers(both, np.tile(one.person, 2), np.tile(one.male, 2), np.full(2 * n, np.nan))


def arrays(heads: bool = True) -> dict[str, np.ndarray]:
    """A face space of 60 people and 80 speakers, with or without heads."""
    made = fit(people(60, 0), [speakers(80, 10)], SIZES, headless=heads)
    if not heads:
        return made
    even = np.zeros((PX, PX, 3), np.float32)
    blend = made["blend"].astype(np.float32)
    made |= head_arrays(people(40, 1, hair=True), even, blend)
    return made | head_places(made, twice(20, 20), speakers(80, 10).embedding)
