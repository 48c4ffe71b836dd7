"""TensorFlow models: read, and as ONNX. Modules called `*job` are run in a process of their own."""
