"""The kinds of generators that a model folder may hold, one line each."""

from voice2face.generators.deconvolutional import DeconvolutionalPart
from voice2face.generators.face_space import FaceSpacePart
from voice2face.generators.linear import LinearPart
from voice2face.generators.plugin import GeneratorPlugin
from voice2face.parts import GeneratorPart

GENERATORS: tuple[type[GeneratorPart], ...] = (
    DeconvolutionalPart,
    FaceSpacePart,
    LinearPart,
    GeneratorPlugin,
)
