"""Archives of torch.export. Only imported by processes that hold Python torch."""

from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.fx.graph import CodeGen

from inference_core.errors import PackError, first_line


def load_program(path: Path) -> nn.Module:
    """The module in a file that torch.export.save wrote; it checks its input.

    Raises:
        PackError: the file cannot be read.
    """
    try:
        return torch.export.load(path).module(check_guards=False)
    except Exception as error:  # of many kinds, from zip to the schema of the graph
        raise PackError(
            f"{path} cannot be read by torch {torch.__version__}",
            got=f"{type(error).__name__}: {error}".partition("\n")[0],
            expected="an archive that torch.export.save wrote",
            remedy="check that the file is whole, or export it again with this version",
        ) from error


def script_program(program: Any) -> torch.jit.ScriptModule:  # noqa: ANN401  # a GraphModule
    """The same graph in TorchScript, answering with a flat tuple. Scripted, since a trace would fix dynamic axes.

    Raises:
        PackError: it does not fit TorchScript.
    """
    graph = program.graph
    graph.set_codegen(CodeGen())  # plain arguments and answers instead of nested ones
    for node in graph.nodes:
        if node.op == "placeholder":
            node.type = torch.Tensor
        elif node.target is torch.ops.aten.sym_size.int:
            node.op, node.target = "call_method", "size"  # which ONNX knows
        elif isinstance(node.target, torch._ops.OpOverload):
            node.target = node.target.overloadpacket  # TorchScript picks the overload itself
    try:
        return torch.jit.script(torch.fx.GraphModule(program, graph))
    except RuntimeError as error:
        raise PackError(
            "the exported graph does not fit TorchScript",
            got=first_line(error),
            remedy="pack the module it was exported from, as module:factory",
        ) from error
