"""MLServer's runtime for encoded pictures: the JSON of their results, by Satchel. Written by `satchel export`.

MLServer's Python needs Satchel with the engine of the bundle beside this file.
Reference: https://mlserver.readthedocs.io/en/stable/user-guide/custom.html
"""

import asyncio
import base64

from mlserver import MLModel
from mlserver.errors import InferenceError
from mlserver.types import InferenceRequest, InferenceResponse, RequestInput, ResponseOutput
from mlserver.utils import get_model_uri

from inference_core.bundle import open_bundle
from inference_core.errors import SatchelError
from inference_core.export.pictures import predict_pictures
from inference_core.pipeline import LocalPredictor


class SatchelPictures(MLModel):
    """The bundle that the settings beside this file name."""

    async def load(self) -> bool:
        """Opens it, in each process that infers, and makes it quick."""
        self.bundle = open_bundle(await get_model_uri(self.settings))
        self.predictor = LocalPredictor.load(self.bundle)
        self.predictor.warm_up()
        return True

    async def unload(self) -> bool:
        """Frees it."""
        self.predictor.close()
        self.bundle.close()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """The output `result`, in the shape of the input `image`; computed on a thread.

        Raises:
            InferenceError: there is no such input, or the parameters cannot be used.
        """
        if [tensor.name for tensor in payload.inputs] != ["image"]:
            raise InferenceError("the model takes one input, image: encoded pictures")
        [images] = payload.inputs
        parameters = payload.parameters.model_dump() if payload.parameters else {}
        try:
            texts = await asyncio.to_thread(predict_pictures, self.predictor, _files(images), parameters)
        except SatchelError as error:
            raise InferenceError(str(error)) from error
        result = ResponseOutput(name="result", datatype="BYTES", shape=images.shape, data=texts)
        return InferenceResponse(model_name=self.name, model_version=self.version, id=payload.id, outputs=[result])


def _files(tensor: RequestInput) -> list[bytes]:
    """Of its elements, those that are text are base64, since JSON holds no bytes."""
    return [base64.b64decode(element) if isinstance(element, str) else bytes(element) for element in tensor.data.root]
