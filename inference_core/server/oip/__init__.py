"""The Open Inference Protocol v2 over HTTP, and what HTTP and gRPC have in common."""
