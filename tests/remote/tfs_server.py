"""A stand-in for tensorflow_model_server, which is not on PyPI: the published protocol over real TensorFlow.

    TENSORFLOW_PYTHON tests/remote/tfs_server.py NAME FOLDER

serves the SavedModel in FOLDER, or in the highest of its numbered folders, as the model NAME. It prints its ports as
JSON, `{"rest": 1, "grpc": 2}`, once it answers, and ends with its standard input. Messages are those of the package
tensorflow-serving-api where that is installed, else ours; tensors are TensorFlow's own. Like the original, it answers
gRPC with typed lists (`float_val`), and REST with floats as short as can be, NaN and Infinity among them.
"""

import base64
import importlib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import grpc
import numpy as np
import orjson
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from inference_core.tfs.messages import message_class

_LISTS = {"float32": "float_val", "float64": "double_val", "int64": "int64_val", "bool": "bool_val"}


def message(name: str) -> Any:
    """The class of a message of the package tensorflow.serving."""
    for file in ("predict", "get_model_metadata", "get_model_status", "model"):
        try:
            module = importlib.import_module(f"tensorflow_serving.apis.{file}_pb2")
        except ImportError:
            return message_class(name)
        if hasattr(module, name):
            return getattr(module, name)
    raise LookupError(name)


class Refusal(Exception):
    """An error that is told to the caller, under a code of gRPC."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(said)
        self.code = code


class Servable:
    """One version of one model."""

    def __init__(self, name: str, folder: Path) -> None:
        numbered = sorted((int(path.name), path) for path in folder.iterdir() if path.name.isdecimal())
        self.name = name
        self.version, path = numbered[-1] if numbered else (1, folder)
        self._loaded = tf.saved_model.load(str(path))
        graphs = SavedModel.FromString((path / "saved_model.pb").read_bytes()).meta_graphs
        self.signatures = next(graph for graph in graphs if "serve" in graph.meta_info_def.tags).signature_def

    def check(self, name: str, version: int | None) -> None:
        if name != self.name or version not in (None, self.version):
            wanted = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise Refusal("NOT_FOUND", f"Servable not found for request: {wanted}")

    def signature(self, name: str) -> Any:
        if name not in self.signatures:
            raise Refusal("INVALID_ARGUMENT", f"Serving signature name not found: {name}")
        return self.signatures[name]

    def run(self, signature: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """By the names of the signature, which must be those that are given."""
        wanted = self.signature(signature)
        if inputs.keys() != set(wanted.inputs):
            raise Refusal("INVALID_ARGUMENT", f"input size does not match signature: {sorted(inputs)}")
        try:
            given = {name: tf.constant(value) for name, value in inputs.items()}
            outputs = self._loaded.signatures[signature](**given)
        except (tf.errors.OpError, TypeError, ValueError) as error:
            raise Refusal("INVALID_ARGUMENT", str(error).splitlines()[0]) from error
        return {name: outputs[name].numpy() for name in sorted(wanted.outputs)}

    def status(self, _: Any) -> Any:
        answer = message("GetModelStatusResponse")()
        answer.model_version_status.add(version=self.version, state=30)
        return answer

    def metadata(self) -> Any:
        found = message("SignatureDefMap")()
        for name, signature in self.signatures.items():
            found.signature_def[name].MergeFromString(signature.SerializeToString())
        answer = message("GetModelMetadataResponse")()
        answer.model_spec.name, answer.model_spec.version.value = self.name, self.version
        answer.metadata["signature_def"].type_url = "type.googleapis.com/tensorflow.serving.SignatureDefMap"
        answer.metadata["signature_def"].value = found.SerializeToString()
        return answer, MessageToDict(found, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


class Rpc(grpc.GenericRpcHandler):  # type: ignore[misc,unused-ignore]
    """Both services."""

    def __init__(self, servable: Servable) -> None:
        self._servable = servable

    def service(self, details: Any) -> Any:
        service, _, method = details.method.rpartition("/")
        if service not in ("/tensorflow.serving.PredictionService", "/tensorflow.serving.ModelService"):
            return None
        answer = {"Predict": self._predict, "GetModelMetadata": self._metadata}.get(method, self._servable.status)

        def handle(request: Any, context: grpc.ServicerContext) -> Any:
            spec = request.model_spec
            try:
                self._servable.check(spec.name, spec.version.value if spec.HasField("version") else None)
                return answer(request)
            except Refusal as refusal:
                context.abort(grpc.StatusCode[refusal.code], str(refusal))

        asked = message(f"{method}Request").FromString
        return grpc.unary_unary_rpc_method_handler(handle, asked, lambda made: made.SerializeToString())

    def _metadata(self, request: Any) -> Any:
        if list(request.metadata_field) != ["signature_def"]:
            raise Refusal("INVALID_ARGUMENT", "Metadata field is not supported")
        return self._servable.metadata()[0]

    def _predict(self, request: Any) -> Any:
        inputs = {
            name: tf.make_ndarray(TensorProto.FromString(proto.SerializeToString()))
            for name, proto in request.inputs.items()
        }
        signature = request.model_spec.signature_name or "serving_default"
        answer = message("PredictResponse")(model_spec=request.model_spec)
        for name, value in self._servable.run(signature, inputs).items():
            answer.outputs[name].MergeFromString(_proto(value).SerializeToString())
        return answer


def _proto(value: Any) -> Any:
    made = tf.make_tensor_proto(value)
    if value.dtype.name in _LISTS:
        made.ClearField("tensor_content")
        listed = getattr(made, _LISTS[value.dtype.name])
        del listed[:]
        listed.extend(value.ravel().tolist())
    return made


class Rest(BaseHTTPRequestHandler):
    """`servable` is that of the class."""

    servable: Servable
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def log_message(self, *_: Any) -> None: ...

    def _answer(self, make: Any) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            status, document = 200, make(body)
        except Refusal as refusal:
            status, document = 404 if refusal.code == "NOT_FOUND" else 400, {"error": str(refusal)}
        content = _json(document)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _check(self, path: str) -> None:
        first, *rest = path.removeprefix("/v1/models/").split("/versions/")
        if not path.startswith("/v1/models/") or "/" in first:
            raise Refusal("INVALID_ARGUMENT", f"Malformed request: {self.command} {self.path}")
        self.servable.check(first, int(rest[0]) if rest else None)

    def _get(self, _: bytes) -> Any:
        self._check(self.path.removesuffix("/metadata"))
        if not self.path.endswith("/metadata"):
            one = {"version": str(self.servable.version), "state": "AVAILABLE"}
            return {"model_version_status": [one | {"status": {"error_code": "OK", "error_message": ""}}]}
        spec = {"name": self.servable.name, "signature_name": "", "version": str(self.servable.version)}
        return {"model_spec": spec, "metadata": {"signature_def": self.servable.metadata()[1]}}

    def _post(self, body: bytes) -> Any:
        self._check(self.path.removesuffix(":predict"))
        asked = json.loads(body, object_hook=lambda o: base64.b64decode(o["b64"]) if o.keys() == {"b64"} else o)
        name = asked.get("signature_name", "serving_default")
        infos = dict(self.servable.signature(name).inputs)
        columns = asked["inputs"] if "inputs" in asked else asked["instances"]
        if "instances" in asked and isinstance(columns[0], dict):
            columns = {key: [row[key] for row in columns] for key in columns[0]}
        if not isinstance(columns, dict):
            columns = {next(iter(infos)): columns}
        try:
            given = {key: np.array(columns[key], tf.as_dtype(infos[key].dtype).as_numpy_dtype) for key in columns}
        except (KeyError, TypeError, ValueError) as error:
            raise Refusal("INVALID_ARGUMENT", f"JSON Value: {error}") from error
        outputs = {key: _values(key, value) for key, value in self.servable.run(name, given).items()}
        if "inputs" in asked:
            return {"outputs": outputs if len(outputs) > 1 else next(iter(outputs.values()))}
        rows = [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]
        return {"predictions": rows if len(outputs) > 1 else [next(iter(row.values())) for row in rows]}


def _values(name: str, value: Any) -> Any:
    if value.dtype != object:
        return value
    in_base64 = name.endswith("_bytes")
    read = (lambda each: {"b64": base64.b64encode(each).decode()}) if in_base64 else bytes.decode
    return np.vectorize(read, otypes=[object])(value).tolist()


def _json(document: Any) -> bytes:
    def plain(value: Any) -> Any:
        return value.tolist()

    content = orjson.dumps(document, default=plain, option=orjson.OPT_SERIALIZE_NUMPY)
    return content if b"null" not in content else json.dumps(document, default=plain).encode()


def main() -> None:
    """Serves until standard input ends."""
    servable = Servable(sys.argv[1], Path(sys.argv[2]))
    door = grpc.server(ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", -1)])
    door.add_generic_rpc_handlers([Rpc(servable)])
    rpc = door.add_insecure_port("127.0.0.1:0")
    door.start()
    Rest.servable = servable
    rest = ThreadingHTTPServer(("127.0.0.1", 0), Rest)
    Thread(target=rest.serve_forever, daemon=True).start()
    print(json.dumps({"rest": rest.server_port, "grpc": rpc}), flush=True)
    sys.stdin.read()
    door.stop(0)


if __name__ == "__main__":
    main()
