"""The kinds of matchers that a model folder may hold, one line each.

Names and not classes, as in :mod:`voice2face.voice_encoders.kinds`.
"""

MATCHERS = {"matching-heads": "voice2face.matchers.heads:HeadsPart"}
