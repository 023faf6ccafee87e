"""Eyes, brows, nose, mouth, beard and wrinkles of a made-up face, painted on its skin."""

import numpy as np

from voice2face.arrays import Float64s
from voice2face.synthetic.looks import CENTRE_X, EYES, MOUTH_HALF, MOUTH_Y, NOSE_Y, Look, Shot
from voice2face.synthetic.paint import Canvas, mix, palette, smooth

WHITE, DARK = palette("f4f0ec 221614")
WRINKLE = 0.52  # of the skin's brightness
SIDES = (-1, 1)


def paint_eyes(canvas: Canvas, look: Look, shot: Shot) -> None:
    """Sockets, eyeballs, lids and lashes."""
    for side, (cx, cy) in zip(SIDES, EYES, strict=True):
        part = canvas.around(cx, cy - 0.01, 0.2, 0.13)
        part.shade(part.glow(cx, cy - 0.02, 0.085, 0.05), 0.86)
        _paint_eye(part.around(cx, cy, 0.12, 0.08), look, shot, cx, cy, side)


def _paint_eye(canvas: Canvas, look: Look, shot: Shot, cx: float, cy: float, side: int) -> None:
    half = look.eye_half
    height = 0.5 * half * (1 - 0.22 * look.old) * (0.92 if look.male else 1.08)
    height *= 1 - 0.15 * max(shot.smile, 0)
    u = (canvas.x - cx) / half
    bow = 1 - np.minimum(u * u, 1.5)
    tilt = 0.006 * (1 - 1.5 * look.old) * side * u
    upper = cy - height * bow - tilt
    lower = cy + 0.72 * height * bow - tilt
    opening = np.maximum(upper - canvas.y, canvas.y - lower)
    inside = canvas.coverage(opening)
    canvas.fill(inside, WHITE * 0.93)
    x, radius = cx + shot.gaze, 0.03
    iris = canvas.ellipse(x, cy - 0.004, radius, radius)
    canvas.fill(inside * canvas.coverage(iris), 0.55 * look.iris)
    canvas.fill(inside * canvas.coverage(iris + 0.007, 0.01), 1.15 * look.iris)
    canvas.fill(inside * canvas.coverage(canvas.ellipse(x, cy - 0.004, 0.013, 0.013)), DARK * 0.5)
    canvas.fill(inside * smooth(-(canvas.y - upper), -0.02, 0.0), DARK, 0.35)
    glint = canvas.ellipse(x + 0.011 * np.sign(shot.light[0]), cy - 0.014, 0.007, 0.007)
    canvas.fill(canvas.coverage(glint), np.ones(3), 0.9)
    lash = 0.0035 if look.male else 0.0075
    lid = canvas.stroke(cx - 1.02 * half, cx + 1.02 * half, upper, lash)
    canvas.fill(canvas.coverage(lid), DARK, 0.85)
    if not look.male:
        wing = canvas.stroke(
            cx + (0.8 if side > 0 else -1.3) * half,
            cx + (1.3 if side > 0 else -0.8) * half,
            cy - 0.004 - 0.25 * side * (canvas.x - cx - 0.9 * side * half),
            0.005,
        )
        canvas.fill(canvas.coverage(wing), DARK, 0.7)
    rim = canvas.stroke(cx - 0.9 * half, cx + 0.9 * half, lower, 0.002)
    canvas.fill(canvas.coverage(rim), 0.55 * look.skin, 0.5)
    crease = canvas.stroke(cx - half, cx + half, upper - 0.016, 0.003)
    canvas.fill(canvas.coverage(crease, 0.008), 0.62 * look.skin, 0.55)


def paint_brows(canvas: Canvas, look: Look) -> None:
    """Brows, a little darker than the hair."""
    colour = mix(0.7 * look.hair, DARK, 0.25)
    for side, (cx, cy) in zip(SIDES, EYES, strict=True):
        part = canvas.around(cx, cy - look.brow_y, 0.12, 0.08)
        u = side * (part.x - cx) / 0.09  # -1 near the nose, 1 at the temple
        arch = 0.012 if look.male else 0.026
        centre = cy - look.brow_y - arch * (1 - (u - 0.25) ** 2) + 0.01
        thickness = look.brow * (1.05 - 0.55 * smooth(u, -0.2, 1.1))
        shape = part.stroke(cx - 0.09, cx + 0.09, centre, thickness)
        part.fill(part.coverage(shape, 0.008), colour, 0.85)


def paint_nose(canvas: Canvas, look: Look, shot: Shot) -> None:
    """Bridge, tip and nostrils: mostly light and shade."""
    half = look.nose_half
    canvas = canvas.around(CENTRE_X, 0.57, 0.2, 0.17)
    along = smooth(canvas.y, 0.44, 0.62) * (1 - smooth(canvas.y, 0.66, 0.69))
    width = 0.022 + (half - 0.02) * smooth(canvas.y, 0.5, 0.65)
    for side in SIDES:
        facing = side * shot.light[0]
        flank = np.exp(-(((canvas.x - CENTRE_X - side * width) / 0.022) ** 2)) * along
        canvas.shade(flank, 1.0 - 0.13 + 0.2 * facing)
    ridge = np.exp(-(((canvas.x - CENTRE_X) / 0.018) ** 2)) * along
    canvas.shade(ridge, 1.09)
    canvas.shade(canvas.glow(CENTRE_X, 0.635, 0.03, 0.025), 1.07)
    canvas.shade(canvas.glow(CENTRE_X, 0.682, 0.9 * half, 0.014), 0.8)
    for side in SIDES:
        wing = canvas.ellipse(CENTRE_X + side * 0.8 * half, NOSE_Y + 0.008, 0.4 * half, 0.024)
        rim = canvas.coverage(np.abs(wing) - 0.002, 0.008)
        canvas.shade(rim * smooth(side * (canvas.x - CENTRE_X), 0.7 * half, 0.9 * half), 0.72)
        nostril = canvas.ellipse(CENTRE_X + side * 0.48 * half, 0.664, 0.32 * half, 0.0085)
        canvas.fill(canvas.coverage(nostril, 0.006), 0.3 * look.skin, 0.85)


def paint_mouth(canvas: Canvas, look: Look, shot: Shot) -> None:
    """Lips, the line between them, and teeth in a broad smile."""
    half = MOUTH_HALF * (0.93 + 0.09 * shot.smile) * (1.03 if look.male else 0.97)
    canvas = canvas.around(CENTRE_X, 0.78, 0.26, 0.15)
    u = (canvas.x - CENTRE_X) / half
    bow = np.maximum(1 - u * u, 0)
    line = MOUTH_Y + 0.004 + 0.022 * shot.smile * (bow - 0.55)
    gap = 0.034 * shot.open_mouth * bow
    cleft = (
        1 - 0.3 * np.exp(-((u / 0.16) ** 2)) + 0.12 * np.exp(-(((np.abs(u) - 0.28) / 0.15) ** 2))
    )
    upper = line - 0.42 * look.lip_height * bow**0.8 * cleft
    lower = line + gap + 0.58 * look.lip_height * bow**0.75
    lips = canvas.coverage(np.maximum(upper - canvas.y, canvas.y - lower))
    lips *= np.abs(u) < 1
    under = 0.8 * look.lip + 0.2 * look.skin
    canvas.fill(lips, np.where((canvas.y < line)[..., None], 0.84 * under, look.lip))
    canvas.shade(canvas.glow(CENTRE_X, MOUTH_Y + 0.03, 0.4 * half, 0.01) * lips, 1.14)
    if shot.open_mouth > 0:
        mouth = canvas.coverage(np.maximum(line - canvas.y, canvas.y - line - gap))
        mouth *= np.abs(u) < 0.95
        canvas.fill(mouth, WHITE * 0.95 - 0.45 * np.minimum(np.abs(u[..., None]), 1) ** 4)
    seam = canvas.stroke(CENTRE_X - half, CENTRE_X + half, line, 0.0035)
    canvas.fill(canvas.coverage(seam), 0.42 * look.lip, 0.85 - 0.5 * shot.open_mouth)
    for side in SIDES:
        corner = canvas.glow(
            CENTRE_X + side * 1.03 * half, MOUTH_Y - 0.004 * shot.smile, 0.02, 0.02
        )
        canvas.shade(corner, 0.8)
    canvas.shade(canvas.glow(CENTRE_X, MOUTH_Y + 0.075, 0.07, 0.02), 0.88)


def paint_cheeks(canvas: Canvas, look: Look) -> None:
    """Blush, the hollow or the roundness of cheeks, and a second chin."""
    full = look.fullness
    for side in SIDES:
        x = CENTRE_X + side * 0.62 * look.half_width
        part = canvas.around(x, 0.68, 0.2, 0.24)
        part.fill(part.glow(x, 0.63, 0.08, 0.06), look.lip, 0.2 - 0.12 * look.old)
        part.shade(part.glow(x, 0.62, 0.07, 0.06), 1 + 0.05 * max(-1.0, min(full, 2.5)))
        hollow = part.glow(CENTRE_X + side * 0.72 * look.half_width, 0.74, 0.07, 0.11)
        part.shade(hollow, 1 - 0.08 * max(-0.4, min(-full, 2.0)))
    if full > 0:
        part = canvas.around(CENTRE_X, 0.9, 0.2, 0.07)
        fold = part.stroke(
            CENTRE_X - 0.16, CENTRE_X + 0.16, 0.92 - 1.6 * (part.x - CENTRE_X) ** 2, 0.004
        )
        part.shade(part.coverage(fold, 0.02), 1 - 0.16 * min(full, 2.0))


def paint_wrinkles(canvas: Canvas, look: Look) -> None:
    """What age draws: brow lines, crow's feet, bags, folds beside the mouth."""
    depth = max(0.0, (look.old - 0.15) / 0.85) ** 1.3
    _paint_brow_lines(canvas.around(CENTRE_X, 0.275, 0.2, 0.07), look, depth)
    for side, (cx, cy) in zip(SIDES, EYES, strict=True):
        _paint_eye_lines(canvas.around(cx, cy + 0.02, 0.16, 0.09), look, depth, cx, cy, side)
        _paint_mouth_fold(
            canvas.around(CENTRE_X + side * 0.11, 0.725, 0.11, 0.1), look, depth, side
        )


def _paint_brow_lines(canvas: Canvas, look: Look, depth: float) -> None:
    for number, y in enumerate((0.24, 0.275, 0.31)):
        centre = y + 0.006 * np.cos(9 * (canvas.x - CENTRE_X) + number)
        line = canvas.stroke(CENTRE_X - 0.17, CENTRE_X + 0.17, centre, 0.0025)
        canvas.fill(canvas.coverage(line, 0.008), WRINKLE * look.skin, 0.6 * depth)


def _paint_eye_lines(
    canvas: Canvas, look: Look, depth: float, cx: float, cy: float, side: int
) -> None:
    ink = WRINKLE * look.skin
    bag = canvas.stroke(cx - 0.06, cx + 0.06, cy + 0.055 - 4 * (canvas.x - cx) ** 2, 0.003)
    canvas.fill(canvas.coverage(bag, 0.012), ink, 0.7 * depth)
    corner = cx + side * 0.075
    start, end = corner - 0.02 + 0.02 * side, corner + 0.02 + 0.02 * side
    for slope in (-0.5, 0.0, 0.5):
        foot = canvas.stroke(start, end, cy + slope * side * (canvas.x - corner), 0.002)
        canvas.fill(canvas.coverage(foot, 0.005), ink, 0.55 * depth)


def _paint_mouth_fold(canvas: Canvas, look: Look, depth: float, side: int) -> None:
    t = (canvas.y - 0.66) / 0.13
    x = CENTRE_X + side * (look.nose_half + 0.012 + 0.075 * np.clip(t, 0, 1) ** 0.8)
    fold = np.maximum(np.abs(canvas.x - x) - 0.003, 0.13 * (np.abs(t - 0.5) - 0.5))
    canvas.fill(canvas.coverage(fold, 0.012), WRINKLE * look.skin, 0.18 + 0.62 * depth)


def paint_beard(canvas: Canvas, look: Look, inside: Float64s) -> None:
    """Beard and moustache, from stubble to full; ``inside`` is where the face is."""
    if look.beard <= 0:
        return
    across = np.abs(canvas.x - CENTRE_X) / look.half_width
    top = 0.80 - 0.36 * smooth(across, 0.35, 0.95)
    jaw = smooth(canvas.y - top, -0.05, 0.06)
    hang = np.abs(canvas.y - 0.71 - 1.6 * (canvas.x - CENTRE_X) ** 2) - 0.02
    ends = np.abs(canvas.x - CENTRE_X) - 0.13
    moustache = canvas.coverage(np.maximum(hang, ends), 0.025)
    lips = canvas.coverage(canvas.ellipse(CENTRE_X, MOUTH_Y + 0.008, 0.135, 0.034), 0.02)
    cover = np.maximum(jaw * (1 - lips), moustache) * inside
    grain = np.clip(1 + 0.1 * canvas.texture, 0.5, 1.5)[..., None]
    canvas.fill(cover, 0.8 * look.hair * grain, 0.2 + 0.7 * look.beard)
