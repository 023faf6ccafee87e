"""The speaker stage: a voice encoder learns to tell speakers apart."""
