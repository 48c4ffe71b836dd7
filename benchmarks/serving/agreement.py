"""Whether servers say the same of a picture, before it matters how quickly they say it."""

from typing import Any

from benchmarks.serving.server import Predictions

_LEAST_OVERLAP = 0.9


def differences(expected: Predictions, got: Predictions) -> list[str]:
    """What sets `got` apart, in words: other likeliest classes, or a box without its like of the same class."""
    if expected and "box" in expected[0]:
        return _unmatched("lacks", expected, got) + _unmatched("adds", got, expected)
    if not got or expected[0]["label"] != got[0]["label"]:
        return [f"top 1 is {got[0]['label'] if got else 'nothing'}, not {expected[0]['label']}"]
    others = {p["label"] for p in expected} ^ {p["label"] for p in got}
    return [f"top 5 differ by {', '.join(sorted(others))}"] if others else []


def _unmatched(verb: str, wanted: Predictions, found: Predictions) -> list[str]:
    """Those of `wanted` that no other box of `found` matches."""
    left, words = list(found), []
    for one in wanted:
        like = [p for p in left if p["label"] == one["label"]]
        best = max(like, key=lambda p: _overlap(one, p), default=None)
        if best is None or _overlap(one, best) <= _LEAST_OVERLAP:
            nearest = f", nearest IoU {_overlap(one, best):.2f}" if best else ""
            words.append(f"{verb} {one['label']} {one['score']:.2f}{nearest}")
        else:
            left.remove(best)
    return words


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Intersection over union."""
    (a, b, c, d), (e, f, g, h) = one["box"], other["box"]
    shared = max(0.0, min(c, g) - max(a, e)) * max(0.0, min(d, h) - max(b, f))
    return float(shared / ((c - a) * (d - b) + (g - e) * (h - f) - shared))
