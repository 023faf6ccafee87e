"""Random changes of faces, like the differences between pictures of one person.

Apart from the augmentation of the critics (``stability``): numbers are drawn on the processor, and
the faces are turned, scaled and blurred too, for a made face is less sharp than a picture.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

TURN = 0.15  # radians, either way
ZOOM = 0.12  # of the logarithm of the size
SHIFT = 0.06  # share of the face's side
BRIGHTNESS, TINT, SLOPE = 0.3, 0.12, 0.25  # in units of half the range; SLOPE: of light, at an edge
CONTRAST = 0.35  # of its logarithm
HIDDEN = 0.4  # side of the square that half of the faces lose, of the face's
N_DRAWN = 15


def augment(faces: Tensor, rng: torch.Generator) -> Tensor:
    """Change place, light and sharpness of each face, and cover a part of some.

    Args:
        faces: (batch, 3, px, px) in [-1, 1], on any device.
        rng: On the processor; the same numbers are drawn for every device.

    Returns:
        The same shape.
    """
    drawn = (2 * torch.rand(N_DRAWN, len(faces), generator=rng) - 1).to(faces.device)
    mirror, turn, zoom, right, down, blur, *light, hide, row, column = drawn
    faces = move(faces, mirror, turn, zoom, torch.stack((right, down), 1))
    soft = F.avg_pool2d(faces, 3, 1, padding=1, count_include_pad=False)
    faces = torch.lerp(faces, soft, _each(blur.clamp(min=0)))
    return cover(relight(faces, torch.stack(light)), hide, torch.stack((row, column)))


def move(faces: Tensor, mirror: Tensor, turn: Tensor, zoom: Tensor, shift: Tensor) -> Tensor:
    """Shift, scale and turn each face, then mirror it where ``mirror`` < 0.

    Beyond its border the picture is reflected.

    Args:
        faces: (batch, 3, px, px).
        mirror: In [-1, 1], as all others; shape (batch,).
        turn: Share of TURN, (batch,).
        zoom: Share of ZOOM, (batch,).
        shift: Shares of SHIFT to the right and down, (batch, 2).
    """
    cos, sin = torch.cos(TURN * turn), torch.sin(TURN * turn)
    side = torch.where(mirror < 0, -1.0, 1.0)
    rows = torch.stack((torch.stack((cos * side, -sin), 1), torch.stack((sin * side, cos), 1)), 1)
    rows = rows * torch.exp(-ZOOM * zoom)[:, None, None]
    # A face is 2 wide in the coordinates of grid_sample.
    maps = torch.cat((rows, -2 * SHIFT * shift[:, :, None]), 2)
    grid = F.affine_grid(maps, list(faces.shape), align_corners=False)
    return F.grid_sample(faces, grid, padding_mode="reflection", align_corners=False)


def relight(faces: Tensor, drawn: Tensor) -> Tensor:
    """Other contrast, brightness, tint and direction of light; ``drawn`` is (6, batch)."""
    contrast, brightness, red, blue, across, along = (_each(part) for part in drawn)
    mean = faces.mean(dim=(1, 2, 3), keepdim=True)
    faces = mean + (faces - mean) * torch.exp(CONTRAST * contrast)
    tint = TINT * torch.cat((red, -(red + blue) / 2, blue), 1)
    ramp = torch.linspace(-1, 1, faces.shape[-1], device=faces.device)
    slope = SLOPE * (across * ramp + along * ramp[:, None])
    return faces + BRIGHTNESS * brightness + tint + slope


def cover(faces: Tensor, hide: Tensor, centre: Tensor) -> Tensor:
    """A grey square over each face where ``hide`` > 0, about a point; ``centre`` is (2, batch)."""
    places = torch.linspace(-1, 1, faces.shape[-1], device=faces.device)
    rows, columns = ((places - at[:, None]).abs() < HIDDEN for at in centre)
    hit = rows[:, :, None] & columns[:, None, :] & (hide > 0)[:, None, None]
    shown: Tensor = faces * ~hit[:, None]
    return shown


def _each(values: Tensor) -> Tensor:
    """(batch,) to (batch, 1, 1, 1)."""
    return values[:, None, None, None]
