"""The kinds of voice encoders and read-offs that a model folder may hold, one line each.

Names and not classes: a module is imported for a model that has a part of its kind, so that a new
kind makes no other model slower to open.
"""

VOICE_ENCODERS = {
    "adapted": "voice2face.voice_encoders.adapted:AdaptedPart",
    "convolutional": "voice2face.voice_encoders.convolutional:ConvolutionalPart",
    "ge2e": "voice2face.voice_encoders.ge2e:Ge2ePart",
    "onnx": "voice2face.voice_encoders.onnx_file:OnnxFilePart",
    "voice-encoder-plugin": "voice2face.voice_encoders.plugin:VoiceEncoderPlugin",
}

READ_OFFS = {"linear-read-offs": "voice2face.voice_encoders.heard:LinearReadOffsPart"}
