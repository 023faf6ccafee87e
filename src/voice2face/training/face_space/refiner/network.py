"""The refiner and its critic: small convolutional networks that know where in a face they look."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIDE = 160  # of the layout's pictures
CHANNELS = (24, 48, 64)  # at a half, a quarter, an eighth of the side
PLACES = 8  # learned maps: what is where in the layout
NOISE = 2  # maps of chance: which strand of hair falls where
CRITIC = (24, 48, 64)
LEAK = 0.2  # slope of rectifiers below zero


class Refiner(nn.Module):
    """Pictures of the layout as photographs would show them; what is coarse stays nearly.

    A U-Net on blocks of 2 × 2 pixels. It gives what is to be added; at the start that is nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        one, two, three = CHANNELS
        half = SIDE // 2
        self.places = nn.Parameter(0.1 * torch.randn(1, PLACES, half, half))
        self.first = nn.Conv2d(16 + PLACES + NOISE, one, 3, padding=1)
        self.down = nn.Conv2d(one, two, 3, stride=2, padding=1)
        self.middle = nn.Conv2d(two, two, 3, padding=1)
        self.low = nn.Conv2d(two, three, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(three, three, 3, padding=1), nn.LeakyReLU(LEAK),
                nn.Conv2d(three, three, 3, padding=1),
            )
            for _ in range(2)
        )  # fmt: skip
        self.up = nn.Conv2d(three + two, two, 3, padding=1)
        self.high = nn.Conv2d(two + one, one, 3, padding=1)
        self.last = nn.Conv2d(one, one, 3, padding=1)
        self.change = nn.Conv2d(one, 16, 3, padding=1)
        for parameter in self.change.parameters():
            nn.init.zeros_(parameter)

    def forward(self, picture: Tensor, noise: Tensor) -> Tensor:
        """The refined pictures.

        Args:
            picture: RGB and opacity in [-1, 1], (n, 4, SIDE, SIDE).
            noise: Of mean 0 and spread 1, (n, NOISE, SIDE / 2, SIDE / 2).
        """
        places = self.places.expand(picture.shape[0], -1, -1, -1)
        x = torch.cat([F.pixel_unshuffle(picture, 2), places, noise], dim=1)
        one = F.leaky_relu(self.first(x), LEAK)
        two = F.leaky_relu(self.middle(F.leaky_relu(self.down(one), LEAK)), LEAK)
        three = F.leaky_relu(self.low(two), LEAK)
        for block in self.blocks:
            three = three + block(three)
        wide = F.interpolate(F.leaky_relu(three, LEAK), scale_factor=2.0, mode="nearest")
        two = F.leaky_relu(self.up(torch.cat([wide, two], dim=1)), LEAK)
        wide = F.interpolate(two, scale_factor=2.0, mode="nearest")
        one = F.leaky_relu(self.high(torch.cat([wide, one], dim=1)), LEAK)
        one = F.leaky_relu(self.last(one), LEAK)
        return picture + F.pixel_shuffle(self.change(one), 2)


class Critic(nn.Module):
    """Whether patches of 46 pixels are of photographs; a score for each."""

    def __init__(self) -> None:
        super().__init__()
        one, two, three = CRITIC
        self.first = nn.Conv2d(3, one, 4, stride=2, padding=1)
        self.places = nn.Parameter(torch.zeros(1, one, SIDE // 2, SIDE // 2))
        self.rest = nn.Sequential(
            nn.LeakyReLU(LEAK),
            nn.Conv2d(one, two, 4, stride=2, padding=1), nn.LeakyReLU(LEAK),
            nn.Conv2d(two, three, 4, stride=2, padding=1), nn.LeakyReLU(LEAK),
            nn.Conv2d(three, three, 3, padding=1), nn.LeakyReLU(LEAK),
            nn.Conv2d(three, 1, 3, padding=1),
        )  # fmt: skip

    def forward(self, picture: Tensor) -> Tensor:
        """Scores, (n, 1, SIDE / 8, SIDE / 8), of RGB in [-1, 1], (n, 3, SIDE, SIDE)."""
        scores: Tensor = self.rest(self.first(picture) + self.places)
        return scores
