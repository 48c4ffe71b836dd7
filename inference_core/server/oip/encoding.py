"""Compressed bodies of HTTP: gzip, and deflate, which is zlib's format (RFC 9110, 8.4.1)."""

import zlib

from inference_core.errors import BadRequestError, TooLargeError, UnsupportedMediaError

_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""The `wbits` with which zlib reads and writes each coding."""
_LEVEL = 1


def inflate(body: bytes, coding: str, limit: int) -> bytes:
    """What `body` holds.

    Args:
        body: compressed.
        coding: what `Content-Encoding` says, in lower case.
        limit: most bytes of the result; no more is ever unpacked.

    Raises:
        BadRequestError: it is damaged.
        TooLargeError: it holds more.
        UnsupportedMediaError: another coding.
    """
    if coding not in _WINDOWS:
        raise UnsupportedMediaError(
            "the content encoding is not one that is read here", got=coding[:40], expected="gzip, deflate or none"
        )
    parts: list[bytes] = []
    room, rest = limit + 1, body
    while rest and room:  # a gzip file may have several members
        stream = zlib.decompressobj(_WINDOWS[coding])
        try:
            parts.append(stream.decompress(rest, room))
        except zlib.error as error:
            raise _damaged(coding, str(error)) from error
        room -= len(parts[-1])
        if room and not stream.eof:
            raise _damaged(coding, "it ends too early")
        rest = stream.unused_data
    if not room:
        raise TooLargeError(
            "the body is too large once it is unpacked",
            got=f"more than {limit} bytes",
            expected=f"at most {limit} bytes",
            remedy="send less, or raise SATCHEL_MAX_BODY_MB",
        )
    return parts[0] if len(parts) == 1 else b"".join(parts)


def deflate(body: bytes, coding: str) -> bytes:
    """`body` as `coding` has it, quickly rather than small."""
    stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOWS[coding])
    return stream.compress(body) + stream.flush()


def accepted_coding(header: str, *, binary: bool) -> str | None:
    """The coding to answer in, if any, by `Accept-Encoding`: the one with the highest weight, the first of equals.

    Tensors as binary data hardly shrink, and compressing them takes longer than most inferences. They are compressed
    for a caller who names one coding, and not for the list that HTTP libraries send without being told to.
    """
    weights = dict(_weighed(part) for part in header.lower().split(",") if part.strip())
    known = {coding: weight for coding, weight in weights.items() if coding in _WINDOWS and weight > 0}
    if not known or (binary and len(weights) > 1):
        return None
    return max(known, key=known.__getitem__)


def _weighed(part: str) -> tuple[str, float]:
    coding, *options = (option.strip() for option in part.split(";"))
    for option in options:
        name, _, value = option.partition("=")
        if name.strip() == "q":
            try:
                return coding, float(value)
            except ValueError:
                return coding, 0.0
    return coding, 1.0


def _damaged(coding: str, got: str) -> BadRequestError:
    return BadRequestError(f"the body is no whole {coding}", got=got, expected="what Content-Encoding says")
