"""Logging: lines of text for people, or of JSON for machines. Bodies, keys and query strings are in neither."""

import logging
import logging.config
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson

from inference_core.server.exchange import UNMATCHED, Exchange

current_request: ContextVar[str | None] = ContextVar("current_request", default=None)
"""The id of the request that is being answered."""

ACCESS = "satchel.access"
_access = logging.getLogger(ACCESS)
_FIELDS = ("route", "model", "status", "duration_ms", "timings_ms")
_LONGEST_PATH = 200


def configure_logging(format: str, *, access: bool | None = None) -> None:
    """Sends every logger of the process, uvicorn's too, to stderr. A second call replaces the first.

    uvicorn must be told `log_config=None` and `access_log=False`, or it sets up its own lines as well.

    Args:
        format: "json": an object a line; "text": for people.
        access: whether to write a line for each request (default: in JSON only). A 5xx always has one.
    """
    every = format == "json" if access is None else access
    plain = {"handlers": [], "propagate": True, "level": "NOTSET"}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"ours": {"()": JsonFormatter if format == "json" else TextFormatter}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "ours"}},
            "root": {"handlers": ["stderr"], "level": "WARNING"},
            "loggers": {
                "satchel": {"level": "INFO"},
                ACCESS: {"level": "INFO" if every else "ERROR"},
                **dict.fromkeys(("uvicorn", "uvicorn.error"), plain),
            },
        }
    )


def log_exchange(exchange: Exchange) -> None:
    """Writes the line of a request: at level ERROR where the server failed, else INFO."""
    level = logging.ERROR if exchange.status >= 500 else logging.INFO
    if not _access.isEnabledFor(level):
        return
    place = exchange.route
    if place == UNMATCHED:
        place = quote(exchange.path[:_LONGEST_PATH], errors="replace")  # whoever asks must not break the line
    duration = round(exchange.seconds * 1e3, 3)
    fields = {
        "request_id": exchange.request_id,
        "route": exchange.route,
        "model": exchange.model,
        "status": exchange.status,
        "duration_ms": duration,
        "timings_ms": exchange.timings,
    }
    message = f"{exchange.method} {place} {exchange.status} in {duration} ms"
    # Not by `log`, which would walk the stack for a line number: half of what a request costs here.
    _access.handle(_access.makeRecord(ACCESS, level, __file__, 0, message, (), None, extra=fields))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (RFC 3339, UTC), level, logger, message, and what is known of a request.

    The fields of a request: request_id, route, model, status, duration_ms, timings_ms. A traceback is one field too:
    exception.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _encodable(record.getMessage()),
        }
        known = vars(record)
        request_id = known.get("request_id") or current_request.get()
        if request_id is not None:
            line["request_id"] = request_id
        for name in _FIELDS:
            if known.get(name) is not None:
                line[name] = known[name]
        if record.exc_info:
            line["exception"] = _encodable(self.formatException(record.exc_info))
        return orjson.dumps(line, option=orjson.OPT_UTC_Z).decode()


class TextFormatter(logging.Formatter):
    """Time, level, logger and message, with the request's id behind; a traceback on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        request_id = getattr(record, "request_id", None) or current_request.get()
        line = f"{_rfc3339(record.created)} {record.levelname:<7} {record.name}: {record.getMessage()}"
        if request_id is not None:
            line += f" [{request_id}]"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _encodable(text: str) -> str:
    """`text` with lone surrogates, which a client can bring in and UTF-8 has not, written out."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()
