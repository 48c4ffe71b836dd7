"""LitServe: one API per model, `PEER_WORKERS` processes each. `python litserve_server.py PORT`."""

import os
import sys
from typing import Annotated

import litserve
from fastapi import Body
from pipeline import Answer, open_model


class Vision(litserve.LitAPI):
    """The picture is the body; FastAPI reads it, and a worker process does the rest."""

    def __init__(self, name: str) -> None:
        super().__init__(api_path=f"/predict/{name}")
        self.name = name

    def setup(self, device: str) -> None:
        """Runs in each worker."""
        self.model = open_model(self.name)

    def decode_request(self, request: Annotated[bytes, Body(media_type="image/jpeg")]) -> bytes:
        """The body as it came."""
        return request

    def predict(self, x: bytes) -> Answer:
        """Everything from the bytes to the answer."""
        return self.model(x)

    def encode_response(self, output: Answer) -> Answer:
        """LitServe writes the JSON."""
        return output


if __name__ == "__main__":
    server = litserve.LitServer(
        [Vision("mobilenet_v2"), Vision("yolox_nano")],
        accelerator="cpu",
        workers_per_device=int(os.environ["PEER_WORKERS"]),
        fast_queue=True,
    )
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
