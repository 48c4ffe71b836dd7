"""PyTorch models as TorchScript, and TorchScript as ONNX. What imports torch is run in a process of its own."""
