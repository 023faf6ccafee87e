"""The kinds of voice encoders and read-offs that a model folder may hold, one line each."""

from voice2face.parts import HeardPart, VoiceEncoderPart
from voice2face.voice_encoders.convolutional import ConvolutionalPart
from voice2face.voice_encoders.ge2e import Ge2ePart
from voice2face.voice_encoders.heard import LinearReadOffsPart
from voice2face.voice_encoders.onnx_file import OnnxFilePart
from voice2face.voice_encoders.plugin import VoiceEncoderPlugin

VOICE_ENCODERS: tuple[type[VoiceEncoderPart], ...] = (
    ConvolutionalPart,
    Ge2ePart,
    OnnxFilePart,
    VoiceEncoderPlugin,
)

READ_OFFS: tuple[type[HeardPart], ...] = (LinearReadOffsPart,)
