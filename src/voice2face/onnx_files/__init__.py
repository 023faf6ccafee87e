"""Networks in ONNX files, whoever made them: checked first, then opened under a ceiling."""

from voice2face.onnx_files.network import Network

__all__ = ["Network"]
