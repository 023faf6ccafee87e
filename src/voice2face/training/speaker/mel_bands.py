"""What the front end's mel bands make of noise, of a telephone and of rounding."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from voice2face.audio.log_mel import mel_filterbank
from voice2face.settings import LogMel

PHONE_HZ = (300.0, 3400.0)


@dataclass(frozen=True)
class Bands:
    """What the mel bands make of a sound; tensors of shape (n_mels,).

    Attributes:
        floor: Least mel power.
        hop_s: From frame to frame.
        centre_hz: Of each filter.
        weight: Power of a waveform is the sum of mel power times this (pre-emphasis undone).
        emphasis: Mel power of white noise, to a factor.
        pink: The same of pink noise.
        freedom: Independent values that a band averages in one frame; mel power of noise varies by
            one over its root.
        phone: What a telephone leaves: power @ phone is what it passes on, (n_mels, n_mels).
        rounding: Mel power of the rounding to 16 bits.
    """

    floor: float
    hop_s: float
    centre_hz: Tensor
    weight: Tensor
    emphasis: Tensor
    pink: Tensor
    freedom: Tensor
    phone: Tensor
    rounding: Tensor

    @classmethod
    def of(cls, settings: LogMel, device: torch.device | str = "cpu") -> "Bands":
        """From the front end's settings."""
        filters = mel_filterbank(settings)
        bin_hz = settings.sample_rate / settings.n_fft
        hertz = np.arange(len(filters)) * bin_hz
        turn = np.exp(-2j * np.pi * hertz / settings.sample_rate)
        emphasis = np.abs(1 - settings.pre_emphasis * turn) ** 2
        taper = np.hamming(round(settings.window_s * settings.sample_rate))
        share = filters * bin_hz  # of each bin in each band; columns sum to one
        of_white = share.T @ emphasis
        pink = share.T @ (emphasis / np.maximum(hertz, bin_hz))
        centre = share.T @ hertz
        edges = np.concatenate([[0], (centre[1:] + centre[:-1]) / 2, hertz[-1:]])
        numbers = (
            centre,
            np.diff(edges) / of_white,
            of_white,
            pink,
            _freedom(share, emphasis, taper, settings.n_fft),
            _phone(share, taper, settings.n_fft, hertz),
            of_white * (taper**2).sum() / bin_hz / 12,  # a step of one has a variance of 1/12
        )
        tensors = [torch.tensor(n, dtype=torch.float32) for n in numbers]
        return cls(settings.floor, settings.hop_s, *tensors).to(torch.device(device))

    def to(self, device: torch.device) -> "Bands":
        """The same on a device."""
        tensors = (getattr(self, field.name) for field in fields(self)[2:])
        return Bands(self.floor, self.hop_s, *(tensor.to(device) for tensor in tensors))


def _freedom(share: np.ndarray, emphasis: np.ndarray, taper: np.ndarray, n_fft: int) -> np.ndarray:
    """Bands' mean squared over their variance, for white noise: neighbouring bins are correlated.

    The correlation of power between bins is the squared spectrum of the squared window.
    """
    spectrum = np.abs(np.fft.fft(taper**2, n_fft)) ** 2
    correlation = spectrum / spectrum[0]
    distance = np.abs(np.arange(len(share))[:, None] - np.arange(len(share)))
    weights = share * emphasis[:, None]
    variance = np.einsum("ib,ib->b", weights, correlation[distance] @ weights)
    return np.asarray(weights.sum(axis=0) ** 2 / variance)


def _phone(share: np.ndarray, taper: np.ndarray, n_fft: int, hertz: np.ndarray) -> np.ndarray:
    """Bands pass what of them lies between 300 and 3400 Hz.

    Outside, one sees what the window's side lobes bring there from inside.
    """
    low, high = PHONE_HZ
    inside = ((hertz >= low) & (hertz <= high)).astype(float)
    lobes = np.abs(np.fft.fft(taper, n_fft)) ** 2
    distance = np.abs(np.arange(len(share))[:, None] - np.arange(len(share)))
    nearest = np.eye(share.shape[1])[share.argmax(axis=1)]  # the band of each bin
    leaked = share.T @ ((lobes / lobes.sum())[distance] * inside) @ nearest
    passed = share.T @ inside
    return np.asarray(np.diag(passed) + ((1 - passed)[:, None] * leaked).T)
