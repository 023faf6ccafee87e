"""The kinds of generators that a model folder may hold, one line each.

Names and not classes, as in :mod:`voice2face.voice_encoders.kinds`.
"""

GENERATORS = {
    "deconvolutional": "voice2face.generators.deconvolutional:DeconvolutionalPart",
    "face-space": "voice2face.generators.face_space:FaceSpacePart",
    "flow": "voice2face.generators.flow:FlowPart",
    "linear": "voice2face.generators.linear:LinearPart",
    "sf2f": "voice2face.generators.sf2f:Sf2fPart",
    "speech2face": "voice2face.generators.speech2face:Speech2FacePart",
    "generator-plugin": "voice2face.generators.plugin:GeneratorPlugin",
}
