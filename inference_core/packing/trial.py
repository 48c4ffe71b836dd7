"""The trial run: real pixels through the recipe, the engine and the labels, before a bundle is written."""

from collections.abc import Mapping, Sequence

from inference_core.batching import stack
from inference_core.bundle import Artifact, Manifest
from inference_core.engines import Array, Engine
from inference_core.engines.tensors import describe_shape, fits
from inference_core.errors import PackError, SatchelError
from inference_core.imaging import Preprocessor
from inference_core.pipeline import LocalPredictor
from inference_core.tasks import Result

TRIAL_SIZES = ((640, 480), (375, 500), (31, 17))
"""Landscape, portrait, tiny: enough to meet every branch of a letterbox or a crop."""


def check_tensors(manifest: Manifest, artifact: Artifact, images: Sequence[bytes]) -> list[Array]:
    """The tensor of each image. Raises PackError when it is not what the model takes."""
    spec = artifact.input(manifest.tensor_step.input)
    preprocess = Preprocessor(manifest.preprocess)
    tensors = []
    for number, data in enumerate(images, 1):
        try:
            tensor = preprocess.run(data).tensor
        except SatchelError as error:
            raise failed(f"trial picture {number} cannot be used", error) from error
        if tensor.dtype.name != spec.dtype or not fits(tensor.shape[1:], spec.shape[1:]):
            raise PackError(
                f"the preprocessing steps do not give what input {spec.name} takes",
                got=f"{tensor.dtype.name} {list(tensor.shape)}",
                expected=f"{spec.dtype} {describe_shape(spec.shape)}",
                remedy="correct the size, layout or dtype in the recipe's preprocess steps",
            )
        tensors.append(tensor)
    others = [other.name for other in artifact.inputs if other.name != spec.name]
    if others:
        raise PackError(
            "the model has inputs that no step feeds",
            got=", ".join(others),
            expected=f"only {spec.name}",
            remedy="export the model with the image as its only input",
        )
    return tensors


def check_labels(manifest: Manifest, artifact: Artifact, outputs: Mapping[str, Array]) -> None:
    """Raises PackError when the number of labels is not the number of classes that a step reads."""
    for step in manifest.postprocess:
        classes = step.class_count(lambda name: outputs[artifact.output(name).name].shape)
        if classes is None:
            continue
        stated = [label.index for label in manifest.labels if label.index is not None]
        if max(stated) >= classes if stated else classes != len(manifest.labels):
            raise PackError(
                "the labels do not fit the model",
                got=f"{len(manifest.labels)} labels" + (f", the last for output {max(stated)}" if stated else ""),
                expected=f"{classes}, one for each class that step {step.op} reads",
                remedy="give the label list the model was trained with",
            )


def run_trial(manifest: Manifest, artifact: Artifact, engine: Engine, images: Sequence[bytes]) -> list[Result]:
    """Runs the whole pipeline on `images` after checking each joint of it; returns the results.

    Raises:
        PackError: recipe, labels and model do not fit together.
    """
    tensors = check_tensors(manifest, artifact, images)
    spec = artifact.input(manifest.tensor_step.input)
    check_labels(manifest, artifact, engine.infer({spec.name: stack(tensors[:1], spec)}))
    outcomes = LocalPredictor(manifest, artifact, engine).predict(images)
    for outcome in outcomes:
        if isinstance(outcome, SatchelError):
            raise failed("the trial run failed", outcome) from outcome
    return [outcome for outcome in outcomes if isinstance(outcome, Result)]


def failed(what: str, error: SatchelError) -> PackError:
    """What became of packing because of `error`."""
    return PackError(f"{what}: {error.message}", got=error.got, expected=error.expected, remedy=error.remedy)
