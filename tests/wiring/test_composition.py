"""What the parts are given: limits that are Stripe's own, and who hears of unknown codes."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from msgspec.structs import replace

from application.change_case import Cases
from domain.decline import DeclineFamily
from domain.recovery import commands as c
from domain.recovery import events as e
from tests.application.bakery import Bakery
from tests.builders import MONDAY, a_decline, declined
from wiring.composition import clock_watched, rate_limits, unknown_codes_told
from wiring.logs import configure_logs
from wiring.metrics import Metrics
from wiring.settings import Settings

COUNTED = "chargechase_unknown_decline_codes_total"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    out, root = io.BytesIO(), logging.getLogger()
    before = root.handlers[:], root.level
    configure_logs("worker", "info", (), out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:], root.level = before


def counted(metrics: Metrics) -> float:
    return metrics.registry.get_sample_value(COUNTED) or 0


def refused(decline_code: str, charge: str = "ch_1") -> e.ChargeDeclined:
    failure = declined(decline_code, charge)
    return e.ChargeDeclined(
        at=MONDAY, failure=failure, family=DeclineFamily.UNKNOWN, by=e.Payer.STRIPE
    )


@pytest.mark.parametrize(
    ("asked", "endpoint"), [(20, 20), (25, 25), (90, 25)], ids="below at above".split()
)
def test_no_endpoint_of_stripes_gets_more_than_25_calls_a_second(
    asked: float, endpoint: float
) -> None:
    limits = rate_limits(Settings(stripe_calls_per_s=asked))
    assert (limits.account_per_s, limits.endpoint_per_s) == (asked, endpoint)


def test_a_stripe_on_this_machine_has_no_limit_of_stripes() -> None:
    told = Settings(stripe_calls_per_s=400, stripe_api_base="http://127.0.0.1:12111")
    assert rate_limits(told).endpoint_per_s == 400


def test_a_clock_that_differs_is_measured_and_warned_of_once_until_it_is_right_again(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    metrics = Metrics()
    told = clock_watched(metrics)
    for off_s in (0.2, -4.9, -5.1, -7.0, 0.0, 3600.0):
        told(off_s)
    assert metrics.registry.get_sample_value("chargechase_clock_off_seconds") == 3600
    said = [(line["event"], line["level"], line["seconds"]) for line in lines()]
    assert said == [("clock_differs", "warning", -5.1), ("clock_differs", "warning", 3600.0)]


def test_an_unknown_code_is_counted_and_named(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    metrics = Metrics()
    happened = unknown_codes_told(metrics)
    happened((refused("brand_new_code"), refused("insufficient_funds")))
    ours = declined("newer_still", "ch_2")
    happened((e.AttemptDeclined(at=MONDAY, number=1, failure=ours, family=DeclineFamily.UNKNOWN),))
    assert counted(metrics) == 2
    named = [line["decline_code"] for line in lines()]
    assert named == ["brand_new_code", "newer_still"]


async def test_a_decline_is_heard_of_when_it_is_recorded_and_only_then() -> None:
    metrics, bakery = Metrics(), await Bakery().opens()
    cases = Cases(
        open_uow=bakery.cases.open_uow,
        clock=bakery.cases.clock,
        happened=unknown_codes_told(metrics),
    )
    failure = replace(declined(charge="ch_9"), decline=a_decline("brand_new_code"))
    heard = c.RecordDecline(failure=failure, by=e.Payer.STRIPE)
    await cases.change(bakery.ref, heard)
    await cases.change(bakery.ref, heard)
    assert counted(metrics) == 1
