"""ONNX models: read, checked, simplified, quantized, halved."""
