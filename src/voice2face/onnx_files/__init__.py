"""Networks in ONNX files, whoever made them: looked through first, then opened under a ceiling."""

from voice2face.onnx_files.session import Session, open_session

__all__ = ["Session", "open_session"]
