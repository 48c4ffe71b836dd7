"""Label files."""

from pathlib import Path

import pytest

from inference_core.errors import PackError
from inference_core.packing.labels import read_labels


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", b"cat\ndog\n", [(0, "cat"), (1, "dog")]),
        ("a.txt", b"cat\r\ndog", [(0, "cat"), (1, "dog")]),
        ("a.txt", b"  hot dog \ndog\n\n\n", [(0, "hot dog"), (1, "dog")]),
        ("a.txt", b"\xef\xbb\xbfcat\ndog\n", [(0, "cat"), (1, "dog")]),
        ("a.txt", "Bär\n\\\n".encode(), [(0, "Bär"), (1, "\\")]),
        ("a.json", b'[{"id": 1, "name": "cat"}, {"id": 90, "name": "dog"}]', [(1, "cat"), (90, "dog")]),
    ],
)
def test_labels_are_names_in_the_order_of_the_outputs(
    tmp_path: Path, name: str, content: bytes, expected: list[tuple[int, str]]
) -> None:
    (tmp_path / name).write_bytes(content)
    assert read_labels(name, tmp_path) == [{"id": number, "name": label} for number, label in expected]


@pytest.mark.parametrize(("name", "count", "first", "last"), [("coco_80", 80, "person", "toothbrush")])
def test_a_bare_name_means_a_list_of_the_zoo(tmp_path: Path, name: str, count: int, first: str, last: str) -> None:
    labels = read_labels(name, tmp_path)
    assert len(labels) == count
    assert (labels[0], labels[-1]) == ({"id": 0, "name": first}, {"id": count - 1, "name": last})


def test_a_label_map_has_ids_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "map.pbtxt").write_text("item { id: 3 name: 'cat' } item { id: 7 name: 'dog' }")
    cat, dog = {"id": 3, "name": "cat", "index": 3}, {"id": 7, "name": "dog", "index": 7}
    assert read_labels("map.pbtxt", tmp_path) == [cat, dog]


def test_a_list_of_the_zoo_may_leave_outputs_without_a_label(tmp_path: Path) -> None:
    labels = read_labels("coco_91", tmp_path)
    assert len(labels) == 80
    assert (labels[0], labels[-1]["id"]) == ({"id": 1, "name": "person", "index": 1}, 90)


@pytest.mark.parametrize(
    ("name", "content", "message", "expected"),
    [
        ("a.txt", b"cat\n\ndog\n", "line 2 of {path} is empty", "a name on every line"),
        ("a.txt", b"\n \n", "{path} holds no labels", "one name a line, in the order of the outputs"),
        ("a.txt", b"", "{path} holds no labels", "one name a line, in the order of the outputs"),
        ("a.txt", b"caf\xe9\n", "{path} is not UTF-8 text", None),
        ("a.json", b"[]", "{path} holds no labels", "one name a line, in the order of the outputs"),
        ("a.json", b'{"0": "cat"}', "{path} is not a list", '[{"id": 0, "name": "..."}, ...]'),
    ],
)
def test_a_label_file_that_cannot_be_used_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str, expected: str | None
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(PackError) as caught:
        read_labels(name, tmp_path)
    assert (caught.value.message, caught.value.expected) == (message.format(path=path), expected)


def test_broken_json_is_refused_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"id": 0,]')
    with pytest.raises(PackError, match=r"a\.json is not valid JSON: .*line 1 column 11"):
        read_labels("a.json", tmp_path)


@pytest.mark.parametrize("source", ["nowhere.txt", "coco_81"])
def test_labels_that_are_not_there_are_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(PackError) as caught:
        read_labels(source, tmp_path)
    assert (caught.value.message, caught.value.expected) == (
        f"there is no label file {source}",
        "a .txt, .json or .pbtxt file, or one of coco_80, coco_91, imagenet_1000, imagenet_1001, person, picture",
    )


def test_a_model_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError) as caught:
        read_labels(None, tmp_path)
    assert str(caught.value) == (
        "the model has no labels\n  expected: a label file\n"
        "  remedy: add `labels = ...` to the recipe, or give --labels FILE"
    )
