"""MLServer's runtime for an ONNX model, run by onnxruntime. Written by `satchel export`.

MLServer's Python needs numpy and onnxruntime.
Reference: https://mlserver.readthedocs.io/en/stable/user-guide/custom.html
"""

import asyncio

import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.codecs.numpy import to_datatype, to_dtype
from mlserver.errors import InferenceError
from mlserver.types import InferenceRequest, InferenceResponse, RequestInput, ResponseOutput
from mlserver.utils import get_model_uri


class SatchelTensors(MLModel):
    """The model that the settings beside this file name."""

    async def load(self) -> bool:
        """Opens it, in each process that infers."""
        names = self.settings.parameters.extra
        self.natives: dict[str, str] = names["input"]
        self.published: dict[str, str] = names["output"]
        options = onnxruntime.SessionOptions()
        # Models share the cores: threads that spin would take them from each other.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = await get_model_uri(self.settings)
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Runs it once, on a thread, so that the process can be asked how it is meanwhile.

        Raises:
            InferenceError: the inputs are not those of the model.
        """
        given = {tensor.name: tensor for tensor in payload.inputs}
        if given.keys() != self.natives.keys():
            raise InferenceError(f"the inputs are {', '.join(given)}; the model has {', '.join(self.natives)}")
        feed = {self.natives[name]: _array(tensor) for name, tensor in given.items()}
        values = await asyncio.to_thread(self._run, feed)
        outputs = [_tensor(name, value) for name, value in zip(self.published, values, strict=True)]
        return InferenceResponse(model_name=self.name, model_version=self.version, id=payload.id, outputs=outputs)

    def _run(self, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        try:
            return self.session.run(list(self.published.values()), feed)
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise InferenceError(f"onnxruntime failed: {error}") from error


def _array(tensor: RequestInput) -> np.ndarray:
    return np.array(tensor.data.root, to_dtype(tensor)).reshape(tensor.shape)


def _tensor(name: str, value: np.ndarray) -> ResponseOutput:
    """MLServer's own codec would add an axis to what has one only."""
    return ResponseOutput(
        name=name, datatype=to_datatype(value.dtype), shape=list(value.shape), data=value.ravel().tolist()
    )
