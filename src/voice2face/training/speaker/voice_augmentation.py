"""Noise, reverberation, speed and telephone for the speaker stage, on mel power alone.

A corpus holds no waveforms. What these changes do to a waveform's spectrogram is known in the mean
and, as the phases are random, in the variance as well; so a changed spectrogram is drawn rather
than computed. Measured against the same changes of waveforms, see docs/training.md.

All functions are pure; what is random comes from the generator that they are given, which lies on
the device of the spectrograms.
"""

import torch
from torch import Tensor

from voice2face.training.speaker.mel_bands import Bands

PHONE_RATE_HZ = 8000
# Of power over its mean, the cube root: a normal number may be negative where power is not.
LEAST_ROOT = 0.1
TAIL_DOUBLINGS = 7  # the tail is 128 frames long


def interfere(
    power: Tensor, other: Tensor, bands: Bands, rng: torch.Generator, *, steady: bool
) -> Tensor:
    """Mel power of a sum of two sounds whose phases have nothing to do with each other.

    The powers add in the mean only. Around it the sum varies as a non-central χ² does: by
    2·power·other and, if ``other`` is a mean itself, by other², over the degrees of freedom; drawn
    as a χ² of the same mean and variance (Patnaik 1949) by the cube of a normal number (Wilson and
    Hilferty 1931).

    Args:
        power: Mel power of one, shape (n, frames, n_mels).
        other: Of the other, of a shape that fits.
        bands: The bands.
        rng: Draws.
        steady: ``other`` is what the noise has in the mean, not in each frame.

    Returns:
        Shape (n, frames, n_mels).
    """
    mean = power + other
    variance = 2 * power * other
    if steady:
        variance = variance + other * other
    # One over nine times the degrees of freedom of the sum.
    ninth = variance / (9 * bands.freedom * mean * mean + torch.finfo().tiny)
    drawn = torch.randn(mean.shape, generator=rng, device=mean.device)
    return mean * (1 - ninth + ninth.sqrt() * drawn).clamp(min=LEAST_ROOT) ** 3


def waveform_power(power: Tensor, bands: Bands) -> Tensor:
    """Power of the waveforms to a factor, (n, frames, 1)."""
    return (power @ bands.weight)[..., None]


def add_steady_noise(
    power: Tensor, spectrum: Tensor, snr_db: Tensor, bands: Bands, rng: torch.Generator
) -> Tensor:
    """Noise that stays the same, at a ratio to the mean power of each recording.

    Args:
        power: Mel power, (n, frames, n_mels).
        spectrum: Of the noise, to a factor: ``bands.emphasis`` (white), ``bands.pink``.
        snr_db: Speech over noise, (n, 1, 1).
        bands: The bands.
        rng: Draws.
    """
    speech = waveform_power(power, bands).mean(dim=1, keepdim=True)
    noise = spectrum / (spectrum @ bands.weight)
    return interfere(power, noise * speech / 10 ** (snr_db / 10), bands, rng, steady=True)


def add_babble(
    power: Tensor, others: Tensor, snr_db: Tensor, bands: Bands, rng: torch.Generator
) -> Tensor:
    """Other people's voices, equally loud, at a ratio to the mean power of each recording.

    Args:
        power: Mel power, (n, frames, n_mels).
        others: Sum of that of the others, of the same shape, to a factor.
        snr_db: Speech over babble, (n, 1, 1).
        bands: The bands.
        rng: Draws.
    """
    speech = waveform_power(power, bands).mean(dim=1, keepdim=True)
    babble = waveform_power(others, bands).mean(dim=1, keepdim=True)
    scaled = others * (speech / babble.clamp(min=1e-20)) / 10 ** (snr_db / 10)
    return interfere(power, scaled, bands, rng, steady=False)


def reverberate(
    power: Tensor, rt60_s: Tensor, direct_db: Tensor, bands: Bands, rng: torch.Generator
) -> Tensor:
    """A room whose response is the direct sound and noise that dies away exponentially.

    Args:
        power: Mel power, (n, frames, n_mels).
        rt60_s: Until the tail has fallen by 60 dB, (n, 1, 1).
        direct_db: Energy of the direct sound over that of the tail, (n, 1, 1).
        bands: The bands.
        rng: Draws.
    """
    decay = 10 ** (-6 * bands.hop_s / rt60_s)  # of power, from frame to frame
    tail = power * (1 - decay) / 10 ** (direct_db / 10)
    # 1 + d + d² + ... + d^127 is (1 + d)(1 + d²)(1 + d⁴)...
    for doubling in range(TAIL_DOUBLINGS):
        ago = 2**doubling
        if ago < tail.shape[1]:
            later = tail[:, ago:] + decay**ago * tail[:, :-ago]
            tail = torch.cat([tail[:, :ago], later], dim=1)
    return interfere(power, tail, bands, rng, steady=True)


def change_speed(log_mel: Tensor, speed: Tensor, n_frames: int, bands: Bands) -> Tensor:
    """Played faster: time is pressed together and each frequency rises by the same factor.

    Args:
        log_mel: Log-mel, (n, frames, n_mels), with frames for the fastest.
        speed: Factor, (n, 1, 1).
        n_frames: Frames of the result.
        bands: The bands.

    Returns:
        Log-mel, (n, n_frames, n_mels), linear between frames and between bands.
    """
    n_had, n_mels = log_mel.shape[1:]
    flat = log_mel - bands.emphasis.log()
    when = torch.arange(n_frames, device=log_mel.device)[:, None] * speed  # (n, n_frames, 1)
    when = when.clamp(max=n_had - 1)
    frame = when.long().clamp(max=n_had - 2)
    first = frame.expand(-1, -1, n_mels)
    flat = torch.lerp(flat.gather(1, first), flat.gather(1, first + 1), when - frame)
    wanted_hz = bands.centre_hz / speed[:, 0]  # (n, n_mels)
    above = torch.searchsorted(bands.centre_hz, wanted_hz).clamp(1, n_mels - 1)
    low, high = bands.centre_hz[above - 1], bands.centre_hz[above]
    share = ((wanted_hz - low) / (high - low)).clamp(0, 1)[:, None]
    band = above[:, None].expand(-1, n_frames, -1)
    moved = torch.lerp(flat.gather(2, band - 1), flat.gather(2, band), share.expand_as(flat))
    return moved + bands.emphasis.log()


def telephone(power: Tensor, coding_db: Tensor, bands: Bands, rng: torch.Generator) -> Tensor:
    """Through a telephone: 300 to 3400 Hz, coding noise that follows the speech, 16 bits again.

    Args:
        power: Mel power, (n, frames, n_mels).
        coding_db: Speech over coding noise in each frame, (n, 1, 1).
        bands: The bands.
        rng: Draws.
    """
    passed = power @ bands.phone
    carried = bands.emphasis * (bands.centre_hz < PHONE_RATE_HZ / 2)
    coding = carried / (carried @ bands.weight).clamp(min=1e-20)
    noise = coding * waveform_power(passed, bands) / 10 ** (coding_db / 10) + bands.rounding
    return interfere(passed, noise, bands, rng, steady=True)


def normalise_crops(log_mel: Tensor) -> Tensor:
    """Zero mean and unit deviation in each band of each, (n, frames, n_mels), as `normalise`."""
    deviation, mean = torch.std_mean(log_mel, dim=1, correction=0, keepdim=True)
    return (log_mel - mean) / (deviation + torch.finfo(torch.float32).eps)
