"""ProcessEvent: an event has its effect once, in any order, whatever it is about."""

import asyncio
import dataclasses
from itertools import permutations

import pytest
from msgspec.structs import replace

from application.case_ids import case_id_for, origin_of
from application.ports.chores import ChoreKind
from application.ports.payments import Shown, StripeEvents, StripeUnavailable, Untold
from application.ports.stores import EventRef
from domain.invoice import InvoiceStatus
from domain.recovery import events as e
from domain.recovery.signals import (
    AccountChanged,
    CustomerSignal,
    Disconnected,
    InvoiceNews,
    InvoiceSignal,
    MandateEnded,
    Notice,
    NoticeKind,
    Origin,
    PaymentSignal,
    Signal,
    SubscriptionEnded,
)
from tests.application.bakery import FAILED, Bakery
from tests.builders import ACCOUNT, MONDAY, NEW_VISA, a_paid_invoice, an_invoice, declined

PAID = InvoiceSignal(invoice_id="in_1", news=InvoiceNews.PAID, paid_minor=29_00)
AUTHENTICATE = InvoiceSignal(invoice_id="in_1", news=InvoiceNews.NEEDS_AUTHENTICATION)


async def test_a_failure_opens_the_case_schedules_what_is_next_and_keeps_the_customer() -> None:
    bakery = await Bakery().opens()
    assert bakery.case().phase.value == "waiting"
    assert await bakery.due() is not None
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        customer = await uow.customers.find(ACCOUNT, "cus_anna")
    assert customer is not None
    assert customer.email == "anna@example.com"


async def test_every_change_leaves_one_audit_row_with_its_cause() -> None:
    bakery = await Bakery().opens()
    await bakery.hears(PAID)
    entries = [x for x in bakery.world.audit.values() if x.subject.startswith("case:")]
    assert [entry.actor for entry in entries] == ["stripe:evt_1", "stripe:evt_2"]
    assert entries[1].action == "case_recovered"
    assert (entries[1].before["phase"], entries[1].after["phase"]) == ("waiting", "recovered")


async def test_a_job_that_comes_fifty_times_has_one_effect() -> None:
    bakery = await Bakery().opens()
    ref = await bakery.keeps(PAID)
    await asyncio.gather(*(bakery.process(ref) for _ in range(50)))
    assert bakery.kinds().count(e.CaseRecovered) == 1
    assert await bakery.inbox.read(ref) is None


async def test_an_event_that_nobody_kept_is_nothing() -> None:
    bakery = await Bakery().opens()
    before = bakery.history()
    await bakery.process(EventRef(bakery.merchant_id, ACCOUNT, "evt_unknown"))
    assert bakery.history() == before


async def test_an_event_is_not_handled_while_stripe_cannot_be_read() -> None:
    bakery = await Bakery().opens()
    ref = await bakery.keeps(FAILED)
    bakery.payments.is_down = True
    with pytest.raises(StripeUnavailable):
        await bakery.process(ref)
    assert await bakery.inbox.read(ref) is not None
    bakery.payments.is_down = False
    await bakery.process(ref)
    assert await bakery.inbox.read(ref) is None


@pytest.mark.parametrize(
    ("key", "requested", "outside", "by", "attempt"),
    [
        ("cc:{case}:3", True, False, e.Payer.CHARGECHASE, 3),
        ("cc:{case}:take-over", True, False, e.Payer.STRIPE, None),
        ("cc:another:1", True, False, e.Payer.STRIPE, None),
        ("d9e2-a-key-of-somebody", True, False, e.Payer.MERCHANT, None),
        (None, True, False, e.Payer.CUSTOMER, None),
        (None, True, True, e.Payer.MERCHANT, None),
        (None, False, False, e.Payer.STRIPE, None),
    ],
)
def test_who_caused_an_event_is_told_by_its_request(
    key: str | None, requested: bool, outside: bool, by: e.Payer, attempt: int | None
) -> None:
    case_id = case_id_for(ACCOUNT, "in_1")
    signal = InvoiceSignal(
        invoice_id="in_1",
        news=InvoiceNews.PAID,
        idempotency_key=key.format(case=case_id) if key else None,
        requested=requested,
        outside_stripe=outside,
        occurred_at=MONDAY,
    )
    assert origin_of(signal, case_id) == Origin(by=by, attempt=attempt, at=MONDAY)


async def test_a_payment_of_somebody_who_owes_nothing_costs_no_question() -> None:
    bakery = await Bakery().opens()
    bakery.payments.is_down = True
    for customer in ("cus_bob", "cus_carla"):
        paid = PaymentSignal(
            news=InvoiceNews.CHANGED, payment_intent_id="pi_9", customer_id=customer
        )
        ref = await bakery.hears(paid)
        assert await bakery.inbox.read(ref) is None


async def test_a_refused_payment_for_no_invoice_is_nothing() -> None:
    bakery = await Bakery().opens()
    before = bakery.history()
    refused = PaymentSignal(news=InvoiceNews.FAILED, payment_intent_id="pi_9", charge_id="ch_9")
    await bakery.hears(refused)
    await bakery.hears(replace(refused, payment_intent_id=None))
    assert bakery.history() == before


async def test_a_refusal_that_is_known_is_not_asked_about_again() -> None:
    bakery = await Bakery().opens()
    (known,) = bakery.case().seen_charges
    bakery.payments.is_down = True
    refused = PaymentSignal(news=InvoiceNews.FAILED, invoice_id="in_1", charge_id=known)
    ref = await bakery.hears(refused)
    assert await bakery.inbox.read(ref) is None


async def test_a_refused_payment_opens_the_case_of_its_invoice() -> None:
    bakery = await Bakery().opens(status=InvoiceStatus.PAID)
    bakery.shows(an_invoice())
    assert bakery.history() == ()
    bakery.payments.knows_payment(ACCOUNT, "pi_1", "in_1")
    refused = PaymentSignal(news=InvoiceNews.FAILED, payment_intent_id="pi_1", charge_id="ch_1")
    await bakery.hears(refused)
    assert bakery.case().phase.value == "waiting"


class Pointing(StripeEvents):
    """Events that only name a thing, and things that name the next, this often."""

    def __init__(self, often: int) -> None:
        self.often = often

    def signal(self, raw: bytes, shown: Shown | None = None) -> Signal | Untold | None:
        self.often -= 1
        if self.often < 0:
            return FAILED
        return Untold(kind="charge", object_id="ch_1", read_as="x")


async def test_a_thing_that_an_event_only_names_is_read_and_if_it_is_gone_so_is_the_news() -> None:
    bakery = await Bakery().opens()
    process = dataclasses.replace(bakery.process, events=Pointing(often=1))
    ref = await bakery.keeps(None)
    before = bakery.history()
    await process(ref)
    assert bakery.history() == before
    assert await bakery.inbox.read(ref) is None


async def test_things_that_lead_to_one_another_without_end_are_a_bug() -> None:
    bakery = await Bakery().opens()
    bakery.payments.shows(ACCOUNT, "charge", {"id": "ch_1"})
    ref = await bakery.keeps(None)
    with pytest.raises(RuntimeError):
        await dataclasses.replace(bakery.process, events=Pointing(often=9))(ref)
    await dataclasses.replace(bakery.process, events=Pointing(often=2))(ref)
    assert await bakery.inbox.read(ref) is None


async def test_an_account_that_leaves_has_no_chores_any_more() -> None:
    bakery = await Bakery().opens()
    await bakery.hears(AccountChanged())
    (chore,) = bakery.world.chores
    assert (chore.account, chore.kind) == (ACCOUNT, ChoreKind.PREFLIGHT)
    await bakery.hears(Disconnected())
    async with bakery.cases.open_uow(bakery.merchant_id) as uow:
        (stopped,) = await uow.chores.of_account(ACCOUNT)
    assert stopped.finished_at is not None


async def test_an_overpayment_is_written_down_once_however_often_it_is_told() -> None:
    bakery = await Bakery().opens()
    overpaid = Notice(kind=NoticeKind.OVERPAID, invoice_id="in_1", amount_minor=29_00)
    for signal in (overpaid, PAID, overpaid):
        await bakery.hears(signal)
    assert bakery.kinds().count(e.MoneyOverpaid) == 1
    assert bakery.case().overpaid_minor == 29_00


async def test_a_subscription_whose_invoice_was_paid_is_no_reason_to_stop() -> None:
    bakery = await Bakery().opens()
    bakery.shows(a_paid_invoice(MONDAY, last_failure=None))
    await bakery.hears_all(SubscriptionEnded(subscription_id="sub_bread"), PAID)
    assert bakery.case().phase.value == "recovered"


async def test_a_customer_who_is_asked_for_another_method_already_is_not_asked_twice() -> None:
    bakery = await Bakery().opens(last_failure=declined("expired_card", "ch_first"))
    before = bakery.history()
    ended = MandateEnded(payment_method_id="pm_old", customer_id="cus_anna")
    await bakery.hears(ended)
    await bakery.hears(replace(ended, payment_method_id="pm_other"))
    await bakery.hears(replace(ended, customer_id=None))
    assert bakery.history() == before


@pytest.mark.parametrize("order", list(permutations([FAILED, FAILED, PAID, AUTHENTICATE])))
async def test_the_order_of_events_makes_no_difference(order: tuple[Signal, ...]) -> None:
    bakery = await Bakery().opens()
    paid = replace(
        await bakery.shown(),
        status=InvoiceStatus.PAID,
        amount_remaining_minor=0,
        amount_paid_minor=29_00,
    )
    bakery.shows(paid)
    for signal in order:
        await bakery.hears(signal)
    assert bakery.case().phase.value == "recovered"
    assert bakery.case().recovered_minor == 29_00


async def test_a_bank_that_wants_to_see_the_customer() -> None:
    bakery = await Bakery().opens()
    bakery.shows(replace(await bakery.shown(), needs_authentication=True))
    await bakery.hears(AUTHENTICATE)
    assert bakery.case().ask is e.Ask.AUTHENTICATION


@pytest.mark.parametrize("signal", [FAILED, CustomerSignal(customer_id="cus_anna")])
async def test_an_invoice_that_stripe_forgot_ends_the_case(signal: Signal) -> None:
    bakery = await Bakery().opens()
    bakery.payments.forget_everything()
    await bakery.hears(signal)
    assert bakery.case().phase.value == "stopped"


async def test_news_of_a_customers_cards_brings_every_open_case_of_theirs_up_to_date() -> None:
    bakery = await Bakery().opens(last_failure=declined("expired_card", "ch_first"))
    bakery.payments.put(
        ACCOUNT,
        an_invoice(invoice_id="in_2", last_failure=declined("lost_card", "ch_second")),
    )
    await bakery.hears(InvoiceSignal(invoice_id="in_2", news=InvoiceNews.FAILED))
    for invoice_id in ("in_1", "in_2"):
        bakery.payments.put(
            ACCOUNT, an_invoice(invoice_id=invoice_id, card=NEW_VISA, last_failure=None)
        )
    await bakery.hears(CustomerSignal(customer_id="cus_anna"))
    for held in bakery.world.cases.values():
        assert held.state.card == NEW_VISA
        assert held.state.next_attempt_at == bakery.now


async def test_a_customer_who_took_the_card_away_is_not_charged() -> None:
    bakery = await Bakery().opens()
    before = bakery.history()
    bakery.shows(replace(await bakery.shown(), card=None))
    await bakery.hears(CustomerSignal(customer_id="cus_anna"))
    assert bakery.history() == before
    await bakery.does_what_is_next()
    await bakery.does_what_is_next()
    assert bakery.payments.charges == []
    assert bakery.case().ask is e.Ask.CARD
