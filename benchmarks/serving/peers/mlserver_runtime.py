"""MLServer: a runtime of one's own, with a route for each model that takes the picture as the body.

`mlserver start FOLDER`. MLServer's own route would want the picture as base64 in JSON, which costs more.
"""

from typing import Annotated

from fastapi import Body
from mlserver import MLModel
from mlserver.handlers import custom_handler
from pipeline import Answer, open_model

Picture = Annotated[bytes, Body(media_type="image/jpeg")]


class _Vision(MLModel):
    async def load(self) -> bool:
        """Runs in each worker process."""
        self.model = open_model(self.name)
        return True


class Classifier(_Vision):
    """MobileNetV2."""

    @custom_handler(rest_path="/predict/mobilenet_v2")
    async def classify(self, picture: Picture) -> Answer:
        """The route's answer."""
        return self.model(picture)


class Detector(_Vision):
    """YOLOX-Nano."""

    @custom_handler(rest_path="/predict/yolox_nano")
    async def detect(self, picture: Picture) -> Answer:
        """The route's answer."""
        return self.model(picture)
