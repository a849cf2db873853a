"""`chargechase report lift`: what came back because of us, in sentences and numbers."""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from adapters.postgres.lift import PostgresLiftPages
from application.errors import NotFound
from application.lift_view import Comparison, LiftReport, MoneyLift
from application.use_cases.report_lift import ReportLift
from domain.attribution import Lift, Split, Verdict
from domain.money import Money
from wiring.composition import ground
from wiring.settings import Settings
from wiring.starting import refusals_told
from wiring.terminal import Terminal

OK, FAILED = 0, 1

SENTENCES: Final = {
    Verdict.NO_COMPARISON: "Nothing to compare with yet.",
    Verdict.TOO_EARLY: "Too early to tell: fewer than ten customers in a group.",
    Verdict.UNDECIDED: "Too early to tell: no difference is still possible.",
    Verdict.MORE: "More comes back.",
    Verdict.LESS: "Less comes back.",
}


async def report_lift(settings: Settings, options: argparse.Namespace) -> int:
    """Exit code 1 if there is no such merchant."""
    terminal = Terminal(sys.stderr)
    with refusals_told():
        async with ground(settings, app_connections=1) as here:
            report = ReportLift(pages=PostgresLiftPages(here.pools.app))
            try:
                found = await report(
                    options.merchant,
                    here.clock(),
                    lambda read: terminal.step(f"{read} paid cases read"),
                )
            except NotFound:
                terminal.say(f"chargechase: there is no merchant {options.merchant}")
                return FAILED
            finally:
                terminal.clear()
    print(json.dumps(msgspec.to_builtins(found)) if options.json else "\n".join(told(found)))
    return OK


def told(report: LiftReport) -> Iterator[str]:
    """The report line by line."""
    versions = ", ".join(map(str, report.versions))
    yield f"Policy {report.policy}, versions {versions}; {report.hold_out_percent} % held out."
    yield f"Compared are cases that opened {report.horizon_days:g} days ago or earlier."
    for one in (report.treated, *report.arms):
        yield ""
        yield from _comparison(one)
    for split in report.credit:
        yield ""
        yield from _credit(split)


def _comparison(one: Comparison) -> Iterator[str]:
    yield f"{_named(one.lot)} against {_named(one.against)}"
    yield f"  Customers who paid: {_lift(one.customers)}"
    for money in one.money:
        yield f"  Money in {money.currency.upper()}: {_lift(money.lift)}"
        yield from _worth(money)


def _named(lot: str) -> str:
    return lot.replace("_", " ")


def _lift(lift: Lift) -> str:
    numbers = (
        f"{lift.treated_percent:.1f} % of {lift.treated} against "
        f"{lift.control_percent:.1f} % of {lift.control}"
    )
    if lift.verdict in (Verdict.NO_COMPARISON, Verdict.TOO_EARLY):
        return f"{numbers}. {SENTENCES[lift.verdict]}"
    points = f"{lift.points:+.1f} points (95 % sure: {lift.low:+.1f} to {lift.high:+.1f})"
    return f"{numbers}: {points}. {SENTENCES[lift.verdict]}"


def _worth(money: MoneyLift) -> Iterator[str]:
    if money.lift.verdict in (Verdict.NO_COMPARISON, Verdict.TOO_EARLY):
        return
    worth = money.extra
    amounts: list[Any] = [
        _amount(minor, money.currency)
        for minor in (worth.extra_minor, worth.low_minor, worth.high_minor, worth.at_risk_minor)
    ]
    yield "    worth {} (from {} to {}) of {} at risk".format(*amounts)


def _credit(split: Split) -> Iterator[str]:
    total = _amount(split.total_minor, split.currency)
    cases = "1 case" if split.cases == 1 else f"{split.cases} cases"
    yield f"{total} came and stayed, from {cases}"
    parts = {
        "our retry": split.our_retry_minor,
        "customer, through our link": split.customer_link_minor,
        "Stripe's retry": split.stripe_retry_minor,
        "would have paid anyway": split.would_have_paid_minor,
    }
    for name, minor in parts.items():
        yield f"  {name:28}{_amount(minor, split.currency):>20}"
    if split.estimated_minor is None:
        yield "  How much of ours would have come anyway is not known without a hold-out."
    else:
        estimated = _amount(split.estimated_minor, split.currency)
        yield f"  Of the last, {estimated} is taken from ours, by what the held out paid."


def _amount(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).to_decimal()} {currency.upper()}"
