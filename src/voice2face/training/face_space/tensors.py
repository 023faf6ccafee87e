"""Faces of a space as tensors: how what a network is fed changes with the codes.

The same as :class:`voice2face.generators.face_decoder.FaceDecoder` and the crop of
:mod:`voice2face.faces.align` in one: each pixel of the crop is looked up in the texture.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from voice2face.faces.drawing import ROUNDS
from voice2face.faces.layout import Layout
from voice2face.faces.mesh import N_POINTS, five_points
from voice2face.generators.face_decoder import FINE, FURTHEST
from voice2face.generators.soft import blur_matrix
from voice2face.parts import Arrays


class Crops:
    """Draws what a network is fed, from codes, for gradients with respect to these.

    Args:
        arrays: A face space whose textures fill the layout, with nothing around them.
        sharpening: As the faces are drawn.
        geometry: Where eyes, nose and corners of the mouth lie in a crop, as fractions, (5, 2).
        px: Side at which faces are aligned.
        fed_px: Side at which they are fed.
        found: Where a detector finds these five points, less where they are in the mesh, in
            distances of the eyes, shape (5, 2).
    """

    def __init__(
        self,
        arrays: Arrays,
        sharpening: float,
        geometry: npt.NDArray[Any],
        px: int,
        fed_px: int,
        found: npt.NDArray[Any],
    ) -> None:
        self._side, self._px, self._fed_px = arrays["region"].shape[0], px, fed_px
        self._sharpening = sharpening
        scale = arrays["texture_scale"][:, None].astype(np.float32)
        self._texture = _tensor(arrays["texture_mean"])
        self._textures = _tensor(arrays["texture_basis"] * scale)
        self._fine = _tensor(blur_matrix(self._side, FINE))
        self._geometry = _tensor(geometry)
        layout = Layout.read()
        mean = arrays["shape_mean"].reshape(N_POINTS, 2).astype(np.float64)
        changes = arrays["shape_basis"].reshape(-1, N_POINTS, 2).astype(np.float64)
        rings = layout.with_rings(mean)
        # How the layout moves, and where the five points are: both are linear in the shape.
        self._moved = _tensor(_moved(layout, rings - layout.with_rings(layout.shape)))
        self._moves = torch.stack(
            [_tensor(_moved(layout, layout.with_rings(mean + one) - rings)) for one in changes]
        )
        five = five_points(mean)
        eyes = np.linalg.norm(five[0] - five[1])
        self._five = _tensor(five + eyes * found)
        self._fives = torch.stack([_tensor(five_points(mean + one) - five) for one in changes])

    def __call__(self, codes: Tensor) -> Tensor:
        """Crops, RGB in 0 to 255, shape (n, 3, fed_px, fed_px), of codes (n, K)."""
        codes = codes.clamp(-FURTHEST, FURTHEST)
        n_texture = len(self._textures)
        own, shape = codes[:, :n_texture], codes[:, n_texture:]
        texture = (self._texture + own @ self._textures).reshape(-1, self._side, self._side, 3)
        texture = texture.permute(0, 3, 1, 2)
        soft = self._fine @ texture @ self._fine.T
        texture = texture + self._sharpening * (texture - soft)
        places = self._in_faces(shape)
        crops = _sampled(texture, places + _between(self._offsets(shape), places)).clamp(0, 255)
        if self._fed_px != self._px:
            size = (self._fed_px, self._fed_px)
            crops = F.interpolate(crops, size=size, mode="bilinear", align_corners=False)
        return crops

    def _in_faces(self, shape: Tensor) -> Tensor:
        """Where pixels of the crops lie in the faces, in sides, shape (n, px, px, 2)."""
        five = self._five + torch.einsum("nk,kpc->npc", shape, self._fives)
        middle = five.mean(dim=1, keepdim=True)
        # In the complex plane the map to a crop is z → a z + b (faces.align.similarity).
        z, wanted = (torch.view_as_complex(one.contiguous()) for one in (
            five - middle, self._geometry - self._geometry.mean(dim=0)
        ))  # fmt: skip
        a = (z.conj() * wanted).sum(dim=1) / (z.abs() ** 2).sum(dim=1)
        crop = _centres(self._px) - self._geometry.mean(dim=0)
        places = torch.view_as_complex(crop.contiguous())[None] / a[:, None, None]
        return torch.view_as_real(places) + middle[:, None]

    def _offsets(self, shape: Tensor) -> Tensor:
        """From places in the faces to places in the layout, shape (n, 2, coarse, coarse)."""
        moved = self._moved + torch.einsum("nk,kcyx->ncyx", shape, self._moves)
        to = _centres(moved.shape[-1])
        with torch.no_grad():  # a place's own gradient is small against that of what is there
            place = to.expand(len(shape), -1, -1, -1)
            for _ in range(ROUNDS):
                place = to - _between(moved, place)
        return -_sampled(moved, place)


def _moved(layout: Layout, points: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """How far each pixel of the coarse layout moves with the points, shape (2, px, px)."""
    return layout.coarse.between(points).transpose(2, 0, 1)


def _centres(px: int) -> Tensor:
    """Places of the pixels of a square, in sides, shape (px, px, 2)."""
    at = (torch.arange(px) + 0.5) / px
    y, x = torch.meshgrid(at, at, indexing="ij")
    return torch.stack([x, y], dim=-1)


def _sampled(pictures: Tensor, places: Tensor) -> Tensor:
    """Pictures (n, channels, ...) at places in sides (n, px, px, 2), bilinear."""
    return F.grid_sample(
        pictures, 2 * places - 1, mode="bilinear", padding_mode="border", align_corners=False
    )


def _between(moved: Tensor, places: Tensor) -> Tensor:
    """Moves (n, 2, ...) at places, shape (n, px, px, 2)."""
    return _sampled(moved, places).permute(0, 2, 3, 1)


def _tensor(values: npt.NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32).copy())
