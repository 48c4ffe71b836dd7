"""A tiny classifier that a picture can make fail, stall, or give no number."""

from pathlib import Path

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, checker, helper, numpy_helper

from inference_core.packing import pack_model
from tests.models import CLASSIFIER_RECIPE, IR_VERSION, OPSET
from tests.pictures import plain

NAME = "tiny_fragile"
PREDICT = f"/models/{NAME}/predict"
SOUND = plain((255, 0, 0))
RAISING = plain((255, 255, 255))
"""The engine fails on it."""
NO_NUMBER = plain((0, 0, 0))
"""Every logit is NaN."""
SLOW = plain((0, 0, 255))
"""Keeps one thread busy for a few tenths of a second."""

QUEUE_SIZE = 3
"""Of the server that tests share."""

_TURNS = 120_000.0


def pack_fragile(folder: Path) -> Path:
    """A bundle in `folder / "models" / NAME`; labels red, green, blue. Returns the directory of bundles."""
    constants = {
        "scale": np.float32(10),
        "zero": np.float32(0),
        "hundredth": np.float32(0.01),
        "ones": np.ones(1, np.float32),
        "threshold": np.float32(0.9),
        "turns": np.float32(10 * _TURNS),
        "blue_at": np.array([2]),
        "red_at": np.array([0]),
    }
    initializers = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, 8, 8])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 3])
    graph = helper.make_graph([*_means(), *_failing(), *_stalling()], "fragile", [image], [logits], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    checker.check_model(model)
    (folder / "fragile.onnx").write_bytes(model.SerializeToString())
    (folder / "labels.txt").write_text("red\ngreen\nblue\n")
    (folder / "fragile.toml").write_text(CLASSIFIER_RECIPE.replace("tiny_classifier", NAME))
    pack_model(folder / "fragile.onnx", str(folder / "fragile.toml"), folder / "models" / NAME)
    return folder / "models"


def _means() -> list[NodeProto]:
    return [
        helper.make_node("GlobalAveragePool", ["images"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["means"]),
        helper.make_node("Mul", ["means", "scale"], ["scaled"]),
    ]


def _failing() -> list[NodeProto]:
    """White looks up what is not there, black divides nothing by nothing."""
    return [
        helper.make_node("ReduceMin", ["means"], ["least"], axes=[1]),
        helper.make_node("Add", ["least", "hundredth"], ["above"]),
        helper.make_node("Cast", ["above"], ["place"], to=TensorProto.INT64),
        helper.make_node("Gather", ["ones", "place"], ["one"]),
        helper.make_node("ReduceMax", ["means"], ["most"], axes=[1]),
        helper.make_node("Div", ["most", "most"], ["ratio"]),
        helper.make_node("Mul", ["scaled", "one"], ["looked_up"]),
        helper.make_node("Mul", ["looked_up", "ratio"], ["divided"]),
    ]


def _stalling() -> list[NodeProto]:
    """Blue counts for a long while."""
    return [
        helper.make_node("Gather", ["means", "blue_at"], ["blue"], axis=1),
        helper.make_node("Gather", ["means", "red_at"], ["red"], axis=1),
        helper.make_node("Sub", ["blue", "red"], ["bluish"]),
        helper.make_node("Sub", ["bluish", "threshold"], ["beyond"]),
        helper.make_node("Relu", ["beyond"], ["over"]),
        helper.make_node("ReduceMax", ["over"], ["bluest"], keepdims=0),
        helper.make_node("Mul", ["bluest", "turns"], ["wanted"]),
        helper.make_node("Cast", ["wanted"], ["count"], to=TensorProto.INT64),
        helper.make_node("Loop", ["count", "", "zero"], ["counted"], body=_turn()),
        helper.make_node("Mul", ["counted", "zero"], ["nothing"]),
        helper.make_node("Add", ["divided", "nothing"], ["logits"]),
    ]


def _turn() -> GraphProto:
    number = helper.make_tensor_value_info("number", TensorProto.INT64, [])
    going, goes_on = (helper.make_tensor_value_info(name, TensorProto.BOOL, []) for name in ("going", "goes_on"))
    before, after = (helper.make_tensor_value_info(name, TensorProto.FLOAT, []) for name in ("before", "after"))
    nodes = [helper.make_node("Identity", ["going"], ["goes_on"]), helper.make_node("Sqrt", ["before"], ["after"])]
    return helper.make_graph(nodes, "turn", [number, going, before], [goes_on, after])
