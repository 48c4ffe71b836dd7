"""One tensor there and its outputs back: through the engine of remote mode, and by `tritonclient` directly."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tritonclient.grpc
import tritonclient.http

from benchmarks.remote.service import Service
from benchmarks.serving.figures import Table, over
from inference_core.bundle import TensorSpec, open_bundle
from inference_core.observer import Silent
from inference_core.remote.opening import open_remote
from inference_core.settings import Settings

Call = Callable[[], object]
Tensor = npt.NDArray[np.float32]

_COLUMNS = ("model", "input", "by", "p50 ms", "x tritonclient", "x its JSON")
_ROUNDS = 5


def calls(service: Service, bundles: Mapping[str, Path], requests: int) -> Table:
    """Rounds in turn; the p50 of each round, and the median of those."""
    table = Table("one call of Triton, tensors", _COLUMNS)
    for model, path in bundles.items():
        with _contenders(service, path) as (spec, contenders):
            rounds: dict[str, list[float]] = {name: [] for name in contenders}
            for turn in range(_ROUNDS + 1):
                for name, call in contenders.items():
                    few = max(3, requests // 5) if "JSON" in name else requests
                    p50 = _p50(call, few)
                    if turn:  # the first does not count
                        rounds[name].append(p50)
        for name, times in rounds.items():
            rival = rounds[f"tritonclient {'gRPC' if 'gRPC' in name else 'REST'}"]
            ratio = over([mine / his for mine, his in zip(times, rival, strict=True)])
            json = over([his / mine for mine, his in zip(times, rounds["tritonclient JSON"], strict=True)])
            shape = "x".join(map(str, spec.shape))
            table.add((model, shape, name, over(times), ratio, json), model=model, by=name, p50_ms=over(times))
    return table


@contextmanager
def _contenders(service: Service, path: Path) -> Iterator[tuple[TensorSpec, dict[str, Call]]]:
    with ExitStack() as stack:
        bundle = stack.enter_context(open_bundle(path))
        artifact = bundle.artifact("onnxruntime")
        [spec] = artifact.inputs
        shape = [axis if isinstance(axis, int) else 1 for axis in spec.shape]
        tensor = np.random.default_rng(0).random(shape, np.float32)
        name = bundle.manifest.name
        rest = stack.enter_context(closing(tritonclient.http.InferenceServerClient(service.http)))
        grpc = stack.enter_context(closing(tritonclient.grpc.InferenceServerClient(service.grpc)))
        outputs = [output.name for output in artifact.outputs]
        found: dict[str, Call] = {
            "tritonclient REST": lambda: _by_rest(rest, name, spec, tensor, outputs, binary=True),
            "tritonclient gRPC": lambda: _by_grpc(grpc, name, spec, tensor, outputs),
            "tritonclient JSON": lambda: _by_rest(rest, name, spec, tensor, outputs, binary=False),
        }
        for protocol, url in (("oip-http", f"http://{service.http}"), ("oip-grpc", f"grpc://{service.grpc}")):
            settings = Settings(mode="remote", remote_url=(url,), remote_protocol=protocol)
            predictor = stack.enter_context(closing(open_remote(bundle, artifact, settings, Silent())))
            predictor.warm_up()
            word = "remote mode gRPC" if "grpc" in protocol else "remote mode REST"
            found[word] = lambda predictor=predictor: predictor.engine.infer({spec.name: tensor})  # type: ignore[misc]
        yield spec, found


def _by_rest(
    client: tritonclient.http.InferenceServerClient,
    model: str,
    spec: TensorSpec,
    tensor: Tensor,
    outputs: list[str],
    *,
    binary: bool,
) -> list[Tensor]:
    given = tritonclient.http.InferInput(spec.name, list(tensor.shape), "FP32")
    given.set_data_from_numpy(tensor, binary_data=binary)
    wanted = [tritonclient.http.InferRequestedOutput(name, binary_data=binary) for name in outputs]
    answer = client.infer(model, [given], outputs=wanted)
    return [answer.as_numpy(name) for name in outputs]


def _by_grpc(
    client: tritonclient.grpc.InferenceServerClient, model: str, spec: TensorSpec, tensor: Tensor, outputs: list[str]
) -> list[Tensor]:
    given = tritonclient.grpc.InferInput(spec.name, list(tensor.shape), "FP32")
    given.set_data_from_numpy(tensor)
    wanted = [tritonclient.grpc.InferRequestedOutput(name) for name in outputs]
    answer = client.infer(model, [given], outputs=wanted)
    return [answer.as_numpy(name) for name in outputs]


def _p50(call: Call, requests: int) -> float:
    """Milliseconds."""
    times = []
    for _ in range(requests):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) * 1e3)
    return float(np.median(times))
