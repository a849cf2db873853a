"""Things as stories need them: each builder has a sensible default for what a test does not say."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from domain.decline import Decline
from domain.invoice import Card, Customer, FailedCharge, Invoice, InvoiceStatus
from domain.network import CardUse
from domain.policy import Policy, balanced
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.case import RecoveryCase, evolve, replay
from domain.recovery.decide import decide

# A Monday, eleven in Berlin: past the hour for charges, within the hours for mail.
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ACCOUNT = "acct_bakery"

OLD_VISA = Card(
    payment_method="pm_old", fingerprint="fp_old", brand="visa", last4="4242", funding="credit"
)
NEW_VISA = Card(payment_method="pm_new", fingerprint="fp_new", brand="visa", last4="1881")


def a_policy(**changes: Any) -> Policy:
    """The preset of a merchant in Berlin."""
    return replace(balanced("Europe/Berlin"), **changes)


def a_customer(**changes: Any) -> Customer:
    """Someone who can be written to."""
    anna = Customer(customer_id="cus_anna", email="anna@example.com", name="Anna", locale="de")
    return replace(anna, **changes)


def a_decline(decline_code: str = "insufficient_funds", **said: Any) -> Decline:
    """What the bank said."""
    return Decline(**{"code": "card_declined", "decline_code": decline_code, **said})


def declined(
    decline_code: str = "insufficient_funds", charge: str = "ch_1", **changes: Any
) -> FailedCharge:
    """A refused charge of 29 euros on the old Visa."""
    failure = FailedCharge(
        charge_id=charge,
        at=MONDAY,
        amount_minor=29_00,
        decline=a_decline(decline_code),
        card=OLD_VISA,
    )
    return replace(failure, **changes)


def an_invoice(**changes: Any) -> Invoice:
    """An open invoice of 29 euros whose first charge failed for lack of money."""
    invoice = Invoice(
        invoice_id="in_1",
        status=InvoiceStatus.OPEN,
        amount_remaining_minor=29_00,
        amount_paid_minor=0,
        currency="eur",
        number="BREAD-0001",
        customer=a_customer(),
        subscription_id="sub_bread",
        billing_reason="subscription_cycle",
        card=OLD_VISA,
        last_failure=declined(),
    )
    return replace(invoice, **changes)


def a_paid_invoice(paid_at: datetime, **changes: Any) -> Invoice:
    """The same invoice, paid."""
    paid = an_invoice(
        status=InvoiceStatus.PAID,
        amount_remaining_minor=0,
        amount_paid_minor=29_00,
        paid_at=paid_at,
    )
    return replace(paid, **changes)


def to_open(**changes: Any) -> c.OpenCase:
    """The command that takes an invoice up."""
    return c.OpenCase(account=ACCOUNT, invoice=an_invoice(**changes))


def to_begin(number: int = 1, use: CardUse | None = None, **changes: Any) -> c.BeginAttempt:
    """The command that begins an attempt on what Stripe shows."""
    return c.BeginAttempt(number=number, invoice=an_invoice(**changes), use=use or CardUse())


def after(
    *told: c.Command | tuple[datetime, c.Command], policy: Policy | None = None
) -> tuple[e.Event, ...]:
    """The history of a case that was told all this; a command without an instant comes on Monday.

    Any command that has no effect is an error in the story.
    """
    history: tuple[e.Event, ...] = ()
    for entry in told:
        now, command = entry if isinstance(entry, tuple) else (MONDAY, entry)
        events = decide(replay(history), command, policy or a_policy(), now)
        assert events, f"nothing came of {command}"
        history += events
    return history


def a_case(*more: e.Event, of: Iterable[e.Event] | None = None) -> RecoveryCase:
    """A case that waits for its first retry, and then whatever else happened."""
    case = replay(of if of is not None else after(to_open()))
    for event in more:
        case = evolve(case, event)
    return case
