"""From the seen half of a person to measures and colours; from randomness to a photograph's mood.

The unit of length is the side of the picture; y runs down.
"""

import math
from dataclasses import dataclass

import numpy as np

from voice2face.synthetic.latent import Seen, oldness
from voice2face.synthetic.paint import Colour, mix, palette, ramp

# Where Wen et al. 2019 put the landmarks of an aligned face (their released crops).
EYES = ((0.349, 0.466), (0.645, 0.465))
CENTRE_X = 0.498
NOSE_Y = 0.64
MOUTH_Y = 0.75
MOUTH_HALF = 0.13

SKINS = palette("fcdabe f0c29e dca67c ba8058 8a5d42 624131")
HAIRS = palette("1e1919 38271f 5c3d2a 844428 a67e50 dcba7e")
IRISES = palette("3c2416 684224 6c7646 5484aa")
(GREY,) = palette("ceccca")
(LIP_RED,) = palette("ac3c42")
CLOTHES = palette("283450 782830 3c5a50 c8c6be 242428")


@dataclass(frozen=True)
class Look:
    """A face's measures and colours; all that :func:`faces.draw` takes from a person.

    Attributes:
        male: Whether seen as a man.
        old: Through adult life, 0 to 1.
        half_width: From the middle of the face to its side, at the eyes.
        jaw: How square the lower face is: the exponent of a superellipse.
        chin_y: Bottom of the chin.
        fullness: Fullness of cheeks and chin, standard normal.
        skin: Colour.
        hair: Colour, grey with age.
        iris: Colour.
        lip: Colour.
        long_hair: From 0 (short) to 1 (beyond the shoulders).
        parting_x: Where the hair parts.
        fringe: From 0 (forehead free) to 1 (hair down to the brows).
        hairline_y: Where the forehead ends; above the picture for the bald.
        beard: From 0 (shaven) to 1 (full).
        eye_half: Half an eye's width.
        brow: Half a brow's thickness.
        brow_y: Height of the brows' middle above the eyes.
        nose_half: Half the nose's width.
        lip_height: Height of both lips together.
    """

    male: bool
    old: float
    half_width: float
    jaw: float
    chin_y: float
    fullness: float
    skin: Colour
    hair: Colour
    iris: Colour
    lip: Colour
    long_hair: float
    parting_x: float
    fringe: float
    hairline_y: float
    beard: float
    eye_half: float
    brow: float
    brow_y: float
    nose_half: float
    lip_height: float


def look_of(seen: Seen) -> Look:
    """How the seen half of a person looks. All strengths are made up."""
    male = seen.sex == "male"
    old = oldness(seen.age)
    skin = ramp(SKINS, oldness(seen.skin)) * (1 + 0.025 * seen.warmth * np.array((1, -0.6, -0.8)))
    natural = ramp(HAIRS, oldness(seen.hair_colour))
    length = seen.hair_length + (-1.3 if male else 1.1)
    receding = max(0.0, old - 0.35) * max(0.0, 0.1 + 0.12 * seen.hairline) if male else 0.0
    return Look(
        male=male,
        old=old,
        half_width=0.318 * math.exp(0.085 * seen.size) * (1.03 if male else 0.97),
        jaw=(2.9 if male else 1.95) + 0.3 * seen.size,
        chin_y=(0.955 if male else 0.92) + 0.025 * old,
        fullness=seen.weight,
        skin=skin,
        hair=mix(natural, GREY, 0.95 * _step(old, 0.35, 0.95)),
        iris=ramp(IRISES, oldness(seen.eye_colour)),
        lip=_lip_colour(skin, male, old),
        long_hair=_step(length, -0.2, 1.0),
        parting_x=CENTRE_X + 0.11 * math.tanh(seen.parting),
        fringe=_step(abs(seen.parting), 1.2, 1.5) * (0.0 if receding > 0.03 else 1.0),
        hairline_y=0.185 - 0.012 * seen.hairline - receding,
        beard=_step(seen.beard, 0.0, 1.3) if male else 0.0,
        eye_half=0.064 * (1 + 0.06 * seen.eye_size) * (0.97 if male else 1.05) * (1.1 - 0.15 * old),
        brow=(0.0165 if male else 0.0095) * (1 + 0.15 * seen.brows),
        brow_y=0.085 if male else 0.1,
        nose_half=(0.06 if male else 0.052) * (1 + 0.1 * seen.nose),
        lip_height=(0.044 if male else 0.06) * (1 + 0.13 * seen.lips) * (1 - 0.3 * old),
    )


def _lip_colour(skin: Colour, male: bool, old: float) -> Colour:
    return mix(skin * np.array((0.92, 0.74, 0.72)), LIP_RED, 0.1 if male else 0.5 - 0.15 * old)


def _step(value: float, low: float, high: float) -> float:
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True)
class Shot:
    """One photograph's circumstances: nuisance, independent of the person.

    Attributes:
        yaw: Turn of the head, how far the middle of the face moves aside.
        roll: Tilt of the head, radians.
        shift: How far the face is off its place, right and down.
        scale: Size of the face relative to the usual one.
        light: Where the light comes from: right, down, towards the viewer; of length 1.
        ambient: Share of light from all around.
        tint: Colour of the light.
        background: Two colours.
        clothes: Colour.
        smile: From -0.4 (stern) to 1 (broad).
        open_mouth: From 0 (closed) to 1 (teeth showing).
        gaze: How far the eyes look aside.
        grain: Strength of the sensor's noise.
    """

    yaw: float
    roll: float
    shift: tuple[float, float]
    scale: float
    light: tuple[float, float, float]
    ambient: float
    tint: Colour
    background: tuple[Colour, Colour]
    clothes: Colour
    smile: float
    open_mouth: float
    gaze: float
    grain: float


def random_shot(rng: np.random.Generator) -> Shot:
    """A photograph's circumstances."""
    light = np.array((rng.uniform(-0.7, 0.7), rng.uniform(-0.7, -0.05), 0.8))
    light /= np.linalg.norm(light)
    warm = rng.normal(0, 0.035)
    hue = rng.uniform(0.15, 0.85, 3)
    base = mix(np.full(3, hue.mean()), hue, 0.4)
    smile = rng.uniform(-0.4, 1.0)
    return Shot(
        yaw=float(rng.normal(0, 0.02)),
        roll=float(rng.normal(0, 0.035)),
        shift=(float(rng.normal(0, 0.008)), float(rng.normal(0, 0.008))),
        scale=float(np.exp(rng.normal(0, 0.02))),
        light=(float(light[0]), float(light[1]), float(light[2])),
        ambient=float(rng.uniform(0.5, 0.75)),
        tint=rng.uniform(0.86, 1.08) * np.array((1 + warm, 1.0, 1 - warm)),
        background=(base, np.clip(base * rng.uniform(0.55, 1.25), 0, 1)),
        clothes=ramp(CLOTHES, rng.random()),
        smile=float(smile),
        open_mouth=float(np.clip(2 * smile - 0.9, 0, 1)) if rng.random() < 0.6 else 0.0,
        gaze=float(rng.normal(0, 0.006)),
        grain=float(rng.uniform(0.004, 0.014)),
    )
