"""Torch modules of all that is trained, the models of the report as data, and ONNX files opened."""
