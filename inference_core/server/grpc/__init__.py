"""The gRPC door: the Open Inference Protocol v2, served by grpc.aio."""

from inference_core.server.grpc.door import GrpcDoor

__all__ = ["GrpcDoor"]
