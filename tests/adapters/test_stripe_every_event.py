"""Given a case, when an event of any type comes in any shape, then this happens to it."""

from typing import Any

import pytest
from msgspec.structs import replace

from adapters.stripe.event_types import IDLE, NEEDED, READERS, SHOWN, WELCOME
from adapters.stripe.events import StripeEventReader, read_envelope
from adapters.stripe.thin_events import ANSWERS
from application.ports.stores import EventRef
from application.use_cases.process_event import ProcessEvent
from domain.decline import DeclineFamily
from domain.policy import Plan, Template
from domain.recovery import events as e
from domain.recovery.signals import InvoiceNews, InvoiceSignal, SubscriptionPaused
from tests.adapters.stripe_samples import held_against_the_specification
from tests.application.bakery import Bakery
from tests.builders import ACCOUNT, DAY, a_campaign, a_policy, plans_of_berlin
from tests.stripe_events import BILL, PAID, ROWS, Row, thin
from tests.stripe_shapes import OLD

FOLLOWS = ("attempt_planned", "reminder_planned", "customer_asked")
PAID_NEWS = InvoiceSignal(invoice_id="in_1", news=InvoiceNews.PAID, paid_minor=29_00)


async def given(row: Row) -> Bakery:
    """The case as it stood, and Stripe as it stands now."""
    bills = Plan(campaign=a_campaign(Template.INVOICE_OVERDUE, DAY))
    policy = a_policy(plans={**plans_of_berlin(), DeclineFamily.OUTSTANDING: bills})
    bakery = await Bakery(policy).opens(**({} if row.opens else BILL))
    if row.after_payment:
        await bakery.hears(PAID_NEWS)
    if row.paused:
        await bakery.hears(SubscriptionPaused(subscription_id="sub_bread"))
    stands = {**(PAID if row.after_payment else {}), **row.bank}
    bakery.shows(replace(await bakery.shown(), **stands))
    bakery.payments.knows_payment(ACCOUNT, "pi_1", "in_1")
    for kind, body in {row.subject["object"]: row.subject, **row.shows}.items():
        if "id" in body:
            bakery.payments.shows(ACCOUNT, kind, dict(body))
    return bakery


async def hear(bakery: Bakery, raw: bytes) -> tuple[str, ...]:
    """What happened to the case; what follows from it by the policy is left out."""
    before = len(bakery.history())
    ref = EventRef(bakery.merchant_id, ACCOUNT, read_envelope(raw).event_id)
    await bakery.keeps_raw(raw)
    process = ProcessEvent(
        cases=bakery.cases,
        inbox=bakery.inbox,
        events=StripeEventReader(),
        payments=bakery.payments,
    )
    await process(ref)
    assert await bakery.inbox.read(ref) is None, "it is handled"
    return tuple(str(one.__struct_config__.tag) for one in bakery.history()[before:])


def told(happened: tuple[str, ...], row: Row) -> tuple[str, ...]:
    """Without what the policy makes of it, unless that is all that was expected."""
    return tuple(tag for tag in happened if tag in row.happens or tag not in FOLLOWS)


SNAPSHOTS = [
    pytest.param(row, version, id=f"{row.type}-{version}")
    for row in ROWS
    for version in row.versions
]
THIN = [pytest.param(row, id=row.type) for row in ROWS if row.type in ANSWERS]


@pytest.mark.parametrize(("row", "version"), SNAPSHOTS)
async def test_a_snapshot_event_does_to_a_case_what_its_type_says(row: Row, version: str) -> None:
    bakery = await given(row)
    assert told(await hear(bakery, row.snapshot(version)), row) == row.happens
    assert works(bakery) == row.works


@pytest.mark.parametrize("row", THIN)
async def test_a_thin_event_does_the_same(row: Row) -> None:
    bakery = await given(row)
    assert told(await hear(bakery, row.thin()), row) == row.happens
    assert works(bakery) == row.works


@pytest.mark.parametrize(("row", "version"), SNAPSHOTS)
async def test_whoever_hears_it_twice_does_it_once(row: Row, version: str) -> None:
    bakery = await given(row)
    raw = row.snapshot(version)
    await hear(bakery, raw)
    again = raw.replace(b"evt_snapshot", b"evt_again")
    assert await hear(bakery, again) == ()


@pytest.mark.parametrize(("row", "version"), SNAPSHOTS)
def test_what_the_fixtures_say_stripe_can_say(row: Row, version: str) -> None:
    held_against_the_specification(row.type, row.body(version), old=version == OLD)


def works(bakery: Bakery) -> tuple[str, ...]:
    return tuple(ref.kind.value for ref in bakery.world.chores)


def test_each_type_that_is_read_has_its_row() -> None:
    assert {row.type for row in ROWS} == set(READERS) - set(SHOWN)


def test_each_type_has_one_place() -> None:
    assert not set(NEEDED) & set(WELCOME)
    assert not set(IDLE) & set(READERS)
    assert set(ANSWERS) >= set(READERS) - set(SHOWN) - {
        "customer.source.created",
        "customer.source.updated",
        "customer.source.deleted",
        "invoice.upcoming",
        "payment_method.card_automatically_updated",
        "payment_method.detached",
    }, "Stripe has no thin twin of these, or one that says too little"


@pytest.mark.parametrize("kind", sorted(IDLE))
async def test_an_event_that_is_none_of_ours_changes_nothing(kind: str) -> None:
    row = Row(type=kind, subject={"id": "x_1", "object": "thing"})
    bakery = await given(row)
    for version in row.versions:
        assert (
            await hear(bakery, row.snapshot(version).replace(b"evt_snapshot", version.encode()))
            == ()
        )


@pytest.mark.parametrize(
    ("name", "object_id", "happens"),
    [
        ("customer.subscription.incomplete_expired", "sub_bread", ("case_stopped",)),
        ("customer.subscription.default_payment_method_changed", "sub_bread", ()),
        ("customer.subscription.past_due", "sub_bread", ()),
    ],
)
async def test_thin_events_that_have_no_snapshot(
    name: str, object_id: str, happens: tuple[str, ...]
) -> None:
    bakery = await Bakery().opens()
    assert await hear(bakery, thin(name, object_id, "subscription")) == happens


async def test_another_card_of_a_subscription_is_charged_at_once() -> None:
    row = next(row for row in ROWS if row.type == "customer.updated")
    bakery = await given(row)
    name = "customer.subscription.default_payment_method_changed"
    happened = await hear(bakery, thin(name, "sub_bread", "subscription"))
    assert happened[0] == "card_replaced"
    assert bakery.case().next_attempt_at == bakery.now


async def test_a_notice_about_an_invoice_without_a_case_stands_in_the_audit_log() -> None:
    row = next(row for row in ROWS if row.type == "invoice.finalization_failed")
    bakery = await Bakery().opens()
    failed: dict[str, Any] = {
        **row.subject,
        "id": "in_draft",
        "last_finalization_error": {"code": "tax_id_invalid", "type": "invalid_request_error"},
    }
    await hear(bakery, Row(type=row.type, subject=failed).snapshot(OLD))
    entry = next(x for x in bakery.world.audit.values() if x.subject == "invoice:in_draft")
    assert (entry.action, entry.actor) == ("invoice_not_finalized", "stripe:evt_snapshot")
    assert entry.after["detail"] == "tax_id_invalid"


async def test_money_that_came_too_much_is_known_by_its_amount() -> None:
    row = next(row for row in ROWS if row.type == "invoice.overpaid")
    bakery = await given(row)
    await hear(bakery, row.snapshot(row.versions[0]))
    last = bakery.history()[-1]
    assert isinstance(last, e.MoneyOverpaid)
    assert last.amount_minor == 29_00
