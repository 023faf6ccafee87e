"""From any recording to the features that the voice encoder takes (numpy, no torch)."""

from voice2face.audio.front_end import extract
from voice2face.audio.load import load_clip
from voice2face.audio.log_mel import log_mel, normalise, tile
from voice2face.audio.voice_activity import voiced_samples

__all__ = ["extract", "load_clip", "log_mel", "normalise", "tile", "voiced_samples"]
