"""ONNX models as OpenVINO's intermediate representation."""
