"""From any recording to the features that the voice encoder takes (numpy, no torch)."""

from voice2face.audio.front_end import Features, extract
from voice2face.audio.load import load_clip, stream_clip
from voice2face.audio.log_mel import log_mel, mel_filterbank, normalise, tile
from voice2face.audio.speech_check import spectral_change
from voice2face.audio.stored import read_log_mel
from voice2face.audio.voice_activity import voiced_samples

__all__ = [
    "Features",
    "extract",
    "load_clip",
    "log_mel",
    "mel_filterbank",
    "normalise",
    "read_log_mel",
    "spectral_change",
    "stream_clip",
    "tile",
    "voiced_samples",
]
