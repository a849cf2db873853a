"""Metrics: what the parts count is what /metrics says, and nothing stale is shown."""

import asyncio
import socket
from urllib.request import urlopen

from application.views import Installation
from wiring.metrics import Metrics

STANDING = Installation(
    open=3,
    recovered=5,
    lost=2,
    stopped=1,
    events_waiting=7,
    events_lag_s=1.5,
    actions_due=4,
    actions_lag_s=0.5,
    dead=0,
    open_without_next_action=0,
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


async def standing() -> Installation:
    return STANDING


async def unreadable() -> Installation:
    raise ConnectionRefusedError


def value(text: bytes, series: str) -> float | None:
    """The number behind a series; None if it is not there."""
    found = [line for line in text.decode().splitlines() if line.startswith(f"{series} ")]
    return float(found[0].split()[1]) if found else None


def test_what_is_counted_is_shown() -> None:
    metrics = Metrics()

    metrics.webhook_kept(0.003)
    metrics.webhook_kept(0.004)
    metrics.webhook_refused("signature")
    metrics.attempt("declined")
    metrics.reminder("sent")
    metrics.stripe_call("invoices.pay", "ok", 0.4)
    metrics.unknown_decline_code()
    metrics.handed_over("actions", 50)
    metrics.job_failed("events", dead=True)
    metrics.leading(True)
    metrics.clock_off(-0.25)

    text = metrics.render()
    assert {series: value(text, f"chargechase_{series}") for series in SHOWN} == SHOWN


SHOWN = {
    "webhooks_kept_total": 2,
    'webhook_seconds_bucket{le="0.005"}': 2,
    'webhooks_refused_total{reason="signature"}': 1,
    'attempts_total{outcome="declined"}': 1,
    'reminders_total{outcome="sent"}': 1,
    'stripe_calls_total{endpoint="invoices.pay",outcome="ok"}': 1,
    'stripe_call_seconds_count{endpoint="invoices.pay"}': 1,
    "unknown_decline_codes_total": 1,
    'handed_over_total{kind="actions"}': 50,
    'job_failures_total{kind="events",then="dead"}': 1,
    "dispatcher_leads": 1,
    "clock_off_seconds": -0.25,
}


def test_an_answer_to_a_webhook_counts_as_kept_or_refused_by_its_status() -> None:
    metrics = Metrics()

    for status in (200, 200, 400, 413, 422, 503):
        metrics.request("/webhooks/stripe", status, 0.002)
    metrics.request("/cases/{case_id}", 404, 0.01)

    text = metrics.render()
    assert value(text, "chargechase_webhooks_kept_total") == 2
    for reason in ("signature", "too_large", "malformed", "unavailable"):
        assert value(text, f'chargechase_webhooks_refused_total{{reason="{reason}"}}') == 1
    assert value(text, 'chargechase_requests_total{route="/cases/{case_id}",status="404"}') == 1


async def test_a_scrape_reads_how_everything_stands_at_that_moment() -> None:
    text = await Metrics().scrape(standing)

    assert value(text, 'chargechase_cases{state="recovered"}') == 5
    assert value(text, "chargechase_inbox_lag_seconds") == 1.5
    assert value(text, "chargechase_actions_due") == 4
    assert value(text, "chargechase_open_without_next_action") == 0
    assert value(text, "chargechase_postgres_answers") == 1


async def test_a_database_that_does_not_answer_hides_its_numbers_and_nothing_else() -> None:
    metrics = Metrics()
    metrics.attempt("paid")
    await metrics.scrape(standing)

    text = await metrics.scrape(unreadable)

    assert value(text, "chargechase_postgres_answers") == 0
    assert value(text, "chargechase_dead_rows") is None
    assert value(text, 'chargechase_attempts_total{outcome="paid"}') == 1


def test_two_processes_in_one_interpreter_count_apart() -> None:
    one, other = Metrics(), Metrics()

    one.attempt("paid")

    assert value(other.render(), 'chargechase_attempts_total{outcome="paid"}') is None


def fetched(port: int) -> bytes:
    """What Prometheus would get."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return bytes(answer.read())


async def test_a_process_answers_on_a_port_of_its_own() -> None:
    metrics, port = Metrics(), free_port()
    metrics.attempt("paid")

    metrics.serve(port, "127.0.0.1")

    text = await asyncio.to_thread(fetched, port)
    assert value(text, 'chargechase_attempts_total{outcome="paid"}') == 1
    assert value(text, "chargechase_postgres_answers") is None


async def test_such_a_port_can_tell_how_everything_stands() -> None:
    port = free_port()

    Metrics().serve(port, "127.0.0.1", standing)

    text = await asyncio.to_thread(fetched, port)
    assert value(text, 'chargechase_cases{state="open"}') == 3
