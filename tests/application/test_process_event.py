"""ProcessEvent: an event has its effect once, in any order, whatever it is about."""

import asyncio
from itertools import permutations

import pytest
from msgspec.structs import replace

from application.ports.payments import StripeUnavailable
from application.ports.stores import EventRef
from domain.invoice import InvoiceStatus
from domain.recovery import events as e
from domain.recovery.signals import CustomerSignal, InvoiceNews, InvoiceSignal, Signal
from tests.application.bakery import FAILED, Bakery
from tests.builders import ACCOUNT, NEW_VISA, an_invoice, declined

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
