"""What hears a recording: one file a kind of voice encoder (ONNX Runtime; no torch)."""
