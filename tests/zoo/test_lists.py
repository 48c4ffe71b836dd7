"""The zoo as data: recipes that parse, label lists that are whole."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from inference_core.bundle import Recipe
from inference_core.bundle.schema import parse_record
from inference_core.packing.labels import read_labels
from inference_core.zoo import label_list_path, label_lists, recipe_names, recipe_path


@pytest.mark.parametrize(
    ("name", "count", "known"),
    [
        ("coco_80", 80, {0: "person", 15: "cat", 21: "bear", 79: "toothbrush"}),
        ("person", 1, {0: "person"}),
        ("picture", 1, {0: "picture"}),
        ("imagenet_1000", 1000, {0: "tench", 281: "tabby", 294: "brown bear", 999: "toilet tissue"}),
    ],
)
def test_a_label_list_has_every_class_at_its_published_index(name: str, count: int, known: dict[int, str]) -> None:
    names = label_list_path(name).read_text(encoding="utf-8").splitlines()
    assert len(names) == count
    assert {index: names[index] for index in known} == known
    assert all(names) and [label.strip() for label in names] == names


def labels_of(name: str) -> list[dict[str, Any]]:
    return read_labels(name, Path())


def test_cocos_published_ids_name_the_classes_of_the_plain_list() -> None:
    labels = labels_of("coco_91")
    assert [label["name"] for label in labels] == [label["name"] for label in labels_of("coco_80")]
    assert all(label["index"] == label["id"] for label in labels)
    assert [labels[place]["id"] for place in (0, 11, 21, 79)] == [1, 13, 23, 90]


def test_the_background_has_no_label() -> None:
    shifted = [label | {"index": label["id"] + 1} for label in labels_of("imagenet_1000")]
    assert labels_of("imagenet_1001") == shifted


def test_the_lists_are_those_that_ship() -> None:
    assert label_lists() == ["coco_80", "coco_91", "imagenet_1000", "imagenet_1001", "person", "picture"]
    assert {"mobilenet_v2", "mobilenet_v2_tf", "squeezenet_v1_0", "ssd_mobilenet_v1"} <= set(recipe_names())
    assert {"efficientpose_rt", "yolox_nano"} <= set(recipe_names())
    assert recipe_names() == sorted(recipe_names())
    assert not recipe_path("none").exists()


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_is_valid_and_names_a_list_that_ships(name: str) -> None:
    text = recipe_path(name).read_text(encoding="utf-8")
    recipe = parse_record(Recipe, json.dumps(tomllib.loads(text)), where=name)
    assert recipe.name == name
    assert recipe.labels in label_lists()


FACTS = {
    "efficientpose_rt": ("RGB", 1 / 255, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "heat_maps"),
    "fsrcnn_x2": ("Y", 1 / 255, None, None, "luma"),
    "mobilenet_v2": ("RGB", 1 / 255, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "softmax"),
    "mobilenet_v2_tf": ("RGB", 1.0, (127.5, 127.5, 127.5), (127.5, 127.5, 127.5), "probabilities"),
    "ssd_mobilenet_v1": ("RGB", 1.0, None, None, "picked"),
    "squeezenet_v1_0": ("BGR", 1.0, (104.0, 117.0, 123.0), None, "probabilities"),
    "subpixel_cnn_x3": ("Y", 1 / 255, None, None, "luma"),
    "yolox_nano": ("BGR", 1.0, None, None, "yolox"),
}


@pytest.mark.parametrize("name", FACTS)
def test_a_recipe_says_how_its_model_was_trained(name: str) -> None:
    recipe = parse_record(Recipe, json.dumps(tomllib.loads(recipe_path(name).read_text())), where=name)
    decode, tensor = (step.model_dump() for step in (recipe.preprocess[0], recipe.preprocess[-1]))
    facts = (decode["color"], tensor["scale"], tensor["mean"], tensor["std"], recipe.postprocess[0].op)
    assert facts == FACTS[name]
