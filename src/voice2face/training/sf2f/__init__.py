"""SF2F: attention over the segments of a recording, and a generator from coarse to fine."""
