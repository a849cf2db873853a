"""One history of events, in any order, doubled, days late: the case ends in the same state."""

import asyncio
import contextlib
import dataclasses
import json
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from adapters.stripe.events import StripeEventReader
from application.errors import Unavailable
from domain.invoice import Invoice, InvoiceStatus
from domain.policy.shapes import StripeRetries
from domain.recovery import events as e
from tests.application.bakery import Bakery
from tests.builders import ACCOUNT, DAY, HOUR, MONDAY, NEW_VISA, OLD_VISA, a_policy, declined
from tests.stripe_shapes import NEW, OLD, event

LATEST = timedelta(days=2, hours=15)  # so that nothing comes more than three days late
AT_LAST = None  # in place of an event's number: what waits is tried once more
SOMEBODY = {
    "stripe": {"id": None, "idempotency_key": None},
    "customer": {"id": "req_1", "idempotency_key": None},
    "merchant": {"id": "req_2", "idempotency_key": "a-key-of-the-dashboard"},
}


Deliveries = tuple[tuple[datetime, int], ...]  # when, and which event by its number


class Told(Struct, frozen=True, kw_only=True):
    """An event: which, about what, when, and whose doing."""

    kind: str
    subject: dict[str, Any]
    at: datetime
    by: str = "stripe"
    before: dict[str, Any] | None = None
    version: str = NEW

    def raw(self, number: int) -> bytes:
        """As it is delivered, every time alike."""
        data: dict[str, Any] = {"object": self.subject}
        if self.before is not None:
            data["previous_attributes"] = self.before
        return event(
            self.kind, self.subject, data=data, id=f"evt_told_{number}",
            created=int(self.at.timestamp()), request=SOMEBODY[self.by], api_version=self.version,
        )  # fmt: skip


class History(Struct, frozen=True, kw_only=True):
    """How Stripe stands in the end, and all that it tells of the way there."""

    invoice: dict[str, Any]
    charge: dict[str, Any]
    subscription: dict[str, Any]
    told: tuple[Told, ...]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A second refusal, perhaps; another card, perhaps; an end, perhaps; and what follows it."""
    invoice: dict[str, Any] = {}
    told: list[Told] = []
    version = draw(st.sampled_from((OLD, NEW)))
    named = {"invoice": "in_1"} if version == OLD else {}
    intent = {"id": "pi_1", "customer": "cus_anna", **named}
    charge = {
        "id": "ch_paid", "customer": "cus_anna", "payment_intent": "pi_1", "amount_refunded": 0,
        **named,
    }  # fmt: skip
    subscription: dict[str, Any] = {"id": "sub_bread", "status": "active"}

    def tell(kind: str, subject: dict[str, Any], at: datetime, **more: Any) -> None:
        told.append(Told(kind=kind, subject=subject, at=at, version=version, **more))

    if draw(st.booleans()):
        at, by = MONDAY + HOUR, draw(st.sampled_from(sorted(SOMEBODY)))
        invoice["last_failure"] = declined(charge="ch_2", at=at, card=OLD_VISA)
        tell("invoice.payment_failed", {"id": "in_1"}, at, by=by)
        tell("payment_intent.payment_failed", {**intent, "latest_charge": "ch_2"}, at, by=by)
        tell("charge.failed", {**charge, "id": "ch_2"}, at, by=by)
    if draw(st.booleans()):
        at = MONDAY + 2 * HOUR
        invoice["card"] = NEW_VISA
        tell("payment_method.attached", {"id": "pm_new", "customer": "cus_anna"}, at)
        tell("customer.updated", {"id": "cus_anna"}, at, before={"invoice_settings": {}})
    if draw(st.booleans()):
        at = MONDAY + 3 * HOUR
        on = {"pause_collection": {"behavior": "void"}}
        tell("customer.subscription.paused", {**subscription, "status": "paused"}, at)
        tell("customer.subscription.updated", {**subscription, **on}, at,
             before={"pause_collection": None})  # fmt: skip
        if draw(st.booleans()):
            tell("customer.subscription.resumed", subscription, at + HOUR / 2)
        else:
            subscription |= on
    ends = draw(st.sampled_from(("paid", "open", "paid", "void", "uncollectible")))
    if ends == "paid":
        _paid(draw, invoice, charge, intent, tell)
    elif ends != "open":
        kind = {"void": "voided", "uncollectible": "marked_uncollectible"}[ends]
        invoice["status"] = InvoiceStatus(ends)
        tell(f"invoice.{kind}", {"id": "in_1"}, MONDAY + 4 * HOUR, by="merchant")
    if draw(st.booleans()):
        at, left = MONDAY + 7 * HOUR, draw(st.sampled_from(("sub", "customer", "warned")))
        if left == "sub":
            subscription["status"] = "canceled"
            tell("customer.subscription.deleted", subscription, at)
            before = {"status": "active"}
            tell("customer.subscription.updated", subscription, at, before=before)
        elif left == "customer":
            tell("customer.deleted", {"id": "cus_anna"}, at)
        else:
            warning = {"id": "w_1", "charge": "ch_paid", "payment_intent": "pi_1"}
            tell("radar.early_fraud_warning.created", warning, at)
    return History(invoice=invoice, charge=charge, subscription=subscription, told=tuple(told))


def _paid(
    draw: st.DrawFn,
    invoice: dict[str, Any],
    charge: dict[str, Any],
    intent: dict[str, Any],
    tell: Any,
) -> None:
    """Paid by somebody; and then, perhaps, some of it goes back."""
    at, by = MONDAY + 4 * HOUR, draw(st.sampled_from(sorted(SOMEBODY)))
    invoice.update(
        status=InvoiceStatus.PAID, amount_remaining_minor=0, amount_paid_minor=29_00, paid_at=at,
        last_failure=None,
    )  # fmt: skip
    body = {"id": "in_1", "amount_paid": 2900, "amount_due": 2900}
    tell("invoice.paid", body, at, by=by)
    tell("invoice.updated", body, at, by=by, before={"amount_remaining": 2900})
    tell("invoice_payment.paid", {"invoice": "in_1"}, at, by=by)
    tell("payment_intent.succeeded", intent, at, by=by)
    if draw(st.booleans()):
        charge["amount_refunded"] = draw(st.sampled_from((10_00, 29_00)))
        tell("charge.refunded", charge, at + HOUR, by="merchant")
        tell("refund.created", {"id": "re_1", "charge": "ch_paid"}, at + HOUR, by="merchant")
        if draw(st.booleans()):
            charge["amount_refunded"] = 0
            tell("refund.failed", {"id": "re_1", "charge": "ch_paid"}, at + 2 * HOUR)
    elif draw(st.booleans()):
        dispute = {"charge": "ch_paid", "payment_intent": "pi_1", "amount": 2900}
        for what, status in (
            ("created", "needs_response"),
            ("funds_withdrawn", "needs_response"),
            ("updated", "under_review"),
        ):
            tell(f"charge.dispute.{what}", {**dispute, "status": status}, at + HOUR)
        if draw(st.booleans()):
            tell("charge.dispute.closed", {**dispute, "status": "won"}, at + 2 * HOUR)
            tell("charge.dispute.funds_reinstated", {**dispute, "status": "won"}, at + 2 * HOUR)
    if draw(st.booleans()):
        tell("invoice.overpaid", {**body, "amount_overpaid": 500}, at)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[History, Deliveries]:
    """A history, and the order in which its events are delivered, each once or twice, the last of
    them up to three days late."""
    history = draw(histories())
    once = range(len(history.told))
    again = draw(st.lists(st.sampled_from(once), max_size=4)) if once else []
    order = draw(st.permutations([*once, *again]))
    apart = draw(st.sampled_from((timedelta(0), HOUR, LATEST / (len(order) or 1))))
    begins_at = MONDAY + 8 * HOUR
    return history, tuple((begins_at + place * apart, one) for place, one in enumerate(order))


async def ends(history: History, times: Deliveries) -> dict[str, Any]:
    """How the case stands when all has been delivered and handled."""
    bakery = await Bakery(a_policy(stripe_retries=StripeRetries.FOLLOW)).opens()
    shown: Invoice = replace(await bakery.shown(), **history.invoice)
    bakery.shows(shown)
    bakery.payments.knows_payment(ACCOUNT, "pi_1", "in_1")
    bakery.payments.shows(ACCOUNT, "charge", history.charge)
    bakery.payments.shows(ACCOUNT, "subscription", history.subscription)
    bakery.payments.shows(ACCOUNT, "refund", {"id": "re_1", "charge": "ch_paid"})
    process = dataclasses.replace(bakery.process, events=StripeEventReader())
    refs = []
    for at, number in (*times, (MONDAY + 8 * DAY, AT_LAST)):
        bakery.now = at
        if number is not AT_LAST:
            refs.append(await bakery.keeps_raw(history.told[number].raw(number)))
        for ref in refs:  # the new one, and those that wait
            with contextlib.suppress(Unavailable):
                await process(ref)
    for ref in refs:
        assert await bakery.inbox.read(ref) is None, "nothing waits for ever"
    return _digest(bakery)


def _digest(bakery: Bakery) -> dict[str, Any]:
    """All of a case but instants, the order of its marks, and whose a refusal was."""
    case, happened = bakery.case(), bakery.history()
    money = {
        "phase": case.phase,
        "paid": case.paid_minor,
        "recovered": case.recovered_minor,
        "refunded": case.refunded_minor,
        "disputed": (case.disputed_minor, case.dispute_won),
        "overpaid": case.overpaid_minor,
        "charges": sorted(case.seen_charges),
        "payer": [x.by for x in happened if isinstance(x, e.CaseRecovered | e.MoneyCameLate)],
        "stopped": [x.reason for x in happened if isinstance(x, e.CaseStopped)],
    }
    if not case.is_open:
        return money
    return {
        **money,
        "amount": case.amount_minor,
        "card": case.card,
        "family": case.family,
        "ask": case.ask,
        "pause": case.pause,
        "planned": case.next_attempt_at is not None,
    }


@settings(max_examples=150, deadline=None)
@given(deliveries())
def test_the_order_of_news_their_doubles_and_delays_change_nothing(
    drawn: tuple[History, Deliveries],
) -> None:
    history, times = drawn
    in_order = tuple((one.at, number) for number, one in enumerate(history.told))
    expected = asyncio.run(ends(history, in_order))
    assert asyncio.run(ends(history, times)) == expected
    assert json.dumps(expected, default=str), "and it can be shown"
