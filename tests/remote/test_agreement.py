"""The model there against the bundle's: what is the same, and how a difference is told."""

from dataclasses import replace

import pytest

from inference_core.bundle import Artifact, TensorSpec
from inference_core.bundle.tensors import BucketedAxis
from inference_core.errors import EngineError
from inference_core.remote.agreement import agree
from inference_core.remote.connection import RemoteModel, RemoteTensor
from tests.remote.endpoints import AGREEING, ARTIFACT

URL = "http://a:8000"


def artifact(*inputs: TensorSpec, engine: str = "onnxruntime", outputs: tuple[TensorSpec, ...] = ()) -> Artifact:
    return Artifact(
        engine=engine, precision="fp32", file="m", inputs=inputs or ARTIFACT.inputs, outputs=outputs or ARTIFACT.outputs
    )


def refusal(remote: RemoteModel, ours: Artifact = ARTIFACT, split: str = "tensors") -> EngineError:
    with pytest.raises(EngineError) as caught:
        agree(URL, remote, ours, split=split)
    return caught.value


def test_the_same_model_agrees() -> None:
    names = agree(URL, AGREEING, ARTIFACT, split="tensors")
    assert names.are_ours
    assert (names.inputs, names.outputs) == ({"images": "images"}, {"logits": "logits"})


@pytest.mark.parametrize("shape", [None, (-1, 3, 8, 8), (1, 3, 8, 8), (-1, -1, -1, -1)])
def test_shapes_agree_where_one_side_leaves_them_open(shape: tuple[int, ...] | None) -> None:
    there = RemoteModel((RemoteTensor("images", "float32", shape),), AGREEING.outputs)
    assert agree(URL, there, ARTIFACT, split="tensors").are_ours


@pytest.mark.parametrize(("size", "agrees"), [(224, True), (256, True), (-1, True), (240, False)])
def test_a_choice_of_sizes_is_fixed_as_far_as_it_goes(size: int, agrees: bool) -> None:
    ours = artifact(TensorSpec(name="images", dtype="float32", shape=(1, BucketedAxis(sizes=(224, 256)))))
    there = replace(AGREEING, inputs=(RemoteTensor("images", "float32", (1, size)),))
    if agrees:
        agree(URL, there, ours, split="tensors")
    else:
        assert refusal(there, ours).expected == "input images float32 [1, 224|256]"


@pytest.mark.parametrize(
    ("tensor", "got"),
    [
        (RemoteTensor("images", "float32", (-1, 3, 16, 8)), "input images float32 [-1, 3, 16, 8]"),
        (RemoteTensor("images", "float32", (3, 8, 8)), "input images float32 [3, 8, 8]"),
        (RemoteTensor("images", "float32", (-1, -1, -1)), "input images float32 [-1, -1, -1]"),
        (RemoteTensor("images", "uint8", (-1, 3, 8, 8)), "input images uint8 [-1, 3, 8, 8]"),
        (RemoteTensor("images", "uint8", None), "input images uint8"),
    ],
)
def test_another_shape_or_dtype_is_told_with_both(tensor: RemoteTensor, got: str) -> None:
    error = refusal(replace(AGREEING, inputs=(tensor,)))
    assert error.message == "the model at http://a:8000 is not the bundle's"
    assert error.got == got
    assert error.expected == "input images float32 [batch, 3, 8, 8]"
    assert error.remedy is not None
    assert "SATCHEL_REMOTE_MODEL" in error.remedy


def test_every_difference_is_told() -> None:
    there = RemoteModel(
        (RemoteTensor("x", "float32", (-1, 3, 8, 8)), RemoteTensor("sizes", "int64", (-1, 2))),
        (RemoteTensor("logits", "float16", (-1, 3)),),
    )
    error = refusal(there)
    assert error.got == (
        "no input images (it has x, sizes); input x float32 [-1, 3, 8, 8]; input sizes int64 [-1, 2];"
        " output logits float16 [-1, 3]"
    )
    assert error.expected == (
        "input images float32 [batch, 3, 8, 8]; no input x; no input sizes; output logits float32 [batch, 3]"
    )


def test_further_outputs_do_no_harm_but_missing_ones_do() -> None:
    further = (*AGREEING.outputs, RemoteTensor("features", "float32", (-1, 512)))
    assert agree(URL, replace(AGREEING, outputs=further), ARTIFACT, split="tensors").outputs == {"logits": "logits"}
    assert refusal(replace(AGREEING, outputs=further[1:])).got == "no output logits (it has features)"


def test_one_that_names_no_tensors_is_taken_at_its_word() -> None:
    assert agree(URL, RemoteModel((), ()), ARTIFACT, split="tensors").are_ours
    assert refusal(RemoteModel(AGREEING.inputs, ())).got == "no output logits (it has none)"


def test_the_names_of_the_packed_file_are_understood() -> None:
    ours = artifact(
        TensorSpec(name="images", native="input:0", dtype="float32", shape=("batch", 3, 8, 8)),
        outputs=(TensorSpec(name="logits", native="Identity:0", dtype="float32", shape=("batch", 3)),),
    )
    there = RemoteModel(
        (RemoteTensor("input:0", "float32", (-1, 3, 8, 8)),), (RemoteTensor("Identity:0", "float32", (-1, 3)),)
    )
    names = agree(URL, there, ours, split="tensors")
    assert (names.inputs, names.outputs) == ({"images": "input:0"}, {"logits": "Identity:0"})
    assert not names.are_ours
    assert agree(URL, AGREEING, ours, split="tensors").are_ours, "the bundle's own come first"


def test_tensors_of_torchscript_may_go_by_their_places() -> None:
    outputs = (*ARTIFACT.outputs, TensorSpec(name="features", dtype="float32", shape=("batch", 8)))
    there = RemoteModel(
        (RemoteTensor("INPUT__0", "float32", (-1, 3, 8, 8)),),
        (RemoteTensor("OUTPUT__0", "float32", (-1, 3)), RemoteTensor("OUTPUT__1", "float32", (-1, 8))),
    )
    names = agree(URL, there, artifact(engine="torchscript", outputs=outputs), split="tensors")
    assert names.inputs == {"images": "INPUT__0"}
    assert names.outputs == {"logits": "OUTPUT__0", "features": "OUTPUT__1"}
    error = refusal(there, artifact(outputs=outputs))
    assert error.got is not None
    assert error.got.startswith("no input images (it has INPUT__0)")


def test_for_pictures_the_input_of_pictures_is_what_counts() -> None:
    other = RemoteModel((RemoteTensor("x", "uint8", (1, 640, 640, 3)),), (), takes_images=True)
    assert agree(URL, other, ARTIFACT, split="image").are_ours
    error = refusal(AGREEING, split="image")
    assert error.message == "the model at http://a:8000 takes no encoded pictures"
    assert error.got == "inputs images"
