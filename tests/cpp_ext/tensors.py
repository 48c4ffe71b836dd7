"""Random chains of post-processing steps, and the outputs that they read."""

from typing import Literal, NamedTuple

import numpy as np
from hypothesis import strategies as st

from inference_core.bundle.heads import (
    AnchorLevel,
    Boxes,
    BoxFormat,
    Distances,
    HeatMaps,
    Masks,
    Picked,
    Probabilities,
    Sigmoid,
    Softmax,
    Ssd,
    Yolo,
    Yolox,
)
from inference_core.bundle.postprocess import Nms, PostprocessStep, Restore, Score, Top
from inference_core.imaging import Geometry
from inference_core.tasks import Tensors
from inference_core.tasks.grid import count_cells

Draw = st.DrawFn

ACTIVATIONS: st.SearchStrategy[Literal["none", "sigmoid", "softmax"]] = st.sampled_from(["none", "sigmoid", "softmax"])
FORMATS: st.SearchStrategy[BoxFormat] = st.sampled_from(["xyxy", "yxyx", "cxcywh"])
THRESHOLDS = st.sampled_from([0.0, 1e-40, 1e-3, 0.25, 0.3, 0.5, 0.7, 0.999, 1.0]) | st.floats(0, 1)
SIDES = st.integers(1, 70)
STRIDES = st.sampled_from([8.0, 16.0, 32.0, 14.2857, 7.5])


class Case(NamedTuple):
    """A chain for a task, and what it is given."""

    task: str
    steps: tuple[PostprocessStep, ...]
    tensors: Tensors


@st.composite
def numbers(draw: Draw, *shape: int, wild: bool = True) -> np.ndarray:
    """Floats of a kind: probabilities, logits, few values that are often equal, pixels, or wild ones."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    kind = draw(st.sampled_from(["level", "logit", "tie", "pixel", "mostly low", "wild"]))
    match kind:
        case "level":
            values = chance.random(shape)
        case "logit":
            values = chance.normal(0, 4, shape)
        case "tie":
            values = chance.choice([0.0, -0.0, 0.25, 0.5, 0.75, 1.0], shape)
        case "pixel":
            values = chance.uniform(-20, 90, shape)
        case "mostly low":
            values = chance.random(shape) ** 20
        case _:
            values = chance.normal(size=shape) * 10.0 ** chance.integers(-42, 38 if wild else 3, shape)
    return np.asarray(values).astype(np.float32)


@st.composite
def geometries(draw: Draw) -> Geometry:
    """Of pictures that were scaled, padded and cropped."""
    scale = st.sampled_from([1.0, 0.5, 2.0]) | st.floats(0.05, 20)
    offset = st.sampled_from([0.0, 16.0]) | st.floats(-40, 40)
    return Geometry(
        draw(st.integers(1, 90)), draw(st.integers(1, 90)), *(draw(s) for s in (scale, scale, offset, offset))
    )


@st.composite
def detectors(draw: Draw) -> tuple[PostprocessStep, dict[str, np.ndarray], int, int]:
    """A head that finds boxes, its outputs, and the size of the input."""
    width, height, classes = draw(SIDES), draw(SIDES), draw(st.integers(1, 40))
    strides = tuple(draw(st.lists(STRIDES, min_size=1, max_size=3)))
    cells = [count_cells(width, s) * count_cells(height, s) for s in strides]
    kind = draw(st.sampled_from(["yolox", "yolo", "boxes", "ssd", "distances"]))
    if kind == "yolox":
        whole = tuple(max(int(s), 1) for s in strides)
        rows = sum(count_cells(width, s) * count_cells(height, s) for s in whole)
        return Yolox(strides=whole), {"out": draw(numbers(rows, 5 + classes))}, width, height
    if kind == "yolo":
        yolo = Yolo(objectness=draw(st.booleans()), transposed=draw(st.booleans()))
        raw = draw(numbers(draw(st.integers(0, 150)), (5 if yolo.objectness else 4) + classes))
        return yolo, {"out": np.ascontiguousarray(raw.T) if yolo.transposed else raw}, width, height
    activation, background = draw(ACTIVATIONS), draw(st.booleans())
    columns = classes + int(background)
    step: Boxes | Ssd | Distances
    if kind == "boxes":
        rows = draw(st.integers(0, 150))
        step = Boxes(activation=activation, background=background, format=draw(FORMATS), normalized=draw(st.booleans()))
    elif kind == "ssd":
        sizes = st.lists(st.tuples(st.floats(0.5, 60), st.floats(0.5, 60)), min_size=1, max_size=3)
        levels = tuple(AnchorLevel(stride=s, sizes=tuple(draw(sizes)), offset=draw(st.floats(0, 1))) for s in strides)
        rows = sum(n * len(level.sizes) for n, level in zip(cells, levels, strict=True))
        step = Ssd(
            activation=activation,
            background=background,
            levels=levels,
            variances=draw(st.sampled_from([(0.1, 0.1, 0.2, 0.2), (1.0, 1.0, 1.0, 1.0)])),
        )
    else:
        rows = sum(cells)
        centerness = draw(st.sampled_from([None, "centerness"]))
        step = Distances(
            activation=activation,
            background=background,
            strides=strides,
            offset=draw(st.floats(0, 1)),
            scaled=draw(st.booleans()),
            centerness=centerness,
        )
    outputs = {"boxes": draw(numbers(rows, 4)), "scores": draw(numbers(rows, columns))}
    if isinstance(step, Distances) and step.centerness:
        outputs["centerness"] = draw(numbers(rows, 1))
    return step, outputs, width, height


@st.composite
def picked(draw: Draw) -> tuple[PostprocessStep, dict[str, np.ndarray], int, int]:
    """Detections that the graph has picked."""
    rows = draw(st.integers(0, 30))
    step = Picked(count=draw(st.sampled_from([None, "count"])), format=draw(FORMATS), normalized=draw(st.booleans()))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    outputs = {
        "boxes": draw(numbers(rows, 4)),
        "scores": draw(numbers(rows)),
        "classes": chance.integers(0, 5, rows).astype(draw(st.sampled_from([np.float32, np.int64, np.int32]))),
    }
    if step.count:
        outputs["count"] = np.array(chance.integers(0, rows + 1)).reshape(draw(st.sampled_from([(), (1,)])))
    return step, outputs, draw(SIDES), draw(SIDES)


@st.composite
def refinements(draw: Draw) -> list[PostprocessStep]:
    """Steps between the first and the last, in any order and number."""
    score = st.builds(Score, min=THRESHOLDS)
    nms = st.builds(Nms, iou=THRESHOLDS, per_class=st.booleans())
    top = st.builds(Top, k=st.integers(1, 60))
    return draw(st.lists(score | nms | top, max_size=3))


@st.composite
def detections(draw: Draw) -> Case:
    """Chains of detection, and of instance segmentation."""
    step, outputs, width, height = draw(detectors() | picked())
    steps = [step]
    if not isinstance(step, Picked):
        steps.append(Score(min=draw(THRESHOLDS), multi_label=draw(st.booleans())))
    steps += draw(refinements())
    task = draw(st.sampled_from(["detection", "instance_segmentation"]))
    if task == "instance_segmentation":
        steps += [
            Top(k=5),
            Masks(output="masks", activation=draw(st.sampled_from(["none", "sigmoid"])), threshold=draw(THRESHOLDS)),
        ]
        steps[0] = step.model_copy(update={"output": "out"}) if "out" in outputs else step
        channels = draw(st.sampled_from([(), (1,), (40,)]))
        rows = max(max(value.shape, default=1) for value in outputs.values())
        side = st.integers(1, 6)
        outputs["masks"] = draw(numbers(max(rows, 1), *channels, draw(side), draw(side), wild=False))
    return Case(task, (*steps, Restore()), Tensors(outputs, width, height, draw(geometries())))


@st.composite
def instances(draw: Draw) -> Case:
    """Masks of boxes that mostly lie in the picture."""
    rows, geometry, chance = (
        draw(st.integers(1, 5)),
        draw(geometries()),
        np.random.default_rng(draw(st.integers(0, 2**32))),
    )
    scale = np.array([geometry.scale_x, geometry.scale_y] * 2)
    corners = np.sort(chance.uniform(-20, 110, (rows, 2, 2)), axis=1).reshape(rows, 4)
    if draw(st.booleans()):
        corners = np.round(corners)
    outputs = {
        "boxes": (corners * scale + np.array([geometry.offset_x, geometry.offset_y] * 2)).astype(np.float32),
        "scores": np.ones(rows, np.float32),
        "classes": np.zeros(rows, np.float32),
        "masks": draw(numbers(rows, draw(st.integers(1, 30)), draw(st.integers(1, 30)), wild=False)),
    }
    masks = Masks(output="masks", activation=draw(st.sampled_from(["none", "sigmoid"])), threshold=draw(THRESHOLDS))
    return Case("instance_segmentation", (Picked(), masks, Restore()), Tensors(outputs, 64, 64, geometry))


@st.composite
def classifications(draw: Draw) -> Case:
    """Chains of classification."""
    heads: list[PostprocessStep] = [Softmax(), Sigmoid(), Probabilities()]
    head = draw(st.sampled_from(heads))
    shape = draw(st.sampled_from([(1,), (7,), (1000,), (5, 1, 1)]))
    steps = draw(st.lists(st.builds(Score, min=THRESHOLDS) | st.builds(Top, k=st.integers(1, 9)), max_size=3))
    outputs = {"out": draw(numbers(*shape))}
    return Case("classification", (head, *steps), Tensors(outputs, 9, 9, draw(geometries())))


@st.composite
def poses(draw: Draw) -> Case:
    """Chains of pose estimation."""
    head = HeatMaps(layout=draw(st.sampled_from(["CHW", "HWC"])), refine=draw(st.sampled_from(["none", "quarter"])))
    shape = (draw(st.integers(1, 17)), draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    steps = draw(st.lists(st.builds(Score, min=THRESHOLDS), max_size=1))
    outputs = {"out": draw(numbers(*shape))}
    return Case("pose", (head, *steps, Restore()), Tensors(outputs, draw(SIDES), draw(SIDES), draw(geometries())))
