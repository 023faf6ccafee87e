"""The voice encoder as the speaker stage runs it: in the layout that is fastest, and in batches."""

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from voice2face.audio import normalise, tile
from voice2face.networks.modules import VoiceEncoder

MIN_FRAMES = 1000  # as the front end repeats short recordings
AT_ONCE = 16  # recordings
PICTURE_FRAMES = 1000  # about as many of all recordings in a picture together


def encode(encoder: VoiceEncoder, features: Tensor) -> Tensor:
    """The encoder's embeddings, computed on pictures of several recordings, one row each.

    Channels lie last in memory, as the features are made; one-dimensional convolutions have no
    such layout in PyTorch. On a CPU the first convolution is three times as fast this way, and the
    gradient of the fourth one's weights up to twice as fast for the rows.

    Args:
        encoder: Whose statistics change where it is in training mode.
        features: (batch, n_mels, frames).

    Returns:
        (batch, embedding_dim).
    """
    maps = features.transpose(1, 2).contiguous()[:, None].permute(0, 3, 1, 2)
    layers = list(encoder.layers.children())
    last = layers.pop() if not encoder.settings.norm_output else None
    for layer in layers:
        if isinstance(layer, nn.Conv1d):
            weight = layer.weight[:, :, None].to(memory_format=torch.channels_last)
            stride, padding = (1, layer.stride[0]), (0, int(layer.padding[0]))
            maps = F.conv2d(_pictures(maps), weight, layer.bias, stride, padding)
        elif isinstance(layer, nn.BatchNorm1d):
            maps = _batch_norm(layer, maps)
        else:
            maps = layer(maps)
    if not isinstance(last, nn.Conv1d):  # a normalisation follows it, before the mean
        return _by_recording(maps).mean(dim=1)
    return _mean_over_time(last, _by_recording(maps))


def _by_recording(maps: Tensor) -> Tensor:
    """(pictures, channels, rows, frames) to (batch, frames, channels), which is how they lie."""
    return maps.permute(0, 2, 3, 1).flatten(0, 1)


def _pictures(maps: Tensor) -> Tensor:
    """The same recordings in as many rows a picture as suits their length."""
    recordings = _by_recording(maps)
    n, n_frames, channels = recordings.shape
    wanted = 1 << max(0, round(math.log2(PICTURE_FRAMES / n_frames)))
    shape = (-1, math.gcd(wanted, n), n_frames, channels)
    return recordings.reshape(shape).permute(0, 3, 1, 2)


def _mean_over_time(layer: nn.Conv1d, frames: Tensor) -> Tensor:
    """Mean of a convolution along time: that of the frames which each tap meets, times its weights.

    Args:
        layer: The convolution.
        frames: (batch, frames, channels).

    Returns:
        (batch, channels of the layer).
    """
    (n_taps,), (stride,), padding = layer.kernel_size, layer.stride, int(layer.padding[0])
    n_in = frames.shape[1]
    n_out = (n_in + 2 * padding - n_taps) // stride + 1
    at = torch.arange(n_in, device=frames.device)
    start = at + padding - torch.arange(n_taps, device=frames.device)[:, None]  # of the window
    meets = (start % stride == 0) & (start >= 0) & (start < stride * n_out)  # (n_taps, n_in)
    means = torch.matmul(meets.to(frames.dtype), frames) / n_out  # (batch, n_taps, channels)
    return F.linear(means.transpose(1, 2).flatten(1), layer.weight.flatten(1), layer.bias)


def _batch_norm(layer: nn.BatchNorm1d, maps: Tensor) -> Tensor:
    if layer.training and layer.num_batches_tracked is not None:
        layer.num_batches_tracked.add_(1)
    return F.batch_norm(
        maps, layer.running_mean, layer.running_var, layer.weight, layer.bias,
        layer.training, layer.momentum or 0.0, layer.eps,
    )  # fmt: skip


def embed_all(
    encoder: VoiceEncoder,
    log_mels: Sequence[np.ndarray],
    device: torch.device | str = "cpu",
    min_frames: int = MIN_FRAMES,
) -> np.ndarray:
    """Embeddings of recordings as the front end would give them: (recordings, embedding_dim).

    Args:
        encoder: Put into evaluation mode.
        log_mels: Not normalised, each (frames, n_mels).
        device: Where the encoder is.
        min_frames: A shorter one is repeated up to them.
    """
    encoder.eval()
    vectors = np.empty((len(log_mels), encoder.settings.embedding_dim), np.float32)
    lengths = np.array([max(len(log_mel), min_frames) for log_mel in log_mels])
    with torch.no_grad():
        for length in np.unique(lengths):
            alike = np.flatnonzero(lengths == length)
            for rows in np.array_split(alike, -(-len(alike) // AT_ONCE)):
                parts = [normalise(np.asarray(log_mels[i], np.float32)) for i in rows]
                features = torch.from_numpy(np.stack([tile(p, min_frames) for p in parts]))
                batch = features.to(device).transpose(1, 2)
                vectors[rows] = encode(encoder, batch).float().cpu().numpy()
    return vectors
