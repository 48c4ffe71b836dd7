"""The page in a real browser, against a real server: what a person does, and what the person then sees."""

import hashlib
import io
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from PIL import Image

from tests.pictures import plain
from tests.server.page.browser import Browser, needs_chromium
from tests.server.page.conftest import MODELS
from tests.server.process import Server, serving

pytestmark = needs_chromium

BOOKING = MODELS / "samples" / "booking.png"
PREDICT = "/models/card_elements/predict"
ROWS = "document.querySelectorAll('#predictions li')"
TIMES = "\N{MULTIPLICATION SIGN}"
STATUS = "document.getElementById('status').textContent"


def show(browser: Browser, server: Server, path: str = "/", **window: Any) -> None:
    browser.open(f"http://127.0.0.1:{server.port}{path}", **window)


def show_ready(browser: Browser, server: Server, **window: Any) -> None:
    """The page, once it knows the models."""
    show(browser, server, **window)
    browser.wait("document.getElementById('about').textContent && !document.getElementById('model').disabled")


def predict_here(browser: Browser, file: Path = BOOKING) -> None:
    browser.give_file("#file", file)
    browser.wait(f"{STATUS}.includes(' in ')")


def ask_api(server: Server, query: str = "") -> list[dict[str, Any]]:
    status, body = server.ask("POST", PREDICT + query, BOOKING.read_bytes(), {"Content-Type": "image/png"})
    assert status == 200
    predictions: list[dict[str, Any]] = orjson.loads(body)["predictions"]
    return predictions


def move_slider(browser: Browser, *values: float) -> None:
    for value in values:
        browser.evaluate(
            "(() => { const slider = document.getElementById('confidence');"
            f"slider.value = {value}; slider.dispatchEvent(new Event('input')); }})()"
        )


def pixel(browser: Browser, x: float, y: float) -> list[int]:
    """Red, green and blue of the canvas where the upright picture's (x, y) is drawn."""
    with Image.open(BOOKING) as picture:
        scale = f"document.getElementById('canvas').width / {picture.width}"
    found: list[int] = browser.evaluate(
        "(() => { const copy = document.createElement('canvas').getContext('2d');"  # reading it back would slow it down
        f"copy.drawImage(document.getElementById('canvas'), -{x} * {scale}, -{y} * {scale});"
        "return [...copy.getImageData(0, 0, 1, 1).data]; })()"
    )
    return found[:3]


def test_what_the_api_finds_is_listed_and_drawn(browser: Browser, server: Server) -> None:
    expected = ask_api(server)
    assert len(expected) > 5
    show_ready(browser, server)
    predict_here(browser)
    listed = browser.evaluate(f"[...{ROWS}].map(row => row.innerText.replace(/\\s+/g, ' '))")
    assert listed == [f"{found['label']} {found['score'] * 100:.0f} %" for found in expected]
    assert re.fullmatch(rf"{len(expected)} predictions in [\d.]+ m?s", browser.evaluate(STATUS))
    marked = browser.evaluate("document.getElementById('canvas').getAttribute('aria-label')")
    assert marked == f"The picture with {len(expected)} predictions"
    x1, y1, _, y2 = expected[0]["box"]
    edge, elsewhere = (x1, (y1 + y2) / 2), (3, 3)
    drawn = pixel(browser, *edge), pixel(browser, *elsewhere)
    move_slider(browser, 1)
    browser.wait(f"{STATUS}.startsWith('0 predictions')")
    bare = pixel(browser, *edge), pixel(browser, *elsewhere)
    assert max(abs(one - other) for one, other in zip(drawn[0], bare[0], strict=True)) > 60
    assert drawn[1] == bare[1]
    assert browser.complaints() == []
    assert {address.split("/")[2] for address in browser.requested()} == {f"127.0.0.1:{server.port}"}


def test_limits_are_asked_of_the_server_once_they_rest(browser: Browser, server: Server) -> None:
    show_ready(browser, server)
    predict_here(browser)
    before = len([address for address in browser.requested() if PREDICT in address])
    move_slider(browser, 0.3, 0.5, 0.7, 0.86)
    browser.wait(f"{ROWS}.length === {len(ask_api(server, '?confidence=0.86'))}")
    browser.evaluate("document.getElementById('most').value = 2")
    browser.evaluate("document.getElementById('most').dispatchEvent(new Event('input'))")
    browser.wait(f"{ROWS}.length === 2")
    asked = [address.partition("?")[2] for address in browser.requested() if PREDICT in address][before:]
    assert asked == ["confidence=0.86", "confidence=0.86&max_predictions=2"]
    assert "confidence=0.86&max_predictions=2" in browser.evaluate("document.getElementById('curl').textContent")
    browser.evaluate("document.getElementById('packed').click()")
    browser.wait(f"{ROWS}.length === {len(ask_api(server))}")
    assert browser.evaluate("document.getElementById('confidence-text').textContent") == "50 %, as packed"


def test_a_pressed_row_stands_out_until_it_is_pressed_again(browser: Browser, server: Server) -> None:
    show_ready(browser, server)
    predict_here(browser)
    looks = "document.getElementById('canvas').toDataURL()"
    plain_look = browser.evaluate(looks)
    for pressed in ("true", "false"):
        browser.evaluate(f"{ROWS}[1].firstChild.click()")
        assert browser.evaluate(f"{ROWS}[1].firstChild.getAttribute('aria-pressed')") == pressed
        assert (browser.evaluate(looks) == plain_look) == (pressed == "false")


def test_the_time_is_told_in_its_parts(browser: Browser, server: Server) -> None:
    show_ready(browser, server)
    predict_here(browser)
    names = browser.evaluate("[...document.querySelectorAll('#timings dt')].map(name => name.textContent)")
    assert names == ["queue", "decode", "preprocess", "infer", "postprocess", "network"]
    widths = browser.evaluate("[...document.querySelectorAll('#bar .part')].map(part => part.offsetWidth)")
    timings = browser.evaluate("JSON.parse(document.getElementById('raw').textContent).timings_ms")
    assert max(widths) == max(widths[1:4]) > 1
    assert sum(widths) <= browser.evaluate("document.getElementById('bar').offsetWidth")
    assert set(timings) == set(names) - {"network"}


def test_an_error_is_shown_with_its_facts_and_gives_way_to_the_next_answer(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    damaged = tmp_path / "it's.png"
    damaged.write_bytes(BOOKING.read_bytes()[:3000])
    error = orjson.loads(server.ask("POST", PREDICT, damaged.read_bytes(), {"Content-Type": "image/png"})[1])["error"]
    show_ready(browser, server)
    browser.give_file("#file", damaged)
    browser.wait("!document.getElementById('error').hidden")
    shown = browser.evaluate("document.getElementById('error').innerText")
    facts = [error[fact] for fact in ("message", "got", "expected", "remedy")]
    for fact in (*facts, "422 invalid_image"):
        assert fact.casefold() in shown.casefold()
    assert browser.evaluate("document.getElementById('error').getAttribute('role')") == "alert"
    assert "--data-binary '@it'\\''s.png'" in browser.evaluate("document.getElementById('curl').textContent")
    assert [complaint for complaint in browser.complaints() if "422" not in complaint] == []
    predict_here(browser)
    assert browser.evaluate("document.getElementById('error').hidden")


def test_a_key_is_asked_for_kept_in_the_tab_and_never_written_out(browser: Browser) -> None:
    with serving(MODELS, api_keys=hashlib.sha256(b"open sesame").hexdigest()) as server:
        assert server.ask("GET", "/models")[0] == 401
        show(browser, server)
        for key in ("wrong", "open sesame"):
            browser.wait("document.getElementById('key-dialog').open && !document.getElementById('key').value")
            assert bool(browser.evaluate("document.getElementById('key-reason').textContent")) == (key != "wrong")
            browser.evaluate(f"document.getElementById('key').value = '{key}'")
            browser.evaluate("document.getElementById('key-form').requestSubmit()")
        browser.wait("document.getElementById('about').textContent")
        predict_here(browser)
    assert browser.evaluate(f"{ROWS}.length") > 5
    curl = browser.evaluate("document.getElementById('curl').textContent")
    assert '-H "X-API-Key: $KEY"' in curl
    assert "sesame" not in browser.evaluate("document.documentElement.outerHTML")
    assert browser.evaluate("localStorage.length + document.cookie.length") == 0
    assert browser.evaluate("Object.values(sessionStorage)") == ["open sesame"]
    browser.evaluate("document.getElementById('forget').click()")
    assert browser.evaluate("sessionStorage.length") == 0


def test_whoever_has_no_key_learns_what_is_wanted(browser: Browser) -> None:
    with serving(MODELS, api_keys="0" * 64) as server:
        show(browser, server)
        browser.wait("document.getElementById('key-dialog').open")
        browser.evaluate("document.getElementById('key-cancel').click()")
        browser.wait("!document.getElementById('error').hidden")
    assert "401 unauthorized" in browser.evaluate("document.getElementById('error').innerText")


def test_a_phone_needs_no_sideways_scrolling_and_no_small_finger(browser: Browser, server: Server) -> None:
    show_ready(browser, server, width=390, height=844, phone=True)
    predict_here(browser)
    assert browser.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [390, 390]
    targets = "button, select, a[href], summary, label.button, input:not([type=file], [type=checkbox])"
    sizes = browser.evaluate(
        f"[...document.querySelectorAll('{targets}')].map(one => [one.outerHTML.slice(0, 60), one.offsetHeight])"
        ".filter(([, height]) => height > 0)"
    )
    assert len(sizes) > 10
    assert [target for target in sizes if target[1] < 44] == []
    assert browser.complaints() == []


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_follows_the_theme(browser: Browser, server: Server, dark: bool) -> None:
    show(browser, server, dark=dark)
    paper = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(20, 23, 26)" if dark else "rgb(245, 246, 245)")


def test_a_picture_is_shown_upright(browser: Browser, server: Server, tmp_path: Path) -> None:
    stream, turned = io.BytesIO(plain((200, 30, 30), 40, 20, "JPEG")), tmp_path / "turned.jpg"
    picture = Image.open(stream)
    picture.getexif()[0x0112] = 6
    picture.save(turned, exif=picture.getexif())
    show_ready(browser, server)
    predict_here(browser, turned)
    assert browser.evaluate("document.getElementById('picture').textContent") == f"turned.jpg · 20 {TIMES} 40"
    wide, high = browser.evaluate("(({width, height}) => [width, height])(document.getElementById('canvas'))")
    assert high == pytest.approx(2 * wide, abs=2)


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_can_be_dropped_or_pasted(browser: Browser, server: Server, way: str) -> None:
    show_ready(browser, server)
    kind, member = {"drop": ("DragEvent", "dataTransfer"), "paste": ("ClipboardEvent", "clipboardData")}[way]
    content = list(plain((10, 90, 200)))
    browser.evaluate(
        f"(() => {{ const {member} = new DataTransfer();"
        f"{member}.items.add(new File([new Uint8Array({content})], 'given.png', {{ type: 'image/png' }}));"
        f"document.body.dispatchEvent(new {kind}('{way}', {{ {member}, bubbles: true, cancelable: true }})); }})()"
    )
    browser.wait(f"{STATUS}.includes(' in ')")
    assert browser.evaluate("document.getElementById('picture').textContent") == f"given.png · 20 {TIMES} 10"


def test_the_documentation_shows_every_operation_from_our_own_files(browser: Browser, server: Server) -> None:
    paths = server.get("/openapi.json")["paths"]
    operations = sum(len(path) for path in paths.values())
    show(browser, server, "/docs")
    browser.wait(f"document.querySelectorAll('.opblock').length === {operations}")
    browser.evaluate("document.querySelector('.opblock-summary-control').click()")
    browser.wait("document.querySelector('.opblock.is-open .execute')")
    own = f"http://127.0.0.1:{server.port}/"
    assert [address for address in browser.requested() if not address.startswith((own, "data:"))] == []
    assert browser.complaints() == []
