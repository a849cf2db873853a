"""Bugs reach Sentry, where one is named: whatever is logged as an error with its exception."""

import sys
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, Final

import structlog

from application.errors import Unavailable
from wiring.redaction import MAX_TRACE_CHARS, masked
from wiring.settings import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

BUGS: Final = frozenset({"error", "critical"})
OUTAGES: Final = (Unavailable, OSError)  # nobody's bug; metrics and logs tell of them
FLUSH_WITHIN_S: Final = 2


def report_errors_to(settings: Settings, process: str) -> None:
    """Nothing without SENTRY_DSN. Call it after `configure_logs`, which it adds to."""
    if not settings.sentry_dsn:
        return
    import sentry_sdk  # noqa: PLC0415 - costs 0.2 s; most installations have none
    from sentry_sdk.integrations.atexit import AtexitIntegration  # noqa: PLC0415
    from sentry_sdk.integrations.dedupe import DedupeIntegration  # noqa: PLC0415
    from sentry_sdk.integrations.excepthook import ExcepthookIntegration  # noqa: PLC0415
    from sentry_sdk.integrations.threading import ThreadingIntegration  # noqa: PLC0415

    sentry_sdk.init(
        dsn=settings.sentry_dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        server_name=process,
        shutdown_timeout=FLUSH_WITHIN_S,
        before_send=_masking(settings.secrets()),
        # No others: they would add requests, command lines and host names, or report twice.
        default_integrations=False,
        integrations=[
            AtexitIntegration(callback=_quietly),
            DedupeIntegration(),
            ExcepthookIntegration(),
            ThreadingIntegration(),
        ],
    )
    structlog.configure(processors=[_report, *structlog.get_config()["processors"]])


def _report(_logger: Any, level: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A step of the logs: passes every line on as it came."""
    error = _error_of(line.get("exc_info"))
    if level in BUGS and error is not None:
        import sentry_sdk  # noqa: PLC0415

        context = structlog.contextvars.get_contextvars() | {"log_line": line["event"]}
        named = ("correlation_id", "actor", "log_line")
        tags = {name: str(context[name]) for name in named if name in context}
        sentry_sdk.capture_exception(error, tags=tags)
    return line


def _error_of(exc_info: Any) -> BaseException | None:
    """structlog and logging allow True, an exception or a triple."""
    if exc_info is True:
        return sys.exc_info()[1]
    return exc_info[1] if isinstance(exc_info, tuple) else exc_info or None


def _masking(secrets: tuple[str, ...]) -> Any:
    def before_send(event: "Event", hint: "Hint") -> "Event | None":
        """The event without anything that looks like a secret or a person; None for outages."""
        if isinstance(_error_of(hint.get("exc_info")), OUTAGES):
            return None
        clean: Event = _masked(event, secrets)
        return clean

    return before_send


def _masked(value: Any, secrets: tuple[str, ...]) -> Any:
    """Every text in it, however deep."""
    match value:
        case str():
            return masked(value, secrets, MAX_TRACE_CHARS)
        case dict():
            return {name: _masked(inner, secrets) for name, inner in value.items()}
        case list() | tuple():
            return [_masked(inner, secrets) for inner in value]
        case _:
            return value


def _quietly(_pending: int, _timeout: float) -> None:
    """Sentry's own goodbye would print to the terminal."""
