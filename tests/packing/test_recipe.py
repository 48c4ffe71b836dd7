"""Recipe files."""

import pytest

from inference_core.errors import ManifestError, PackError
from inference_core.packing.recipe import read_recipe
from inference_core.zoo import recipe_names
from tests.packing.bench import Bench


def test_a_recipe_file_is_read_with_its_folder(bench: Bench) -> None:
    recipe, folder = read_recipe(str(bench.recipe))
    assert (recipe.name, recipe.version, recipe.task, recipe.labels) == (
        "tiny_classifier",
        "1",
        "classification",
        "labels.txt",
    )
    assert [step.op for step in (*recipe.preprocess, *recipe.postprocess)] == [
        "decode",
        "resize",
        "tensor",
        "softmax",
        "top",
    ]
    assert folder == bench.folder


@pytest.mark.parametrize("name", recipe_names())
def test_each_recipe_of_the_zoo_is_called_as_its_file(name: str) -> None:
    assert read_recipe(name)[0].name == name


@pytest.mark.parametrize("name", ["nowhere.toml", "some/where", "yolox_giant"])
def test_a_recipe_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(PackError) as caught:
        read_recipe(name)
    error = caught.value
    assert error.message == f"there is no recipe {name}"
    assert error.expected == f"a .toml file, or one of the zoo: {', '.join(recipe_names())}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('license = "MIT"', "license = ", "is not valid TOML: Invalid value (at line 5, column 11)"),
        ('license = "MIT"', 'license = "MIT"\ntask = "x"', "is not valid TOML: Cannot overwrite a value"),
        ('license = "MIT"', "license = 2026-11-20", "holds a date or time, which no key takes"),
    ],
)
def test_what_is_not_toml_is_refused_with_the_place(bench: Bench, old: str, new: str, message: str) -> None:
    bench.change_recipe(old, new)
    with pytest.raises(ManifestError) as caught:
        read_recipe(str(bench.recipe))
    assert caught.value.message.startswith(f"{bench.recipe} {message}")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("k = 2", "k = 18446744073709551616", "postprocess[1].k"),
        ("scale = 0.00392156862745098", "scale = nan", "preprocess[2].scale"),
    ],
)
def test_numbers_beyond_reason_are_refused(bench: Bench, old: str, new: str, place: str) -> None:
    bench.change_recipe(old, new)
    with pytest.raises(ManifestError) as caught:
        read_recipe(str(bench.recipe))
    assert caught.value.message == f"{bench.recipe}: wrong value at {place}"


def test_a_recipe_that_is_not_text_is_refused(bench: Bench) -> None:
    bench.recipe.write_bytes(b'name = "\xff"')
    with pytest.raises(ManifestError, match="is not valid TOML: 'utf-8' codec can't decode byte 0xff"):
        read_recipe(str(bench.recipe))


@pytest.mark.parametrize(
    ("old", "new", "message", "got", "remedy"),
    [
        ("width = 8,", "widht = 8, width = 8,", "unknown key preprocess[1].widht", "8", "rename it to 'width'"),
        ('name = "tiny_classifier"', "", "key name is missing", "nothing", "add name"),
        ("k = 2", 'k = "2"', "wrong value at postprocess[1].k", '"2"', "correct postprocess[1].k"),
        ('op = "softmax"', 'op = "softmaxx"', "unknown op at postprocess[0]", "softmaxx", "use softmax"),
        ('task = "classification"', 'task = "dreams"', "wrong value at task", '"dreams"', "correct task"),
    ],
)
def test_a_recipe_against_the_schema_is_refused_by_key_and_value(
    bench: Bench, old: str, new: str, message: str, got: str, remedy: str
) -> None:
    bench.change_recipe(old, new)
    with pytest.raises(ManifestError) as caught:
        read_recipe(str(bench.recipe))
    error = caught.value
    assert (error.message, error.got, error.remedy) == (f"{bench.recipe}: {message}", got, remedy)
