"""What is exported, for which server, and what runs it there."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from inference_core.bundle import Artifact, Bundle
from inference_core.errors import ExportError


class Server(StrEnum):
    """What is exported for."""

    TRITON = "triton"
    TFS = "tfs"
    MLSERVER = "mlserver"
    KSERVE = "kserve"


class Split(StrEnum):
    """What travels to it: the model's tensors, or pictures as they came."""

    TENSORS = "tensors"
    IMAGE = "image"


class Backend(StrEnum):
    """What runs a model in Triton."""

    ONNXRUNTIME = "onnxruntime"
    PYTORCH = "pytorch"
    TENSORFLOW = "tensorflow"
    OPENVINO = "openvino"
    PYTHON = "python"
    """A program of ours, for builds of Triton that have no other: with onnxruntime, or with all of Satchel."""


_ENGINES = {
    Backend.ONNXRUNTIME: "onnxruntime",
    Backend.PYTORCH: "torchscript",
    Backend.TENSORFLOW: "tensorflow",
    Backend.OPENVINO: "openvino",
    Backend.PYTHON: "onnxruntime",
}
"""The engine whose artifacts each of them runs, where tensors travel."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A bundle, one of its artifacts, and where it is to run."""

    bundle: Bundle
    artifact: Artifact
    server: Server
    split: Split
    backend: Backend | None
    """Of Triton; None for servers that have no such choice."""

    @classmethod
    def of(
        cls,
        bundle: Bundle,
        server: Server,
        *,
        split: Split = Split.TENSORS,
        engine: str | None = None,
        backend: Backend | None = None,
    ) -> Self:
        """What is asked for, the rest chosen: the bundle's default artifact where the server can run that.

        Args:
            bundle: an opened one.
            server: what is exported for.
            split: what is to travel.
            engine: engine of the artifact, or `engine:precision`.
            backend: what runs it in Triton.

        Raises:
            NotFoundError: the bundle has no such artifact.
            ExportError: the server does not run it, or has no such choice.
        """
        in_triton = server in (Server.TRITON, Server.KSERVE)
        _check(server, split, backend, in_triton=in_triton)
        artifact = bundle.artifact(engine or _engine(server, split, backend))
        if in_triton and backend is None:
            backend = Backend.PYTHON if split is Split.IMAGE else _backend_of(artifact)
        chosen = cls(bundle, artifact, server, split, backend)
        runs = chosen._engine_there()
        if runs not in (None, artifact.engine):
            raise ExportError(
                f"{server} does not run that artifact{f' with the backend {backend}' if backend else ''}",
                got=chosen.artifact_name,
                expected=f"an artifact for {runs}",
                remedy=f"name one with --engine, or pack the model for {runs}",
            )
        return chosen

    @property
    def name(self) -> str:
        """The model's name there: that of the bundle."""
        return self.bundle.manifest.name

    @property
    def artifact_name(self) -> str:
        """Such as `onnxruntime:fp32`."""
        return f"{self.artifact.engine}:{self.artifact.precision}"

    @property
    def sha256(self) -> str:
        """Of the artifact's file; of several, that of the list that `sha256sum` would make of them."""
        files = {name: record for name, record in self.bundle.manifest.files.items() if self.artifact.owns(name)}
        if len(files) == 1:
            return next(iter(files.values())).sha256
        lines = "".join(f"{record.sha256}  {name}\n" for name, record in sorted(files.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    @property
    def origin(self) -> str:
        """What it was made from, in one line."""
        manifest = self.bundle.manifest
        return f"Satchel bundle {manifest.name} {manifest.version}, {self.artifact_name}, sha256 {self.sha256}"

    def _engine_there(self) -> str | None:
        """The engine whose artifacts can run there; None for any that Satchel runs."""
        if self.backend is not None and self.split is Split.TENSORS:
            return _ENGINES[self.backend]
        return _engine(self.server, self.split, self.backend)


def _check(server: Server, split: Split, backend: Backend | None, *, in_triton: bool) -> None:
    if backend is not None and not in_triton:
        raise ExportError(f"{server} has no backends to choose from", got=backend, remedy="leave --backend out")
    if split is Split.IMAGE and server is Server.TFS:
        raise ExportError(
            "tfs runs models, and nothing that reads pictures", got="--split image", expected="--split tensors"
        )
    if split is Split.IMAGE and backend not in (None, Backend.PYTHON):
        raise ExportError(
            f"the backend {backend} does not read pictures",
            got="--split image",
            expected="--split tensors, or the backend python",
        )


def _engine(server: Server, split: Split, backend: Backend | None) -> str | None:
    """The engine that the rest of the choice asks for, if any."""
    if split is Split.IMAGE:
        return None
    if server is Server.TFS:
        return "tensorflow"
    if server is Server.MLSERVER:
        return "onnxruntime"
    return None if backend is None else _ENGINES[backend]


def _backend_of(artifact: Artifact) -> Backend:
    for backend, engine in _ENGINES.items():
        if engine == artifact.engine:
            return backend
    raise ExportError(
        "Triton has no backend for that artifact",
        got=artifact.engine,
        expected=f"one of {', '.join(dict.fromkeys(_ENGINES.values()))}",
        remedy="name another artifact with --engine",
    )
