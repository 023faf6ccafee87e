"""Settings of faces: which pictures are good enough, and how a face is cut out of one."""

from typing import Annotated, Literal

import msgspec

from voice2face.settings import NotNegative, Settings, Share

Geometry = Literal["released", "tight", "normalised", "normalised-close"]
Removable = Literal["hair", "background"]


class FaceFilters(Settings, frozen=True, kw_only=True):
    """Thresholds for faces that are good enough to learn from; `faces.quality` defines them.

    The thresholds leave at least 97 % of the pictures of AVSpeech and of VoxCeleb. Frontal faces
    only, as in the crops that Wen et al. trained on, need ``max_yaw_deg=30``.
    """

    min_score: Share = 0.6  # the detector's score
    min_eyes_px: NotNegative = 16.0  # distance of the eyes in the picture
    max_yaw_deg: Annotated[float, msgspec.Meta(ge=0, le=90)] = 65.0
    min_sharpness: NotNegative = 0.04
    min_brightness: Annotated[float, msgspec.Meta(ge=0, le=255)] = 20.0
    max_outside: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.4  # of the crop, off the picture


class NormalisedFilters(Settings, frozen=True, kw_only=True):
    """Thresholds for faces that can be laid on the mean shape; `faces.normalise` defines them."""

    max_turned: Share = 0.1  # of the face's width, nose from the middle of the cheeks
    max_nodded: Share = 0.1  # share of the distance from eyes to chin
    max_mouth: Share = 0.05  # of the face's height
    max_spectacles: Annotated[float, msgspec.Meta(ge=-10, le=100)] = 0.25
    max_burnt: Share = 0.1  # of the face's pixels
    min_brightness: Annotated[float, msgspec.Meta(ge=0, le=255)] = 50.0
    min_colour: Annotated[float, msgspec.Meta(ge=0, le=255)] = 14.0


class FaceCrop(Settings, frozen=True, kw_only=True):
    """From a picture to an aligned face."""

    px: Annotated[int, msgspec.Meta(ge=8, le=1024)] = 64
    geometry: Geometry = "released"
    filters: FaceFilters = FaceFilters()
    # Only where faces are laid on the mean shape.
    normalised: NormalisedFilters = NormalisedFilters()
    remove: Annotated[tuple[Removable, ...], msgspec.Meta(max_length=2)] = ()
    faces_per_video: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 5

    def __post_init__(self) -> None:
        """Refuse a word that is there twice, and a close crop that is no whole pixels."""
        if len(set(self.remove)) < len(self.remove):
            raise ValueError(f"remove of {', '.join(self.remove)}: each once")
        if self.is_close_up and self.px % 8:
            raise ValueError(f"px of {self.px}: a multiple of 8 with normalised-close")

    @property
    def is_normalised(self) -> bool:
        """Whether faces are laid on the mean shape."""
        return self.geometry.startswith("normalised")

    @property
    def is_close_up(self) -> bool:
        """Whether of a normalised face only the square that the face fills is kept."""
        return self.geometry == "normalised-close"

    @property
    def keeps_shapes(self) -> bool:
        """Whether a face's own shape is kept: its points lie in the square of the whole head."""
        return self.is_normalised and not self.is_close_up


class NormalisedFace(Settings, frozen=True, kw_only=True):
    """From a picture to a face on the mean shape, in even light, before a plain background."""

    px: Annotated[int, msgspec.Meta(ge=8, le=1024)] = 128
    hair: bool = False  # what the picture shows around the face stays, without the background
    filters: NormalisedFilters = NormalisedFilters()
