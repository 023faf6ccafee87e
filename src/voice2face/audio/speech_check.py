"""Is it speech at all? WebRTC's detector lets most loud noise pass as voice."""

import numpy as np
import numpy.typing as npt

Float32Array = npt.NDArray[np.float32]

# Least change of the spectrum's shape, in nats, that counts as speech.
# 1502 recordings of VoxCeleb, AVSpeech and LibriSpeech with 1 s of voice or more: 0.69 at least,
# 0.79 for 99.8 % of them, median 1.31 (`benchmarks/front_end.py --check-speech FOLDER`); the first
# second of their voice alone: 0.52 for 99.8 %, one below 0.38; every eighth of them in white, pink,
# brown noise 5 dB below the voice: 0.45, 0.39, 0.61 at least.
# 1.5 to 12 s of noise that the detector took for voice: white, pink, brown, steady or beating 0.22
# at most, hum and tones 0.15, clicks and impulses 0.35, a chord 0.34. Sound that does change its
# shape is not caught: knocks, dialling tones, sweeps, music.
LEAST_CHANGE = 0.38

BLOCK_FRAMES = 3
SMOOTH_BLOCKS = 5  # 150 ms in all, about a syllable
LOUD_NATS = 6.9  # 30 dB
BANDS_AT_ONCE = 8  # so that an hour of speech takes a few megabytes more, not seventy


def spectral_change(bands: Float32Array) -> float:
    """How much the shape of the spectrum changes from syllable to syllable.

    Whoever speaks changes the shape of the vocal tract some four times a second. Noise, hum, tones
    and clicks may change their level, but hardly their shape.

    Args:
        bands: Log-mel spectrogram in nats, shape (frames, n_mels), not normalised.

    Returns:
        Standard deviation over time, averaged over the bands, of the smoothed spectrum less its
        own level; in nats. Only frames within 30 dB of the loud ones count: what lies between two
        clicks has another shape, but isn't heard. 0 where these are too few to tell.
    """
    n_blocks = len(bands) // BLOCK_FRAMES
    if n_blocks < 2 * SMOOTH_BLOCKS:
        return 0.0
    bands = bands[: n_blocks * BLOCK_FRAMES]
    level = bands.mean(axis=1).reshape(n_blocks, BLOCK_FRAMES).mean(axis=1)
    loud = level > np.quantile(level, 0.95) - LOUD_NATS
    n_smooth = np.count_nonzero(loud) - SMOOTH_BLOCKS + 1
    if n_smooth < SMOOTH_BLOCKS:
        return 0.0
    changes = []
    for start in range(0, bands.shape[1], BANDS_AT_ONCE):
        some = bands[:, start : start + BANDS_AT_ONCE]
        blocks = some[::BLOCK_FRAMES].copy()
        for frame in range(1, BLOCK_FRAMES):
            blocks += some[frame::BLOCK_FRAMES]
        shape = blocks[loud] / BLOCK_FRAMES - level[loud, None]
        smooth = np.zeros((n_smooth, shape.shape[1]), np.float32)
        for shift in range(SMOOTH_BLOCKS):
            smooth += shape[shift : shift + n_smooth] / SMOOTH_BLOCKS
        changes.append(smooth.std(axis=0))
    return float(np.concatenate(changes).mean())
