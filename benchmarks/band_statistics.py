"""The simplest voice encoder: statistics of a recording's log-mel bands, nothing learned."""

import numpy as np

from voice2face.arrays import Float32s
from voice2face.audio.log_mel import log_mel
from voice2face.audio.speech import Speech

N_MELS, N_CEPSTRAL = 64, 24
SILENT = 0.4  # share of frames, the softest, that are left out
EVERY = 4  # of the correlations between bands one in four is kept


class BandStatistics:
    """Levels, spreads, speeds of change and correlations of bands (a ``VoiceEncoder``)."""

    dim = 6 * N_MELS + N_CEPSTRAL + N_MELS * (N_MELS - 1) // 2 // EVERY

    def embed(self, speech: Speech) -> Float32s:
        """Shape (912,)."""
        bands = log_mel(speech.samples.astype(np.float32))
        loud = bands.mean(axis=1)
        voiced = bands[loud > np.quantile(loud, SILENT)]
        change = np.diff(bands, axis=0)
        at = np.arange(N_MELS)
        cosines = np.cos(np.pi / N_MELS * (at[:, None] + 0.5) * np.arange(N_CEPSTRAL))
        parts = [
            voiced.mean(axis=0),
            voiced.std(axis=0),
            np.abs(change).mean(axis=0),
            change.std(axis=0),
            (voiced @ cosines).std(axis=0),
            *np.quantile(voiced, (0.1, 0.9), axis=0),
            np.corrcoef(voiced.T)[np.triu_indices(N_MELS, 1)][::EVERY],
        ]
        return np.concatenate(parts).astype(np.float32)
