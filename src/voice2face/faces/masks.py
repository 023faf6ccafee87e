"""Masks of what a voice can't know: hair and background, found by two networks."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice2face.arrays import Bools, Float32s, Picture
from voice2face.assets.pretrained import find
from voice2face.faces.opencv import opencv, resized
from voice2face.faces.pictures import PictureError
from voice2face.faces.settings import Removable
from voice2face.onnx_files import Network

Mask = npt.NDArray[np.float32]

# The networks want more to see than the face: the crop is widened about its centre. Of the factors
# 1, 1.2, 1.4, 1.6, 2 and 2.4, this is the one whose masks are nearest to the median of all
# (80 pictures of 224 px: IoU 0.81 for hair, 0.89 for the background), and it removes least of the
# features.
CONTEXT = 1.6
HAIR_PX, SELFIE_PX = 512, 256
# Probabilities below the first are taken for 0, above the second for 1: without faint veils.
SURE = (0.3, 0.7)
# Where in such a crop eyes, nose and mouth lie, in both geometries, and where glasses may reach:
# top, bottom, left, right.
FEATURES = (0.36, 0.70, 0.36, 0.64)
GLASSES = (0.34, 0.72, 0.29, 0.71)
# Where a beard grows in such a crop, in both geometries: middle and half axes of an ellipse that
# reaches from the nose over the chin; and the share of it that its soft border takes.
BEARD, BEARD_SOFT = ((0.5, 0.70), (0.18, 0.17)), 0.15
THREAD = 0.03  # share of the crop's side: what is thinner does not connect
MOST_REMOVED = 0.5  # of the features: more can only be a mistake
NETWORKS: dict[Removable, str] = {"hair": "hair", "background": "selfie"}


class Masks:
    """The segmentation networks of one process, on one thread.

    Args:
        remove: What is to be removed.
        files: Files of the networks, by name; else :mod:`voice2face.assets.pretrained` finds them.

    Raises:
        ModelError: A file is missing, or is no such network.
        MissingExtraError: OpenCV is not installed.
    """

    def __init__(self, remove: tuple[Removable, ...], files: dict[str, Path] | None = None) -> None:
        self._cv2 = opencv("removing hair or background")
        names = {part: NETWORKS[part] for part in remove}
        self._networks = {
            part: Network(files[name] if files else find(name)) for part, name in names.items()
        }

    def __call__(self, crop: Picture, inside: Bools | None = None) -> Mask:
        """How much of each pixel stays.

        What stays has no holes in the features (dark glasses look like hair), and, without the
        background, is one piece. A beard is hair to the network; it stays, for a voice tells of it
        as of the rest of the face. What lies beyond the picture's border goes.

        Args:
            crop: Aligned, widened by ``CONTEXT`` about its centre, RGB, uint8, (s, s, 3).
            inside: Whether each pixel shows the picture, (s, s), or its mirror; None: all do.

        Returns:
            0 (removed) to 1 (stays), shape (s, s).

        Raises:
            PictureError: More than ``MOST_REMOVED`` of the features would go.
        """
        keep = np.ones(crop.shape[:2], np.float32)
        if "hair" in self._networks:
            hair = self._hair(crop) * (1 - _beard(crop.shape[0]))
            keep *= self._without_specks(1 - hair)
        if inside is not None:
            keep *= inside
        if "background" in self._networks:
            keep = self._one_piece(keep * self._without_specks(self._person(crop)))
        _check(keep)
        return keep

    def _hair(self, crop: Picture) -> Mask:
        network_input = np.zeros((1, 4, HAIR_PX, HAIR_PX), np.float32)  # the last: previous mask
        network_input[0, :3] = self._scaled(crop, HAIR_PX)
        background, hair = self._networks["hair"].run(None, {"input": network_input})[0][0]
        probability = 1 / (1 + np.exp(background - hair))  # softmax of two
        return self._sure(probability, crop.shape[0])

    def _person(self, crop: Picture) -> Mask:
        network_input = self._scaled(crop, SELFIE_PX)[None]
        person = self._networks["background"].run(None, {"input": network_input})[0][0, 0]
        return self._sure(person, crop.shape[0])

    def _scaled(self, crop: Picture, px: int) -> Float32s:
        """In 0 to 1, shape (3, px, px)."""
        planes = resized(crop, px).transpose(2, 0, 1)
        return np.ascontiguousarray(planes, np.float32) / np.float32(255)

    def _sure(self, probability: Mask, px: int) -> Mask:
        low, high = SURE
        sure = (resized(probability, px) - low) / (high - low)
        return np.asarray(np.clip(sure, 0, 1), np.float32)

    def _without_specks(self, keep: Mask) -> Mask:
        """Fill what is removed around the features and nowhere reaches farther out."""
        top, bottom, left, right = _box(GLASSES, keep.shape[0])
        removed = (keep < 0.5).astype(np.uint8)
        n, labels, boxes, _ = self._cv2.connectedComponentsWithStats(removed)
        inside = [
            label
            for label in range(1, n)
            if boxes[label][0] >= left
            and boxes[label][1] >= top
            and boxes[label][0] + boxes[label][2] <= right
            and boxes[label][1] + boxes[label][3] <= bottom
        ]
        if not inside:
            return keep
        specks = np.isin(labels, inside).astype(np.uint8)
        grown = self._cv2.dilate(specks, np.ones((5, 5), np.uint8))  # their soft border too
        return np.where(grown > 0, np.float32(1), keep)

    def _one_piece(self, keep: Mask) -> Mask:
        """Remove what is not connected to the features by more than a thread: others, seams."""
        top, bottom, left, right = _box(FEATURES, keep.shape[0])
        width = max(1, round(THREAD * keep.shape[0]))
        kept = (keep >= 0.5).astype(np.uint8)
        solid = self._cv2.morphologyEx(kept, self._cv2.MORPH_OPEN, self._disc(width))
        _, labels = self._cv2.connectedComponents(solid)
        counts = np.bincount(labels[top:bottom, left:right].ravel())
        counts[0] = 0
        piece = (labels == counts.argmax()) & (solid > 0)
        around = self._cv2.dilate(piece.astype(np.uint8), self._disc(width))  # its soft border
        return np.where(around > 0, keep, np.float32(0))

    def _disc(self, width: int) -> Any:
        return self._cv2.getStructuringElement(self._cv2.MORPH_ELLIPSE, (width, width))


def _beard(px: int) -> Mask:
    """Where a beard is, 1, and where hair is hair, 0, with a soft border; shape (px, px)."""
    (x, y), (half_width, half_height) = BEARD
    at = (np.arange(px, dtype=np.float32) + 0.5) / px
    radius = np.hypot((at[None] - x) / half_width, (at[:, None] - y) / half_height)
    return np.asarray(np.clip((1 - radius) / BEARD_SOFT, 0, 1), np.float32)


def _box(shares: tuple[float, float, float, float], px: int) -> tuple[int, int, int, int]:
    top, bottom, left, right = (round(share * px) for share in shares)
    return top, bottom, left, right


def _check(keep: Mask) -> None:
    top, bottom, left, right = _box(FEATURES, keep.shape[0])
    removed = 1 - float(keep[top:bottom, left:right].mean())
    if removed > MOST_REMOVED:
        raise PictureError(
            "mask failed",
            f"{removed:.0%} of eyes, nose and mouth taken for what is to be removed; "
            f"at most {MOST_REMOVED:.0%} wanted",
        )
