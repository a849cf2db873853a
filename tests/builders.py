"""Things as stories need them: each builder has a sensible default for what a test does not say."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from domain.decline import Decline, DeclineFamily
from domain.invoice import Card, Customer, FailedCharge, Invoice, InvoiceStatus
from domain.network import CardUse
from domain.policy import FixedWaits, Plan, Policy, Step, Template, balanced
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.basis import Basis, Circumstances
from domain.recovery.case import RecoveryCase, evolve, replay
from domain.recovery.decide import decide
from domain.timing.knowledge import Knowledge

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
    """A merchant in Berlin with fixed waits, so that a story can tell its days: charges 2, 4 and 6
    days after each decline (1, 2 and 4 where the issuer stumbled), three messages, two weeks."""
    berlin = replace(
        balanced("Europe/Berlin"), name="berlin", plans=plans_of_berlin(), window=14 * DAY
    )
    return replace(berlin, **{"card_day_limit": 1, **changes})


def a_basis(policy: Policy | None = None, **around: Any) -> Basis:
    """What a decision rests on: the merchant in Berlin, nothing learned, nothing special around."""
    knowledge = Knowledge()
    return Basis(policy=policy or a_policy(), knowledge=knowledge, around=Circumstances(**around))


def plans_of_berlin() -> dict[DeclineFamily, Plan]:
    """One charge a step and one message a step, none of them weighed."""
    slow, soon = (FixedWaits(waits=tuple(n * DAY for n in days)) for days in ((2, 4, 6), (1, 2, 4)))
    told = a_campaign(Template.PAYMENT_FAILED, DAY, 5 * DAY, 10 * DAY)
    told_later = a_campaign(Template.PAYMENT_FAILED, 2 * DAY, 6 * DAY, 10 * DAY)
    asked = Plan(campaign=a_campaign(Template.UPDATE_CARD, HOUR, 4 * DAY, 9 * DAY))
    return {
        DeclineFamily.FUNDS: Plan(retries=slow, campaign=told),
        DeclineFamily.TEMPORARY: Plan(retries=soon, campaign=told_later),
        DeclineFamily.UNKNOWN: Plan(retries=slow, campaign=told),
        DeclineFamily.NEEDS_NEW_CARD: asked,
        DeclineFamily.NEEDS_NEW_DETAILS: asked,
        DeclineFamily.NEEDS_AUTHENTICATION: Plan(
            campaign=a_campaign(Template.AUTHENTICATE, HOUR, 4 * DAY, 9 * DAY)
        ),
        DeclineFamily.NEVER: asked,
        DeclineFamily.CHECK: Plan(),
    }


def a_campaign(template: Template, *waits: timedelta) -> tuple[Step, ...]:
    """The same message after each of these waits since the case opened."""
    return tuple(Step(template=template, after=wait) for wait in waits)


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
        events = decide(replay(history), command, a_basis(policy), now)
        assert events, f"nothing came of {command}"
        history += events
    return history


def a_case(*more: e.Event, of: Iterable[e.Event] | None = None) -> RecoveryCase:
    """A case that waits for its first retry, and then whatever else happened."""
    case = replay(of if of is not None else after(to_open()))
    for event in more:
        case = evolve(case, event)
    return case
