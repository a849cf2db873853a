"""JSON logs, one line each, to stdout: ours through structlog, libraries' through the same gate.

`correlation_id` is bound with `structlog.contextvars` where work enters (a webhook, a request, a
job) and so stands on each line from the webhook through the job to the call to Stripe.
"""

import logging
import os
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, BinaryIO, Final

import msgspec
import structlog

from wiring.redaction import MAX_TRACE_CHARS, masked, redacted

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_KNOWN_LEVELS: Final = (*LEVELS.values(), logging.CRITICAL)
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

# For granian's `log_dictconfig`: its own two loggers speak through the gate as well. Requests are
# counted by /metrics and logged by the app, so granian's access log stays off.
GRANIAN_LOGS: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {},
    "handlers": {"gate": {"()": "wiring.logs.LibraryHandler"}},
    "loggers": {
        "_granian": {"handlers": ["gate"], "level": "INFO", "propagate": False},
        "granian.access": {"handlers": ["gate"], "level": "WARNING", "propagate": False},
    },
}


def configure_logs(
    process: str,
    level: str = "info",
    secrets: tuple[str, ...] = (),
    out: BinaryIO | None = None,
) -> None:
    """Send everything that is logged in this process to stdout (or `out`) as JSON lines.

    `process` (web, worker, dispatcher, …) stands on each line; `secrets` are `Settings.secrets()`.
    Calling it again replaces what was set before.
    """
    gate = _Gate(process, secrets)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            gate,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.BytesLoggerFactory(out or sys.stdout.buffer),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [LibraryHandler()]
    root.setLevel(max(LEVELS[level], logging.INFO))
    logging.getLogger("httpx").setLevel(logging.WARNING)  # else each address it calls is a line
    logging.captureWarnings(True)


class _Gate:
    """What passes it is what is written; behind it only the level and the time are added."""

    def __init__(self, process: str, secrets: tuple[str, ...]) -> None:
        self._about = {"process": process, "pid": os.getpid()}
        self._secrets = secrets

    def __call__(
        self, _logger: Any, _method: str, line: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        failure = _failure(line.pop("exc_info", None))
        line.pop("stack_info", None)
        written = redacted(line, self._secrets) | self._about
        if failure is not None:
            kind, error, trace = failure
            text = "".join(traceback.format_exception(kind, error, trace))
            written["error"] = kind.__name__
            written["exception"] = masked(text, self._secrets, MAX_TRACE_CHARS)
        return written


def _failure(exc_info: Any) -> _ExcInfo | None:
    """structlog and logging allow True, an exception or a triple; the triple is what we need."""
    if isinstance(exc_info, BaseException):
        return type(exc_info), exc_info, exc_info.__traceback__
    if exc_info is True:
        exc_info = sys.exc_info()
    return exc_info if isinstance(exc_info, tuple) and exc_info[0] is not None else None


def _json(line: MutableMapping[str, Any], **_options: Any) -> bytes:
    return msgspec.json.encode(line)


class LibraryHandler(logging.Handler):
    """Takes records of the standard library's logging to the same gate."""

    def emit(self, record: logging.LogRecord) -> None:
        """Never raises: a line that cannot be formatted is logged by its template alone."""
        try:
            text = record.getMessage()
        except Exception:
            text = str(record.msg)
        structlog.get_logger().log(
            max((known for known in _KNOWN_LEVELS if known <= record.levelno), default=10),
            text,
            logger=record.name,
            exc_info=record.exc_info,
        )
