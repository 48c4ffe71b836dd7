"""Label maps of the TensorFlow Object Detection API: `item { id: 1 name: "person" }` in protobuf's text format.

Source: protobuf.dev, "Text Format Language Specification"; StringIntLabelMap in
tensorflow/models, research/object_detection/protos/string_int_label_map.proto.
"""

import re
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from inference_core.errors import PackError

_TOKENS = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*)
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<word>[\w.+-]+)
      | (?P<mark>[{}<>\[\]:,;])
      | (?P<other>.)""",
    re.VERBOSE,
)
_ESCAPES = re.compile(rb"\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)", re.DOTALL)
_CONTROLS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_CLOSING = {"{": "}", "<": ">", "[": "]"}
_KEYS = frozenset(
    {"id", "name", "display_name", "keypoints", "ancestor_ids", "descendant_ids", "frequency", "instance_count"}
)
_LARGEST_ID = 2**31 - 1
_DEEPEST = 100
"""Brackets within brackets, as protobuf's own reader has it."""


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def read_label_map(path: Path) -> list[dict[str, Any]]:
    """Labels as plain manifest values: id, name (the display name where there is one), and index, equal to the id.

    Classes come out of such a model as these ids, from 1 and with gaps; an id that no label has is left out of results.

    Raises:
        PackError: not such a file, or an item lacks its id or name, or has the id of another or one below 1.
    """
    labels: dict[int, dict[str, Any]] = {}
    lines: dict[int, int] = {}
    for line, item in _Reader(path).items():
        number, name = item.get("id"), item.get("display_name") or item.get("name")
        if number is None or not name:
            lacking = "id" if number is None else "name"
            raise PackError(
                f"{path}, line {line}: an item has no {lacking}",
                got=", ".join(sorted(item)) or "an empty item",
                expected='item { id: 1 name: "person" }',
                remedy=f"add its {lacking}",
            )
        if number in labels:
            raise PackError(
                f"{path}, line {line}: id {number} is used twice",
                got=f"{labels[number]['name']} (line {lines[number]}) and {name}",
                remedy="give every item its own id",
            )
        labels[number], lines[number] = {"id": number, "name": name, "index": number}, line
    if not labels:
        raise PackError(f"{path} holds no items", expected='item { id: 1 name: "person" }', remedy="add the classes")
    return list(labels.values())


class _Reader:
    """Reads the tokens of a label map one after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise PackError(f"{path} is not UTF-8 text", got=str(error), remedy="save it as UTF-8") from error
        self._tokens: list[_Token] = []
        line = 1
        for match in _TOKENS.finditer(text):
            if match.lastgroup != "blank":
                self._tokens.append(_Token(str(match.lastgroup), match[0], line))
            line += match[0].count("\n")
        self._tokens.append(_Token("end", "the end of the file", line))
        self._next = 0

    def items(self) -> list[tuple[int, dict[str, Any]]]:
        """Each item's keys, and the line on which it begins."""
        found = []
        while (token := self._take()).kind != "end":
            if token.text != "item":
                self._refuse(token, "item { ... }")
            self._skip(":")
            opening = self._take()
            if opening.text not in ("{", "<"):
                self._refuse(opening, "{")
            found.append((token.line, self._item(_CLOSING[opening.text])))
            self._skip(",", ";")
        return found

    def _item(self, closing: str) -> dict[str, Any]:
        item: dict[str, Any] = {}
        while (key := self._take()).text != closing:
            if key.kind != "word":
                self._refuse(key, f"a key such as name, or {closing}")
            if key.text not in _KEYS:
                self._refuse(key, f"one of {', '.join(sorted(_KEYS))}")
            if key.text in ("id", "name", "display_name"):
                if key.text in item:
                    self._refuse(key, f"{key.text} once in an item")
                self._colon()
                item[key.text] = self._id() if key.text == "id" else self._string()
            else:
                self._skip(":")
                self._pass_over()
            self._skip(",", ";")
        return item

    def _id(self) -> int:
        token = self._take()
        number = int(token.text) if re.fullmatch(r"[0-9]{1,10}", token.text) else 0
        if not 1 <= number <= _LARGEST_ID:
            raise PackError(
                f"{self._path}, line {token.line}: the id {token.text} cannot be that of a class",
                expected="a whole number from 1: 0 is the background",
                remedy="use the ids the model was trained with, and leave the background out",
            )
        return number

    def _string(self) -> str:
        """One string, which may be written in pieces."""
        token = self._take()
        if token.kind != "string":
            self._refuse(token, "a text in quotes")
        text = token.text[1:-1]
        while self._tokens[self._next].kind == "string":
            text += self._take().text[1:-1]
        try:
            return _ESCAPES.sub(_unescape, text.encode()).decode()
        except UnicodeDecodeError:
            self._refuse(token, "escapes that are UTF-8")

    def _pass_over(self, depth: int = 0) -> None:
        """A value that labels do not need: a word, a text, or something in brackets."""
        token = self._take()
        if depth > _DEEPEST:
            self._refuse(token, f"at most {_DEEPEST} brackets within each other")
        if token.text in _CLOSING and token.kind == "mark":
            while self._tokens[self._next].text != _CLOSING[token.text]:
                self._pass_over(depth + 1)
            self._take()
        elif token.kind == "end" or token.text in _CLOSING.values():
            self._refuse(token, "a value")

    def _colon(self) -> None:
        token = self._take()
        if token.text != ":":
            self._refuse(token, ":")

    def _skip(self, *marks: str) -> None:
        if self._tokens[self._next].text in marks:
            self._next += 1

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next += token.kind != "end"
        return token

    def _refuse(self, token: _Token, expected: str) -> NoReturn:
        raise PackError(
            f"{self._path}, line {token.line}: not a label map", got=token.text, expected=expected, remedy="correct it"
        )


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code[:1].isdigit() and code < b"8":
        return bytes([int(code, 8) & 0xFF])
    if len(code) > 1:
        return bytes([int(code[1:], 16)])
    return _CONTROLS.get(code, code)
