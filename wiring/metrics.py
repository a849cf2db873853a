"""What is counted, in one registry of our own. The other parts are given these as callables."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Final

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from application.ports.mail_limits import Held
from application.views import Installation

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
INTAKE_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
CALL_BUCKETS_S: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 80)

WEBHOOKS: Final = "/webhooks/stripe"
REFUSALS: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: "signature",
    HTTPStatus.METHOD_NOT_ALLOWED: "method",
    HTTPStatus.REQUEST_TIMEOUT: "slow",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "encoding",
    HTTPStatus.UNPROCESSABLE_ENTITY: "malformed",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}
STANDING_TIMEOUT_S: Final = 5.0
STANDING_GAUGES: Final = {
    "chargechase_inbox_waiting": ("events_waiting", "Events not handled yet"),
    "chargechase_inbox_lag_seconds": ("events_lag_s", "Age of the oldest waiting event"),
    "chargechase_actions_due": ("actions_due", "Actions past their instant"),
    "chargechase_actions_lag_seconds": ("actions_lag_s", "How late the oldest due action is"),
    "chargechase_chores_due": ("chores_due", "Chores of accounts past their instant"),
    "chargechase_chores_failing": ("chores_failing", "Chores whose last try failed"),
    "chargechase_reconciled_lag_seconds": (
        "reconciled_lag_s",
        "Since the account that was reconciled longest ago was",
    ),
    "chargechase_mail_last_hour": ("mail_went", "Letters of the last hour"),
    "chargechase_mail_dead_last_hour": ("mail_dead", "Of them to addresses that do not exist"),
    "chargechase_mail_complained_last_hour": ("mail_complained", "Of them called spam"),
    "chargechase_mail_stopped": (
        "mail_stopped",
        "1 while too many letters come back and no reminder goes",
    ),
    "chargechase_mail_merchants_stopped": (
        "mail_merchants_stopped",
        "Merchants whose reminders do not go, since too many of theirs come back",
    ),
    "chargechase_dead_rows": ("dead", "Events and actions that failed too often"),
    "chargechase_open_without_next_action": (
        "open_without_next_action",
        "Open cases with no next action: must be 0",
    ),
}

log = structlog.get_logger()

ReadStanding = Callable[[], Awaitable[Installation]]


class Metrics:
    """One instance a process. Labels come from fixed lists of ours, never from the outside."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._count_intake()
        self._count_work()

    def request(self, route: str, status: int, seconds: float) -> None:
        """The web process answered; `route` is a template. Of webhooks also what became of them."""
        self._requests.labels(route, status).inc()
        if route != WEBHOOKS:
            return
        if status == HTTPStatus.OK:
            self.webhook_kept(seconds)
        else:
            self.webhook_refused(REFUSALS.get(status, "other"))

    def webhook_kept(self, seconds: float) -> None:
        """A delivery was answered after its commit; a repeated one counts as well."""
        self._kept.inc()
        self._intake_seconds.observe(seconds)

    def webhook_refused(self, reason: str) -> None:
        """A delivery was not kept; `reason` is one of REFUSALS."""
        self._refused.labels(reason).inc()

    def attempt(self, outcome: str) -> None:
        """An attempt came to an outcome: one of `Payments`' answers."""
        self._attempts.labels(outcome).inc()

    def reminder(self, outcome: str) -> None:
        """A reminder was sent, refused or deferred."""
        self._reminders.labels(outcome).inc()

    def text(self, outcome: str) -> None:
        """A text message was handed over: sent, unclear, refused, stopped, deferred; or `login`,
        where the carrier does not know us."""
        self._texts.labels(outcome).inc()

    def letter_held(self, why: Held) -> None:
        """A letter has to wait: a cap, or too many come back."""
        self._held.labels(why.value).inc()

    def stripe_call(self, endpoint: str, outcome: str, seconds: float) -> None:
        """A call to Stripe ended: ok, declined, refused, limited, failed, timeout; or it was
        spared, because Stripe has not answered for a while.

        `endpoint` is the call's name, such as `invoices.pay`, never a path with an id.
        """
        self._calls.labels(endpoint, outcome).inc()
        self._call_seconds.labels(endpoint).observe(seconds)

    def unknown_decline_code(self) -> None:
        """Stripe sent a decline code that our table does not hold; the log line names it."""
        self._unknown_codes.inc()

    def handed_over(self, kind: str, count: int) -> None:
        """The dispatcher handed `count` references of a kind to the workers: events, actions or
        chores."""
        self._handed_over.labels(kind).inc(count)

    def job_failed(self, kind: str, *, dead: bool) -> None:
        """An event or action (`kind`) failed; `dead` if it will not be tried again."""
        self._failures.labels(kind, "dead" if dead else "later").inc()

    def made_up(self, count: int) -> None:
        """Reconciliation kept events that Stripe's deliveries had not brought."""
        self._made_up.inc(count)

    def swept(self, count: int) -> None:
        """The sweep changed cases that no event had changed."""
        self._swept.inc(count)

    def leading(self, leads: bool) -> None:
        """Whether this dispatcher is the one that hands out work."""
        self._leads.set(leads)

    def clock_off(self, seconds: float) -> None:
        """By how much this machine's clock is ahead of the database's."""
        self._clock_off.set(seconds)

    def render(self) -> bytes:
        """What this process counted, in Prometheus' text format (CONTENT_TYPE)."""
        return generate_latest(self.registry)

    async def scrape(self, read_standing: ReadStanding) -> bytes:
        """The same, and how the installation stands."""
        standing = await _read_or_none(read_standing)
        registry = CollectorRegistry()
        registry.register(_Standing(lambda: standing))
        return self.render() + generate_latest(registry)

    def serve(self, port: int, host: str, read_standing: ReadStanding | None = None) -> None:
        """Answer /metrics on a port of its own, in a daemon thread, for a private network.

        With `read_standing`, called from the running loop, each scrape reads that, too.
        """
        served = CollectorRegistry()
        served.register(self.registry)
        if read_standing is not None:
            loop, read = asyncio.get_running_loop(), read_standing
            served.register(
                _Standing(
                    lambda: asyncio.run_coroutine_threadsafe(_read_or_none(read), loop).result()
                )
            )
        start_http_server(port, host, served)

    def _count_intake(self) -> None:
        self._requests = self._counter("requests", "Answers by route", "route", "status")
        self._kept = self._counter("webhooks_kept", "Webhook deliveries answered after commit")
        self._refused = self._counter("webhooks_refused", "Webhook deliveries refused", "reason")
        self._intake_seconds = Histogram(
            "chargechase_webhook_seconds",
            "From a whole body to the answer, for kept deliveries",
            buckets=INTAKE_BUCKETS_S,
            registry=self.registry,
        )

    def _count_work(self) -> None:
        self._attempts = self._counter("attempts", "Attempts to charge", "outcome")
        self._reminders = self._counter("reminders", "Messages to customers", "outcome")
        self._texts = self._counter("texts", "Text messages to customers", "outcome")
        self._held = self._counter("letters_held", "Letters that have to wait", "why")
        self._calls = self._counter("stripe_calls", "Calls to Stripe", "endpoint", "outcome")
        self._call_seconds = Histogram(
            "chargechase_stripe_call_seconds",
            "Duration of calls to Stripe",
            ["endpoint"],
            buckets=CALL_BUCKETS_S,
            registry=self.registry,
        )
        self._unknown_codes = self._counter(
            "unknown_decline_codes", "Decline codes that are in no table of ours"
        )
        self._handed_over = self._counter("handed_over", "References sent to workers", "kind")
        self._failures = self._counter("job_failures", "Jobs that failed", "kind", "then")
        self._made_up = self._counter("events_made_up", "Lost events that were fetched later")
        self._swept = self._counter("cases_swept", "Cases that the sweep had to change")
        self._leads = Gauge(
            "chargechase_dispatcher_leads",
            "1 in the dispatcher that hands out work",
            registry=self.registry,
        )
        self._clock_off = Gauge(
            "chargechase_clock_off_seconds",
            "How far this machine's clock is ahead of the database's",
            registry=self.registry,
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"chargechase_{name}", text, labels, registry=self.registry)


class _Standing(Collector):
    """The families of a standing that was read, or is read at each scrape."""

    def __init__(self, read: Callable[[], Installation | None]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        standing = self._read()
        yield GaugeMetricFamily(
            "chargechase_postgres_answers",
            "1 if the last reading worked",
            value=standing is not None,
        )
        if standing is None:
            return  # what could not be read is absent, never a stale number
        cases = GaugeMetricFamily("chargechase_cases", "Recovery cases by state", labels=["state"])
        for state in ("open", "recovered", "lost", "stopped"):
            cases.add_metric([state], getattr(standing, state))
        yield cases
        for name, (field, text) in STANDING_GAUGES.items():
            yield GaugeMetricFamily(name, text, value=getattr(standing, field))


async def _read_or_none(read_standing: ReadStanding) -> Installation | None:
    """A database that is down must not hide what the process counted itself."""
    try:
        async with asyncio.timeout(STANDING_TIMEOUT_S):
            return await read_standing()
    except Exception:
        log.exception("standing_unread")
        return None
