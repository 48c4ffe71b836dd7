"""How the text of a variable is read: each reader gives the value, or raises ValueError with what would have done."""

import re
from collections.abc import Callable


def whole(low: int, high: int) -> Callable[[str], int]:
    """Decimal digits that mean a number from `low` to `high`."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def device(text: str) -> str:
    """The CPU, or a GPU."""
    if not re.fullmatch(r"cpu|cuda(:[0-9]+)?", text):
        raise ValueError("cpu, cuda or cuda:N")
    return text


def choice(*allowed: str) -> Callable[[str], str]:
    """One of the words `allowed`."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(" or ".join(allowed))
        return text

    return parse


def switch(text: str) -> bool:
    """Off or on."""
    return choice("off", "on")(text) == "on"


def listed(pattern: str, expected: str) -> Callable[[str], tuple[str, ...]]:
    """A comma-separated list whose entries match `pattern` as a whole."""

    def parse(text: str) -> tuple[str, ...]:
        entries = tuple(entry.strip() for entry in text.split(","))
        if not all(re.fullmatch(pattern, entry) for entry in entries):
            raise ValueError(expected)
        return entries

    return parse


names = listed(r"[^\s/]+", "names, separated by commas")
digests = listed(r"[0-9a-fA-F]{64}", "SHA-256 digests in hexadecimal, separated by commas")
hosts = listed(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?", "host names, each with or without a port, separated by commas")
endpoints = listed(
    r"(https?|grpcs?)://[A-Za-z0-9.\-_\[\]:]+(/[^\s?#]*)?",
    "URLs such as http://host:8000 or grpc://host:8001, with commas between",
)
origins = listed(r"\*|https?://[^\s/]+", "origins such as https://example.org, separated by commas, or *")


def header(text: str) -> str:
    """A header of HTTP: name, colon, value."""
    if not re.fullmatch(r"[A-Za-z0-9-]+:[ -~]+", text):
        raise ValueError("a header such as Name: value")
    return text


def secret(text: str) -> str:
    """What can stand in a header."""
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("printable characters without spaces")
    return text
