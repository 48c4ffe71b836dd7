"""How answers of each task are drawn: the server's place is taken by a made-up answer, the rest is the page itself."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from inference_core.tasks.rle import Rle, encode
from tests.pictures import plain
from tests.server.page.browser import Browser, needs_chromium
from tests.server.process import Server

pytestmark = needs_chromium

WIDTH, HEIGHT = 40, 30
GREY = (120, 120, 120)
NO_TIME = {"decode": 0.0, "preprocess": 0.0, "infer": 1.0, "postprocess": 0.0, "queue": 0.0}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "grey.png"
    file.write_bytes(plain(GREY, WIDTH, HEIGHT))
    return file


def draw(
    browser: Browser, server: Server, picture: Path, task: str, *predictions: dict[str, Any], skeleton: Any = None
) -> None:
    """The page with this answer, once it is drawn; of a model with this skeleton, if any."""
    answer = {"task": task, "image": {"width": WIDTH, "height": HEIGHT}, "predictions": predictions}
    browser.open(f"http://127.0.0.1:{server.port}/")
    # Until the model's own configuration is there, which would otherwise come after the made-up one.
    browser.wait("document.getElementById('confidence-text').textContent.includes('%')")
    if skeleton is not None:
        config = json.dumps(json.dumps({"confidence": 0.07, "postprocess": [], "skeleton": skeleton}))
        browser.evaluate(f"window.fetch = async () => new Response({config})")
        browser.evaluate("document.getElementById('model').dispatchEvent(new Event('change'))")
        browser.wait("document.getElementById('confidence-text').textContent.startsWith('7 %')")
    text = json.dumps(json.dumps(answer | {"model": "m", "version": "1", "timings_ms": NO_TIME}))
    browser.evaluate(f"window.fetch = async () => new Response({text})")
    browser.give_file("#file", picture)
    browser.wait("document.getElementById('status').textContent.includes(' in ')")


def seen(browser: Browser) -> npt.NDArray[np.int64]:
    """The canvas [H, W, 3], a pixel for each of the upright picture's, taken at its centre."""
    values = browser.evaluate(
        "(() => { const from = document.getElementById('canvas'); const copy = document.createElement('canvas');"
        "copy.width = from.width; copy.height = from.height; const context = copy.getContext('2d');"
        "context.drawImage(from, 0, 0); const all = context.getImageData(0, 0, copy.width, copy.height).data;"
        f"const found = []; for (let y = 0; y < {HEIGHT}; y++) for (let x = 0; x < {WIDTH}; x++) {{"
        f"const column = Math.floor((x + 0.5) * copy.width / {WIDTH});"
        f"const row = Math.floor((y + 0.5) * copy.height / {HEIGHT});"
        "found.push(...all.slice((row * copy.width + column) * 4, (row * copy.width + column) * 4 + 3)); }"
        "return found; })()"
    )
    return np.array(values).reshape(HEIGHT, WIDTH, 3)


def untouched(browser: Browser) -> npt.NDArray[np.bool_]:
    """Where the picture is as it was."""
    equal: npt.NDArray[np.bool_] = np.logical_and.reduce(abs(seen(browser) - GREY) <= 2, axis=-1)
    return equal


def as_json(mask: Rle) -> dict[str, Any]:
    return {"size": list(mask.size), "counts": mask.counts}


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (64, 48), (700, 450)])
def test_masks_are_read_as_they_were_written(browser: Browser, server: Server, size: tuple[int, int]) -> None:
    mask = np.random.default_rng(size[0]).random(size) < 0.4
    mask[:, : size[1] // 3] = True  # a long run, too long for one group of bits
    browser.open(f"http://127.0.0.1:{server.port}/")
    written = json.dumps(as_json(encode(mask, 0, 0, size)))
    read = browser.evaluate(
        f"import('./assets/rle.js').then(({{ readMask }}) => readMask({written})).then(({{ width, height, inside }}) =>"
        "[width, height, [...inside].join('')])"
    )
    assert read == [size[1], size[0], "".join("01"[int(bit)] for bit in mask.ravel())]


def test_a_mask_colours_what_it_covers_and_nothing_else(browser: Browser, server: Server, picture: Path) -> None:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[5:25, 8:20] = True
    mask[10:20, 20:30] = True
    whole = as_json(encode(mask, 0, 0, (HEIGHT, WIDTH)))
    draw(browser, server, picture, "instance_segmentation", {"class_id": 1, "score": 0.9, "mask": whole})
    assert (untouched(browser) == ~mask).mean() > 0.99


def test_boxes_of_a_class_share_a_colour_that_is_not_another_classs(
    browser: Browser, server: Server, picture: Path
) -> None:
    boxes = [(0, [2.5, 10.5, 10.5, 20.5]), (0, [14.5, 10.5, 22.5, 20.5]), (1, [28.5, 10.5, 36.5, 20.5])]
    found = [{"class_id": number, "score": 0.5, "box": box} for number, box in boxes]
    draw(browser, server, picture, "detection", *found)
    colors = browser.evaluate("[...document.querySelectorAll('#predictions .swatch')].map(one => one.style.background)")
    assert colors[0] == colors[1] != colors[2]
    kept = untouched(browser)
    for _, (x1, y1, x2, y2) in boxes:
        left, top, right, bottom = (int(edge) for edge in (x1, y1, x2, y2))
        assert not kept[top : bottom + 1, [left, right]].any()
        assert not kept[[top, bottom], left : right + 1].any()
        assert kept[top + 1 : bottom, left + 1 : right].all()
    assert kept.sum() == kept.size - 3 * (2 * 9 + 2 * 9)


def test_keypoints_are_drawn_where_the_model_is_sure(browser: Browser, server: Server, picture: Path) -> None:
    points = [[10.5, 15.5, 0.9], [20.5, 15.5, 0.05], [30.5, 15.5, 0.9]]
    draw(browser, server, picture, "pose", {"class_id": 0, "score": 0.9, "keypoints": points})
    touched = ~untouched(browser)
    assert touched[15, 10]
    assert touched[15, 30]
    assert not touched[:, 13:27].any()
    assert "3 points" in browser.evaluate("document.getElementById('predictions').innerText")


def test_lines_join_the_keypoints_of_the_skeleton_that_are_sure(
    browser: Browser, server: Server, picture: Path
) -> None:
    points = [[5.5, 15.5, 0.9], [35.5, 15.5, 0.3], [5.5, 25.5, 0.29], [35.5, 5.5, 0.9]]
    found = {"class_id": 0, "score": 0.9, "keypoints": points}
    draw(browser, server, picture, "pose", found, skeleton=[[0, 1], [1, 2], [3, 9]])
    touched = ~untouched(browser)
    assert touched[15, 5:36].all()
    assert not touched[18:, 8:].any()
    assert not touched[:12, :32].any()
    draw(browser, server, picture, "pose", found)
    assert untouched(browser)[15, 9:32].all()
    assert browser.complaints() == []


def test_classes_are_listed_and_leave_the_picture_alone(browser: Browser, server: Server, picture: Path) -> None:
    found = [{"label": "tabby", "class_id": 281, "score": 0.83}, {"label": "tiger cat", "class_id": 282, "score": 0.09}]
    draw(browser, server, picture, "classification", *found)
    assert browser.evaluate("document.getElementById('status').textContent").startswith("tabby, 83 %: 2 predictions in")
    assert untouched(browser).all()


def test_a_picture_that_the_model_made_is_shown_beside_the_original(
    browser: Browser, server: Server, picture: Path
) -> None:
    made = base64.b64encode(plain((10, 200, 40), WIDTH * 2, HEIGHT * 2)).decode()
    draw(browser, server, picture, "super_resolution", {"image": made})
    assert (abs(seen(browser) - (10, 200, 40)) <= 2).all()
    browser.evaluate("document.getElementById('original').click()")
    assert untouched(browser).all()
    assert browser.evaluate("document.getElementById('save').href") == f"data:image/png;base64,{made}"
    assert browser.evaluate("document.getElementById('save').download") == "grey-result.png"
    assert browser.complaints() == []


def test_labels_are_text_whatever_they_say(browser: Browser, server: Server, picture: Path) -> None:
    label = "<img src=x onerror=alert(1)>"
    draw(browser, server, picture, "detection", {"label": label, "class_id": 0, "score": 0.5, "box": [1, 1, 9, 9]})
    assert browser.evaluate("document.querySelector('#predictions .name').textContent") == label
    assert browser.evaluate("document.querySelectorAll('#predictions img').length") == 0
