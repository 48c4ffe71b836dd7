"""BentoML: `bentoml serve bentoml_service:Vision`, in `PEER_WORKERS` processes."""

import os

import bentoml
from PIL.Image import Image
from pipeline import Answer, open_model


@bentoml.service(workers=int(os.environ["PEER_WORKERS"]), threads=1, traffic={"timeout": 60, "max_concurrency": 1000})
class Vision:
    """One endpoint per model; the picture is the body."""

    def __init__(self) -> None:
        self.models = {name: open_model(name) for name in ("mobilenet_v2", "yolox_nano")}

    @bentoml.api
    def mobilenet_v2(self, image: Image, /) -> Answer:
        """The classifier."""
        return self.models["mobilenet_v2"](image)

    @bentoml.api
    def yolox_nano(self, image: Image, /) -> Answer:
        """The detector."""
        return self.models["yolox_nano"](image)
