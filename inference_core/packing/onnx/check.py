"""Whether onnxruntime takes an ONNX file; where it does not, which operator or opset is in the way."""

import re
from pathlib import Path

import onnxruntime as ort

from inference_core.engines import EngineOptions
from inference_core.engines.onnx_runtime import session_options
from inference_core.errors import PackError, first_line

_NO_SCHEMA = re.compile(r"No Op registered for (?P<op>\S+) with domain_version of (?P<opset>\d+)")
_NO_CUSTOM = re.compile(r"(?P<domain>[\w.]+):(?P<op>\w+)\S* is not a registered function/op")
_NO_KERNEL = re.compile(r"Could not find an implementation for (?P<op>\w+)\((?P<opset>\d+)\)")
_OPSET = re.compile(r"support for domain (?P<domain>\S+) is till opset (?P<opset>\d+)")
_ESCAPE = "External data path escapes model directory"


def check_loads(path: Path) -> None:
    """Opens the model without optimizing it.

    Raises:
        PackError: onnxruntime refuses it. The message names the operator, its domain or the opset where that is why.
    """
    options = session_options(EngineOptions(threads=1))
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise _refusal(path, str(error), first_line(error)) from error


def _refusal(path: Path, text: str, line: str) -> PackError:
    version = f"onnxruntime {ort.__version__}"
    if found := _OPSET.search(text):
        return PackError(
            f"{path} is of an opset that {version} does not take",
            expected=f"opset {found['opset']} or lower of domain {found['domain']}",
            remedy="export the model with a lower opset, or install a newer onnxruntime",
        )
    if _ESCAPE in text:
        return PackError(
            f"{path} keeps weights in a file that is a link out of its directory, which {version} does not follow",
            remedy="copy the model and its weights into one directory, as with cp -L",
        )
    if found := _NO_CUSTOM.search(text):
        return PackError(
            f"{path} needs operator {found['op']} of domain {found['domain']}, which {version} does not have",
            remedy="export the model with standard ONNX operators only",
        )
    if found := _NO_SCHEMA.search(text) or _NO_KERNEL.search(text):
        return PackError(
            f"{path} needs operator {found['op']} of opset {found['opset']}, which {version} does not have",
            remedy="export the model with another opset",
        )
    return PackError(f"{version} cannot load {path}", got=line, remedy="check that the file is whole")
