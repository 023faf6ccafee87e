"""The critic and generator steps, their loop, the speaker stage and checkpoints (torch)."""
