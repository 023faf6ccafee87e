"""The face of a synthetic person: painted shapes with light, hair and age."""

from dataclasses import replace

import numpy as np

from voice2face.arrays import Float64s, UInt8s
from voice2face.synthetic import features
from voice2face.synthetic.latent import Seen
from voice2face.synthetic.looks import CENTRE_X, Look, Shot, look_of, random_shot
from voice2face.synthetic.paint import Canvas, smooth

EYE_LINE = 0.47  # where a face is widest
TOP = -0.01  # of the skull


def draw(seen: Seen, rng: np.random.Generator, px: int = 64) -> UInt8s:
    """One picture of a face, aligned as the faces of Wen et al. 2019 were.

    Pose, light, expression, clothes and background are nuisance, drawn from ``rng``. Of the
    person it depends on the seen half only.

    Args:
        seen: The seen half of the person.
        rng: Nuisance, independent of the person.
        px: Side of the picture.

    Returns:
        RGB, shape (px, px, 3).
    """
    shot = random_shot(rng)
    look = look_of(seen)
    canvas = _pose(shot, rng, px)
    _paint_background(canvas, shot)
    cap = _hair_shape(canvas, look)
    _paint_hair_behind(canvas, look, shot, cap)
    _paint_neck(canvas, look, shot)
    inside = _paint_skin(canvas, look, shot)
    turned = replace(canvas, x=_turn(canvas.x, look, shot))
    features.paint_cheeks(turned, look)
    features.paint_wrinkles(turned, look)
    features.paint_nose(turned, look, shot)
    features.paint_beard(turned, look, inside)
    features.paint_mouth(turned, look, shot)
    features.paint_eyes(turned, look, shot)
    features.paint_brows(turned, look)
    _paint_hair_before(canvas, look, shot, cap)
    return _expose(canvas, shot, rng)


def _pose(shot: Shot, rng: np.random.Generator, px: int) -> Canvas:
    """An empty canvas whose coordinates follow the head."""
    at = (np.arange(px) + 0.5) / px
    x, y = np.meshgrid(at - CENTRE_X - shot.shift[0], at - 0.6 - shot.shift[1])
    cos, sin = np.cos(shot.roll) / shot.scale, np.sin(shot.roll) / shot.scale
    return Canvas(
        rgb=np.zeros((px, px, 3)),
        x=CENTRE_X + cos * x + sin * y,
        y=0.6 - sin * x + cos * y,
        texture=rng.standard_normal((px, px)),
        pixel=1 / px,
    )


def _turn(x: Float64s, look: Look, shot: Shot) -> Float64s:
    """Place of a pixel on a turned head: the middle of the face moves most, its sides nowhere."""
    across = np.clip((x - CENTRE_X) / look.half_width, -1, 1)
    return np.asarray(x - shot.yaw * (1 - across**2))


def _paint_background(canvas: Canvas, shot: Shot) -> None:
    near, far = shot.background
    slope = smooth(0.7 * canvas.y + 0.3 * canvas.x, 0, 1)[..., None]
    canvas.rgb[:] = near + (far - near) * slope


def _outline(canvas: Canvas, look: Look) -> Float64s:
    """Signed distance to the face's outline, shape (px, px)."""
    below = canvas.y > EYE_LINE
    down = np.abs(canvas.y - EYE_LINE) / np.where(below, look.chin_y - EYE_LINE, EYE_LINE - TOP)
    roundness = look.fullness * (0.055 if look.fullness > 0 else 0.035)
    cheeks = roundness * np.exp(-(((down - 0.55) / 0.3) ** 2)) * below
    jaw = look.jaw + 0.25 * look.fullness
    across = np.abs(canvas.x - CENTRE_X) / (look.half_width * (1 + cheeks))
    power = np.where(below, np.clip(jaw, 1.7, 4.2), 2.3)
    return canvas.distance(across**2.1 + down**power - 1)


def _paint_skin(canvas: Canvas, look: Look, shot: Shot) -> Float64s:
    """Face and ears, lit as a rounded body; returns how much of each pixel is face."""
    inside = canvas.coverage(_outline(canvas, look))
    right = (canvas.x - CENTRE_X) / (1.12 * look.half_width)
    down = (canvas.y - 0.5) / 0.56
    towards = np.sqrt(np.maximum(1 - right**2 - down**2, 0.03))
    lit = right * shot.light[0] + down * shot.light[1] + towards * shot.light[2]
    gain = shot.ambient + 0.12 + (1.0 - shot.ambient) * np.maximum(lit, 0)
    colour = look.skin * gain[..., None]
    for side in (-1, 1):
        ear = canvas.ellipse(CENTRE_X + side * (look.half_width + 0.012), 0.53, 0.034, 0.075)
        canvas.fill(canvas.coverage(ear), colour * 0.92)
        inner = canvas.ellipse(CENTRE_X + side * (look.half_width + 0.016), 0.53, 0.016, 0.05)
        canvas.fill(canvas.coverage(inner, 0.01), 0.68 * colour)
    canvas.fill(inside, colour)
    return inside


def _paint_neck(canvas: Canvas, look: Look, shot: Shot) -> None:
    half = (0.2 if look.male else 0.155) + 0.015 * look.fullness
    across = np.abs(canvas.x - CENTRE_X)
    neck = canvas.coverage(np.maximum(across - half, 0.8 - canvas.y))
    shadow = 0.62 + 0.2 * smooth(canvas.y, 0.92, 1.02)
    canvas.fill(neck, look.skin * shadow[..., None])
    collar = 0.985 - 0.35 * np.maximum(across - half + 0.04, 0) + 0.2 * np.minimum(across - half, 0)
    canvas.fill(canvas.coverage(collar - canvas.y), shot.clothes)


def _hair_shape(canvas: Canvas, look: Look) -> Float64s:
    """Signed distance to the hair's outer edge, short or long, shape (px, px)."""
    volume = 0.035 + 0.03 * look.long_hair
    cap = canvas.ellipse(CENTRE_X, 0.42, look.half_width + volume, 0.45 + volume)
    if look.long_hair <= 0:
        return np.maximum(cap, canvas.y - 0.52)
    end = 0.5 + 0.6 * look.long_hair
    half = look.half_width + volume + 0.02 * np.sin(9 * canvas.y)
    falling = np.maximum(np.abs(canvas.x - CENTRE_X) - half, canvas.y - end)
    return np.minimum(cap, np.maximum(falling, 0.42 - canvas.y))


def _hair_colour(canvas: Canvas, look: Look, shot: Shot, dark: float) -> Float64s:
    """Strands with a sheen where the light falls, shape (px, px, 3)."""
    across = (canvas.x - look.parting_x) / 0.5
    strand = np.sin(60 * across + 6 * np.sin(5 * canvas.y)) + 0.6 * np.sin(131 * across + 1.0)
    sheen = np.exp(-(((canvas.y - 0.1) / 0.07) ** 2)) * (1 + shot.light[0] * across)
    gain = dark * (0.93 + 0.05 * strand + 0.03 * canvas.texture + 0.3 * sheen)
    return np.asarray(look.hair * gain[..., None] + 0.05 * sheen[..., None] * dark)


def _paint_hair_behind(canvas: Canvas, look: Look, shot: Shot, cap: Float64s) -> None:
    bald = canvas.coverage(0.1 - canvas.y, 0.1) if look.hairline_y < 0.1 else np.ones_like(cap)
    canvas.fill(canvas.coverage(cap, 0.01) * bald, _hair_colour(canvas, look, shot, 0.7))


def _paint_hair_before(canvas: Canvas, look: Look, shot: Shot, cap: Float64s) -> None:
    """Hair over the forehead, down the temples and, if long, along the cheeks."""
    across = np.abs(canvas.x - CENTRE_X) / look.half_width
    off_parting = np.abs(canvas.x - look.parting_x)
    line = look.hairline_y + 0.9 * off_parting**1.7
    if look.fringe > 0:
        ragged = 0.335 + 0.008 * np.sin(70 * canvas.x) + 0.03 * across**2
        line = line + look.fringe * (ragged - line)
    long = look.long_hair > 0.3
    side_end = 0.5 + 0.6 * look.long_hair if long else 0.47
    drop = smooth(across, 0.72, 1.02)
    edge = line + (side_end - line) * drop
    front = np.maximum(cap, canvas.y - edge)
    shadow = canvas.coverage(front - 0.025, 0.05)
    canvas.shade(shadow, 0.85)
    canvas.fill(canvas.coverage(front, 0.01), _hair_colour(canvas, look, shot, 1.0))


def _expose(canvas: Canvas, shot: Shot, rng: np.random.Generator) -> UInt8s:
    noisy = canvas.rgb * shot.tint + shot.grain * rng.standard_normal(canvas.rgb.shape)
    return np.asarray(np.clip(np.round(255 * noisy), 0, 255), dtype=np.uint8)
