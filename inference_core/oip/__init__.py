"""The Open Inference Protocol v2: tensors and messages as they travel, for whoever serves and whoever calls.

Sources: the specification at github.com/kserve/open-inference-protocol, and the extensions of Triton Inference Server
(binary tensor data, classification, model repository, model configuration) in its docs/protocol.
"""
