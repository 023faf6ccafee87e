"""From any recording to the features that the voice encoder takes (numpy, no torch)."""
