"""Voice encoders, one file for each kind (ONNX Runtime; no torch)."""
